//! `ss`: `-tulpn`, `-tanp`, `-peaonmi` and the like, with or without the Netid and State columns.
//!
//! Columns move with the version (`Local Address:Port` one or two columns, `PortProcess` glued since 5.x), so lines are read by
//! their words and the header only tells which columns there are. Up to iproute2 4.12 a bare `*` means IPv4 and `:::` IPv6; since
//! then `*` is an IPv6 socket that also takes IPv4, and `[::]` one that does not (`misc/ss.c`, `inet_addr_print`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bundlescope_facts::{Connection, Data, Listener, ListenerList, Proto, Text};

use super::ports::{self, Port, port, state};
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static SS: Format =
    Format { name: "ss", collect: "ss -tulpn", kinds: &["listener_list", "listener", "connection"], detect, parse };

/// Words of the Netid column; those that are not TCP, UDP or SCTP are left out.
const NETIDS: &[&str] = &[
    "tcp", "udp", "sctp", "dccp", "raw", "mptcp", "icmp6", "nl", "u_str", "u_dgr", "u_seq", "p_raw", "p_dgr", "v_str",
    "v_dgr", "ti_st", "ti_dg", "ti_rd", "ti_sq", "xdp", "???",
];

const STATES: &[&str] = &[
    "LISTEN",
    "UNCONN",
    "ESTAB",
    "SYN-SENT",
    "SYN-RECV",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "CLOSE",
    "CLOSE-WAIT",
    "LAST-ACK",
    "CLOSING",
    "NEW-SYN-RECV",
    "BOUND-INACTIVE",
    "UNKNOWN",
];

fn detect(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["ss"]);
    let lines = hint.head.lines().filter(|line| !line.trim().is_empty()).take(8);
    let content = lines.skip_while(|line| noise(line)).take(1).any(is_header);
    // `ss -H` has no header, nor has what `grep` leaves.
    let bare = words::most_lines(hint.head, |line| {
        let tcp = ["tcp", "udp"].iter().chain(STATES).any(|start| line.starts_with(start));
        (named && line.starts_with([' ', '\t'])) || ((named || tcp) && socket(line, &Columns::default()).is_some())
    });
    match (content || bare, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn noise(line: &str) -> bool {
    line.starts_with("RTNETLINK") || line.starts_with("Cannot open netlink") || line.starts_with("Failed to ")
}

/// `Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process`, blanks as the version likes it.
fn is_header(line: &str) -> bool {
    let line = line.trim_ascii();
    let starts = ["Netid", "State", "Recv-Q"].iter().any(|word| line.starts_with(word));
    starts && line.contains("Recv-Q") && line.contains("Local Address") && line.contains("Address:Port")
}

/// Which columns the header names.
#[derive(Debug, Clone, Copy)]
struct Columns {
    netid: bool,
    state: bool,
    /// Up to iproute2 4.12.
    old_wildcards: bool,
    /// What the command line asked for, where the path tells: TCP, UDP or SCTP alone.
    asked: Option<Proto>,
    /// It asked for sockets of other families alone, and one family is not named in the rows.
    other: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self { netid: true, state: true, old_wildcards: false, asked: None, other: false }
    }
}

/// One socket that was read.
struct Socket<'a> {
    proto: Proto,
    listens: bool,
    state: Option<&'a str>,
    local: (&'a str, &'a str),
    peer: (&'a str, &'a str),
    extra: &'a str,
}

/// Reads a line. `Ok(None)` for sockets of other families.
fn socket<'a>(text: &'a str, columns: &Columns) -> Option<Option<Socket<'a>>> {
    let mut words = Words::new(text);
    let mut proto = None;
    if columns.netid && words.peek().is_some_and(|word| NETIDS.contains(&word)) {
        match words.next()? {
            "tcp" | "mptcp" => proto = Some(Proto::Tcp),
            "udp" => proto = Some(Proto::Udp),
            "sctp" => proto = Some(Proto::Sctp),
            _ => return Some(None),
        }
    }
    if columns.other && proto.is_none() {
        return Some(None);
    }
    let state = if columns.state || words.peek().is_some_and(|word| STATES.contains(&word)) {
        let word = words.next()?;
        Some(STATES.contains(&word).then_some(word)?)
    } else {
        None
    };
    words.next()?.parse::<u64>().ok()?;
    words.next()?.parse::<u64>().ok()?;
    let local = end(&mut words)?;
    // Netlink and packet sockets have no peer.
    if words.peek() == Some("*") {
        return Some(None);
    }
    let peer = end(&mut words)?;
    let listens = matches!(state, Some("LISTEN" | "UNCONN")) || (state.is_none() && peer.1 == "*");
    let guess = if state == Some("UNCONN") { Proto::Udp } else { Proto::Tcp };
    let proto = proto.or(columns.asked).unwrap_or(guess);
    Some(Some(Socket { proto, listens, state, local, peer, extra: words.rest() }))
}

