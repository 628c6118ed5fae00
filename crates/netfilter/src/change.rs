//! Changes to a host, for proving that a fix works.

use std::net::IpAddr;

use bundlescope_facts::firewall::Steps;
use bundlescope_facts::{RouteKind, Text};
use ipnet::IpNet;

use crate::model::{Hop, Host, Route};
use crate::rules::{EditError, Policy};

/// One change to the host's own namespace.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// `iptables -I` and `-A`: a rule at a position counted from 1, behind the last when absent.
    InsertRule {
        /// For ip6tables.
        v6: bool,
        /// Table.
        table: Text,
        /// Chain.
        chain: Text,
        /// Position that the rule gets.
        number: Option<usize>,
        /// What it tests and does.
        steps: Steps,
        /// Its target.
        target: Option<Text>,
        /// Its words, for the path.
        text: Text,
    },
    /// `iptables -D CHAIN NUMBER`.
    DeleteRule {
        /// For ip6tables.
        v6: bool,
        /// Table.
        table: Text,
        /// Chain.
        chain: Text,
        /// Number, counted from 1.
        number: usize,
    },
    /// `iptables -D CHAIN RULE`.
    DeleteRuleLike {
        /// For ip6tables.
        v6: bool,
        /// Table.
        table: Text,
        /// Chain.
        chain: Text,
        /// What it tests and does.
        steps: Steps,
    },
    /// `iptables -P`.
    SetPolicy {
        /// For ip6tables.
        v6: bool,
        /// Table.
        table: Text,
        /// Built-in chain.
        chain: Text,
        /// True for ACCEPT, false for DROP.
        accept: bool,
    },
    /// `iptables -F`: one chain or all of a table.
    Flush {
        /// For ip6tables.
        v6: bool,
        /// Table.
        table: Text,
        /// Chain.
        chain: Option<Text>,
    },
    /// `sysctl -w`.
    SetSysctl {
        /// Key with dots.
        key: Text,
        /// Value.
        value: Text,
    },
    /// `ip route add`.
    AddRoute {
        /// Destination.
        destination: IpNet,
        /// Router.
        gateway: Option<IpAddr>,
        /// Interface.
        interface: Text,
        /// Table, `main` by default.
        table: Option<Text>,
    },
    /// `ip route del`: every route of the table with this destination.
    DeleteRoute {
        /// Destination.
        destination: IpNet,
        /// Table, `main` by default.
        table: Option<Text>,
    },
}

impl Host {
    /// The host after the changes, made in order. Errors: a chain, rule or route that does not exist.
    pub fn after(&self, changes: &[Change]) -> Result<Host, EditError> {
        let mut host = self.clone();
        for change in changes {
            host.apply(change)?;
        }
        Ok(host)
    }

    fn apply(&mut self, change: &Change) -> Result<(), EditError> {
        let Some(own) = self.namespaces.first_mut() else { return Err(EditError("the host is not known".to_owned())) };
        match change {
            Change::InsertRule { v6, table, chain, number, steps, target, text } => {
                own.firewall.rules_mut(*v6).insert((table, chain), *number, steps, target.clone(), text.clone())
            }
            Change::DeleteRule { v6, table, chain, number } => {
                own.firewall.rules_mut(*v6).delete(table, chain, *number)
            }
            Change::DeleteRuleLike { v6, table, chain, steps } => {
                own.firewall.rules_mut(*v6).delete_like(table, chain, steps)
            }
            Change::SetPolicy { v6, table, chain, accept } => own.firewall.rules_mut(*v6).set_policy(
                table,
                chain,
                if *accept { Policy::Accept } else { Policy::Drop },
            ),
            Change::Flush { v6, table, chain } => own.firewall.rules_mut(*v6).flush(table, chain.as_deref()),
            Change::SetSysctl { key, value } => {
                self.set_sysctl(key, value);
                Ok(())
            }
            Change::AddRoute { destination, gateway, interface, table } => {
                if own.interface(interface).is_none() {
                    return Err(EditError(format!("no interface {interface}")));
                }
                own.fib.routes.push(Route {
                    destination: *destination,
                    kind: RouteKind::Unicast,
                    hops: vec![Hop { gateway: *gateway, interface: interface.clone() }],
                    source: None,
                    metric: 0,
                    table: table.clone().unwrap_or_else(|| "main".into()),
                    fact: None,
                });
                own.fib.sort();
                Ok(())
            }
            Change::DeleteRoute { destination, table } => {
                let table = table.as_deref().unwrap_or("main");
                let before = own.fib.routes.len();
                own.fib.routes.retain(|route| route.destination != *destination || *route.table != *table);
                let gone = own.fib.routes.len() < before;
                if gone { Ok(()) } else { Err(EditError(format!("no route to {destination} in table {table}"))) }
            }
        }
    }

    fn set_sysctl(&mut self, key: &Text, value: &Text) {
        let on = value.trim() != "0";
        match &**key {
            "net.bridge.bridge-nf-call-iptables" => self.bridge_nf[0] = Some(on),
            "net.bridge.bridge-nf-call-ip6tables" => self.bridge_nf[1] = Some(on),
            _ => {}
        }
        let Some(own) = self.namespaces.first_mut() else { return };
        if &**key == "net.ipv4.ip_forward" || &**key == "net.ipv4.conf.all.forwarding" {
            // The kernel sets every device when the switch for all is set.
            own.sysctls.retain(|key, _| !(key.starts_with("net.ipv4.conf.") && key.ends_with(".forwarding")));
            own.sysctls.insert("net.ipv4.ip_forward".into(), (value.clone(), None));
        }
        own.sysctls.insert(key.clone(), (value.clone(), None));
    }
}
