//! Follows a packet through a host's captured firewall and routes, step by step, and says what decides.
//!
//! A [`Network`] is built from facts: interfaces, bridges, routes, settings, listeners, containers, firewall tables of
//! either backend. [`Host::probe`] answers whether a new connection would be delivered: it sends every packet of it,
//! the answers included, through hooks, NAT, routing and bridges as Linux does. What a bundle cannot tell is followed
//! both ways, and the answer is `unknown` when the ways part. [`Host::after`] changes a rule, a setting or a route, so
//! that a fix can be proved.
//!
//! It does no I/O and draws no conclusions about causes. Not followed: fragments, IPsec, multicast, traffic control,
//! ebtables, network drivers other than Docker's bridge.
//!
//! ```
//! use bundlescope_facts::{Address, Fact, FirewallChain, FirewallTable, Listener, Proto, Source};
//! use bundlescope_netfilter::{Flow, From, Network, Verdict};
//!
//! let at = |line| Source::lines("bundle.txt", line, line);
//! let facts = [
//!     Fact::new(at(1), Address {
//!         interface: "eth0".into(),
//!         address: Some("192.0.2.10".parse()?),
//!         prefix: 24,
//!         ..Address::default()
//!     }),
//!     Fact::new(at(2), Listener { proto: Proto::Tcp, address: Some("0.0.0.0".parse()?), port: 5432, ..Listener::default() }),
//!     Fact::new(at(3), FirewallTable { table: "filter".into(), complete: true, ..FirewallTable::default() }),
//!     Fact::new(at(4), FirewallChain {
//!         table: "filter".into(),
//!         chain: "INPUT".into(),
//!         policy: Some("DROP".into()),
//!         ..FirewallChain::default()
//!     }),
//! ];
//! let network = Network::from_facts(&facts);
//! let host = network.host("").ok_or("no host")?;
//! let flow = Flow {
//!     from: From::Outside { address: "192.0.2.77".parse()?, input: Some("eth0".into()) },
//!     proto: Proto::Tcp,
//!     to: "192.0.2.10".parse()?,
//!     port: 5432,
//!     sport: None,
//! };
//! let answer = host.probe(&flow);
//! assert_eq!(answer.verdict, Verdict::Dropped);
//! assert_eq!(answer.decided_by.and_then(|by| by.line), Some(4));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod branch;
mod change;
mod conntrack;
mod dialogue;
mod eval;
mod flow;
mod model;
mod packet;
mod probe;
mod rules;
mod walk;

pub use answer::{Answer, At, DecidedBy, DecidedKind, Left, PathEntry, Reached, RuleNumber, Unlisted, Verdict};
pub use change::Change;
pub use flow::{Flow, From};
pub use model::{Host, Network};
pub use rules::EditError;