/// `10.0.0.1:80`; old versions write long ones as `10.0.0.1:` and `80`.
fn end<'a>(words: &mut Words<'a>) -> Option<(&'a str, &'a str)> {
    let word = words.next()?;
    let (address, port) = word.rsplit_once(':')?;
    if port.is_empty() {
        return Some((address, words.next()?));
    }
    Some((address, port))
}

/// The address, its device, and whether an IPv6 socket takes IPv6 only.
fn read_address(word: &str, columns: &Columns) -> Option<(IpAddr, Option<Text>, Option<bool>)> {
    let (host, device) = match word.split_once('%') {
        // `[fe80::1]%eth0` and `[fe80::1%eth0]` both occur.
        Some((host, device)) => (host, Some(Text::from(device.trim_end_matches(']')))),
        None => (word, None),
    };
    if host == "*" || host == "0.0.0.0" {
        let four = host == "0.0.0.0" || columns.old_wildcards;
        let any = if four { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
        return Some((any, device, (!four).then_some(false)));
    }
    let bracketed = host.starts_with('[');
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address: IpAddr = match bare {
        "localhost" | "localhost.localdomain" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        "ip6-localhost" | "localhost6" => IpAddr::V6(Ipv6Addr::LOCALHOST),
        _ => bare.parse().ok()?,
    };
    let v6_only = (bracketed && address.is_unspecified()).then_some(true);
    Some((address.to_canonical(), device, v6_only))
}

/// `users:(("nginx",pid=7,fd=6),("nginx",pid=5,fd=6))`, old `users:(("nginx",7,6))`: the process that opened it first.
fn process(extra: &str) -> Option<(Text, Option<u32>)> {
    let (_, users) = extra.split_once("users:((")?;
    let users = users.split_once("))").map_or(users, |(users, _)| users);
    let read = users.split("),(").take(4096).filter_map(|user| {
        let (name, rest) = user.strip_prefix('"')?.split_once("\",").or_else(|| user.split_once(','))?;
        let pid = rest.split(',').find_map(|part| part.strip_prefix("pid=").unwrap_or(part).parse::<u32>().ok());
        Some((Text::from(name), pid))
    });
    // Forked workers hold the socket too; the parent has the lower number. systemd holds those that it hands on.
    read.min_by_key(|(_, pid)| if *pid == Some(1) { u32::MAX } else { pid.unwrap_or(u32::MAX) })
}

fn user(extra: &str) -> Option<Text> {
    extra.split_ascii_whitespace().find_map(|word| word.strip_prefix("uid:")).map(Text::from)
}

/// The one protocol that was asked for, and whether only others than TCP and UDP were.
fn asked(subject: &str) -> (Option<Proto>, bool) {
    match ports::asked(subject) {
        (Some(true), Some(false)) => (Some(Proto::Tcp), false),
        (Some(false), Some(true)) => (Some(Proto::Udp), false),
        (Some(false), Some(false)) if ports::has(subject, 'S', "--sctp") => (Some(Proto::Sctp), false),
        (Some(false), Some(false)) => (None, true),
        _ => (None, false),
    }
}

/// Whether the document lists the listeners: its command line or its rows say so.
fn list(document: &Document<'_>, columns: &Columns) -> Option<ListenerList> {
    let listens =
        |text: &str| socket(text, columns).flatten().filter(|socket| socket.listens).map(|socket| socket.proto);
    let has = |proto: Proto| document.lines().any(|line| listens(line.text) == Some(proto));
    let (tcp, udp) = (has(Proto::Tcp), has(Proto::Udp));
    if !ports::asks_for_listeners(&document.subject) && !tcp && !udp {
        return None;
    }
    let (asked_tcp, asked_udp) = ports::asked(&document.subject);
    // A single Netid column means that several families were asked for.
    let all = ports::asks_for_listeners(&document.subject) && asked_tcp.is_none();
    let container = document.container.clone();
    let list = ListenerList { tcp: asked_tcp.unwrap_or(tcp || all), udp: asked_udp.unwrap_or(udp || all), container };
    (list.tcp || list.udp).then_some(list)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let (asked, other) = asked(&document.subject);
    let mut columns = Columns { asked, other, ..Columns::default() };
    // An unbracketed `:::80` or `::1:80` gives an old version away, wherever it stands.
    columns.old_wildcards = document.lines().any(|line| {
        line.text.split_ascii_whitespace().take(6).any(|word| {
            word.rsplit_once(':').is_some_and(|(host, _)| {
                host.contains("::") && !host.starts_with('[') && host.parse::<Ipv6Addr>().is_ok()
            })
        })
    });
    let mut listed = false;
    let mut open: Option<(Line<'_>, Line<'_>, Socket<'_>, String)> = None;
    for line in document.lines() {
        if is_header(line.text) {
            let header = line.text.trim_ascii();
            columns.netid = header.starts_with("Netid");
            columns.state = header.contains("State");
            // The first header tells; further ones are of further lists that were joined.
            if !listed {
                listed = true;
                if let Some(list) = list(document, &columns) {
                    parsed.line_fact(document, line, list);
                }
            }
            continue;
        }
        if line.text.trim().is_empty() || noise(line.text) {
            continue;
        }
        if line.text.starts_with([' ', '\t']) {
            // The lines of -i, -m, -o, and the process column where a narrow terminal pushed it down.
            if let Some((_, last, socket, extra)) = &mut open
                && socket.proto != Proto::Icmp
                && (line.text.contains("users:((") || line.text.contains("uid:"))
            {
                extra.push(' ');
                extra.push_str(line.text);
                *last = line;
            }
            if columns.state || socket(line.text, &columns).flatten().is_none() {
                continue;
            }
        }
        emit(document, &mut parsed, &columns, open.take());
        match socket(line.text, &columns) {
            Some(Some(socket)) => open = Some((line, line, socket, String::new())),
            Some(None) => {}
            None => parsed.problem(document, line.number, "expected a socket as ss prints it; line skipped"),
        }
    }
    emit(document, &mut parsed, &columns, open);
    parsed
}

fn emit(
    document: &Document<'_>,
    parsed: &mut Parsed,
    columns: &Columns,
    open: Option<(Line<'_>, Line<'_>, Socket<'_>, String)>,
) {
    let Some((first, last, socket, more)) = open else { return };
    let own = process(socket.extra).or_else(|| process(&more));
    let (process, pid) = own.map_or((None, None), |(name, pid)| (Some(name), pid));
    let user = user(socket.extra).or_else(|| user(&more));
    // `-e` tells outright.
    let told = [socket.extra, &more].iter().find_map(|extra| {
        let (_, told) = extra.split_once("v6only:")?;
        Some(told.starts_with('1'))
    });
    let container = document.container.clone();
    let local = read_address(socket.local.0, columns);
    let (local_address, interface, v6_only) = local.map_or((None, None, None), |(a, d, v)| (Some(a), d, told.or(v)));
    let Port::Number(local_port) = port(socket.local.1) else {
        // A datagram socket that is bound to nothing yet has no port.
        if socket.local.1 != "*" {
            parsed.problem(document, first.number, "the port has a name that is not known here; collect with `ss -n`");
        }
        return;
    };
    let data: Data = if socket.listens {
        let (proto, port) = (socket.proto, local_port);
        Listener { proto, address: local_address, port, interface, v6_only, process, pid, user, container }.into()
    } else {
        let remote_port = match port(socket.peer.1) {
            Port::Number(port) => port,
            Port::Any => 0,
            Port::Unknown => {
                parsed.problem(
                    document,
                    first.number,
                    "the port has a name that is not known here; collect with `ss -n`",
                );
                return;
            }
        };
        Connection {
            proto: socket.proto,
            local_address,
            local_port,
            remote_address: read_address(socket.peer.0, columns).map(|(address, ..)| address),
            remote_port,
            state: socket.state.map(state),
            process,
            pid,
            container,
        }
        .into()
    };
    parsed.fact(document, first, last, data);
}
