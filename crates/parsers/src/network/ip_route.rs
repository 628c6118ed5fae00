//! `ip route` as text: one table or `table all`, `-6`, `-d`, `-o`, multipath, `ip route get`.
//!
//! Follows `ip/iproute.c` of iproute2: a type, a destination, then keywords with values and flags without.

use bundlescope_facts::{NextHop, Route, RouteKind, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static IP_ROUTE: Format =
    Format { name: "ip-route", collect: "ip route show table all", kinds: &["route"], detect, parse };

/// Keywords with one value that no field holds.
const VALUED: &[&str] = &[
    "realm",
    "realms",
    "window",
    "rtt",
    "rttvar",
    "ssthresh",
    "cwnd",
    "initcwnd",
    "initrwnd",
    "advmss",
    "reordering",
    "hoplimit",
    "features",
    "quickack",
    "rto_min",
    "pref",
    "error",
    "nhid",
    "from",
    "users",
    "age",
    "used",
    "expires",
    "ttl-propagate",
    "fastopen_no_cookie",
    "iif",
    "uid",
    "fwmark",
    "congctl",
    "mark",
    "ipproto",
    "sport",
    "dport",
    "as",
    "hits",
];

/// Flags of routes and next hops.
const FLAGS: &[&str] = &[
    "onlink",
    "linkdown",
    "dead",
    "pervasive",
    "offload",
    "offload_failed",
    "trap",
    "notify",
    "rt_offload",
    "rt_trap",
    "unresolved",
    "rt_offload_failed",
    "cloned",
    "cache",
    "redirected",
    "rt_notify",
];

fn detect(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["ip", "route"]);
    // Lines of next hops are indented; what is indented says nothing.
    let routes = hint.head.lines().filter(|line| !line.starts_with([' ', '\t']) && !line.starts_with("RTNETLINK"));
    let routes: Vec<&str> = routes.filter(|line| !line.trim().is_empty()).take(20).collect();
    let read: Vec<Read> = routes.iter().filter_map(|line| route(line.split('\\').next()?, false)).collect();
    let numbers = routes.iter().any(|line| line.split(' ').next().is_some_and(|word| numbered(word).is_some()));
    let whole = (named || !numbers)
        && !routes.is_empty()
        && read.len() == routes.len()
        && (named || read.iter().all(|read| !read.unknown));
    // A multipath route has its keywords on the lines of its next hops.
    let content = whole && (read.iter().any(|read| read.sure) || hint.head.contains("nexthop via "));
    match (content, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// The kind that `ip -N` writes as a number (`RTN_*` of linux/rtnetlink.h).
fn numbered(word: &str) -> Option<RouteKind> {
    let name = match word {
        "1" => "unicast",
        "2" => "local",
        "3" => "broadcast",
        "4" => "anycast",
        "5" => "multicast",
        "6" => "blackhole",
        "7" => "unreachable",
        "8" => "prohibit",
        "9" => "throw",
        _ => return None,
    };
    RouteKind::from_word(name)
}

/// The name of a table that `ip -N` writes as a number; others have no name in the kernel (`RT_TABLE_*`).
pub(super) fn table_name(word: &str) -> &str {
    match word {
        "255" => "local",
        "254" => "main",
        "253" => "default",
        other => other,
    }
}

/// A route that was read from a line.
struct Read {
    route: Route,
    /// The line holds a keyword that only routes have.
    sure: bool,
    /// Words that were not understood.
    unknown: bool,
}

/// `[type] destination keyword value …`. `v6` tells what `default` means where the line itself does not.
fn route(text: &str, v6: bool) -> Option<Read> {
    let mut words = Words::new(text);
    let mut route = Route { table: "main".into(), ..Route::default() };
    let mut first = words.next()?;
    if let Some(kind) = RouteKind::from_word(first).or_else(|| numbered(first)) {
        route.kind = kind;
        first = words.next()?;
    }
    let destination = match first {
        "default" | "all" | "any" => None,
        word => Some(words::network(word)?),
    };
    let mut family = destination.map(|destination| matches!(destination, ipnet::IpNet::V6(_)));
    let mut hop = NextHop::default();
    let mut read = Read { route, sure: false, unknown: false };
    attributes(&mut words, &mut read, &mut hop, &mut family);
    let mut route = read.route;
    route.destination = Some(destination.unwrap_or_else(|| words::default_network(family.unwrap_or(v6))));
    (route.gateway, route.interface) = (hop.gateway, hop.interface);
    route.flags.extend(hop.flags);
    // `blackhole 10.0.0.0/8` says it all.
    read.sure |= route.kind != RouteKind::Unicast;
    Some(Read { route, ..read })
}

/// Keywords and values up to the end of the line. `family` learns what they tell of it.
fn attributes(words: &mut Words<'_>, read: &mut Read, hop: &mut NextHop, family: &mut Option<bool>) {
    let route = &mut read.route;
    while let Some(word) = words.next() {
        match word {
            "via" => {
                let crossed = words.eat("inet6") || words.eat("inet");
                hop.gateway = words.next().and_then(words::address);
                if let (Some(gateway), false) = (hop.gateway, crossed) {
                    family.get_or_insert(gateway.is_ipv6());
                } else if crossed {
                    // RFC 5549: the gateway is of the other family.
                    family.get_or_insert(!hop.gateway.is_some_and(|gateway| gateway.is_ipv6()));
                }
                read.sure |= hop.gateway.is_some();
            }
            "dev" | "oif" => {
                hop.interface = words.next().map(Text::from);
                read.sure = true;
            }
            "weight" => hop.weight = words.next().and_then(words::number),
            "table" => route.table = words.next().map_or_else(|| "main".into(), |name| table_name(name).into()),
            "proto" | "protocol" => route.protocol = words.next().map(Text::from),
            "scope" => route.scope = words.next().map(Text::from),
            "src" => {
                route.source = words.next().and_then(words::address);
                if let Some(source) = route.source {
                    family.get_or_insert(source.is_ipv6());
                }
            }
            "metric" | "priority" | "preference" => route.metric = words.next().and_then(words::number),
            "tos" | "dsfield" => route.tos = words.next().and_then(words::number),
            "mtu" => {
                words.eat("lock");
                route.mtu = words.next().and_then(words::number);
            }
            "pref" => {
                family.get_or_insert(true);
                words.next();
            }
            // An encapsulation has a grammar of its own; `via` and `dev` follow it.
            "encap" => {
                while words
                    .peek()
                    .is_some_and(|word| !matches!(word, "via" | "dev" | "proto" | "metric" | "table" | "scope"))
                {
                    words.next();
                }
            }
            _ if VALUED.contains(&word) => {
                words.eat("lock");
                words.next();
            }
            _ if FLAGS.contains(&word) => hop.flags.push(word.into()),
            _ if word.starts_with(['[', '<']) || word.ends_with("sec") => {}
            _ => read.unknown = true,
        }
    }
}

/// The route being read, with the lines of its next hops.
struct Open<'a> {
    first: Line<'a>,
    last: Line<'a>,
    route: Route,
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let v6 = is_v6(document);
    let mut open: Option<Open<'_>> = None;
    for line in document.lines() {
        let mut parts = line.text.split('\\');
        let text = parts.next().unwrap_or_default();
        if text.trim().is_empty() {
            continue;
        }
        if text.starts_with([' ', '\t']) {
            continuation(document, &mut parsed, &mut open, line, text);
        } else if let Some(read) = route(text, v6) {
            close(document, &mut parsed, open.take());
            if read.unknown {
                parsed.problem(
                    document,
                    line.number,
                    "a word of this route is not known; the rest of the line was read",
                );
            }
            let route = Route { container: document.container.clone(), ..read.route };
            open = Some(Open { first: line, last: line, route });
        } else if !text.starts_with("RTNETLINK") && !text.starts_with("Dump ") {
            parsed.problem(
                document,
                line.number,
                "expected a route such as `10.0.0.0/8 via 10.1.0.1 dev eth0`; line skipped",
            );
        }
        for part in parts {
            continuation(document, &mut parsed, &mut open, line, part);
        }
    }
    close(document, &mut parsed, open);
    parsed
}

/// `nexthop via … dev … weight …` under a multipath route; `cache …` under others.
fn continuation<'a>(
    document: &Document<'_>,
    parsed: &mut Parsed,
    open: &mut Option<Open<'a>>,
    line: Line<'a>,
    text: &str,
) {
    let mut words = Words::new(text);
    if words.peek() == Some("cache") {
        // What `ip route get` was answered, which is in no table.
        if let Some(open) = open {
            open.route.table = "cache".into();
            open.last = line;
        }
        return;
    }
    if !words.eat("nexthop") {
        return;
    }
    let Some(open) = open else {
        parsed.problem(document, line.number, "a next hop without the route that it belongs to; line skipped");
        return;
    };
    let mut read = Read { route: Route::default(), sure: false, unknown: false };
    let mut hop = NextHop::default();
    attributes(&mut words, &mut read, &mut hop, &mut None);
    if open.route.nexthops.is_empty() {
        (open.route.gateway, open.route.interface) = (hop.gateway, hop.interface.clone());
        if let (Some(destination), Some(gateway)) = (open.route.destination, hop.gateway)
            && destination.prefix_len() == 0
            && !text.contains("via inet6")
        {
            open.route.destination = Some(words::default_network(gateway.is_ipv6()));
        }
    }
    open.route.nexthops.push(hop);
    open.last = line;
}

fn close(document: &Document<'_>, parsed: &mut Parsed, open: Option<Open<'_>>) {
    if let Some(open) = open {
        parsed.fact(document, open.first, open.last, open.route);
    }
}

/// Whether the path tells that the routes are IPv6 ones: `ip_-6_route_show`.
pub(super) fn is_v6(document: &Document<'_>) -> bool {
    document.subject.split_ascii_whitespace().any(|word| word == "-6" || word == "inet6")
}
