//! `netstat` sockets: `-tulpn`, `-an`, `-neopa`, `-plnt`, with `-W` and `-T`; net-tools 1.60 to 2.10 and busybox.
//!
//! The titles may be in German, French, Portuguese or Czech, and so may the states (net-tools' own translations).
//!
//! The header tells which columns follow the addresses. Without `-W` (`-T` at Red Hat) an address is cut so that it and its port
//! fill 22 characters (`addr_do_one` in net-tools' netstat.c): such an address is left out rather than told wrongly.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bundlescope_facts::{Connection, Listener, ListenerList, Proto, Text};

use super::ports::{Port, TCP_STATES, port, state};
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static NETSTAT: Format = Format {
    name: "netstat",
    collect: "netstat -tulpn",
    kinds: &["listener_list", "listener", "connection"],
    detect,
    parse,
};

/// States of TCP, and what net-tools writes for others.
fn is_state(word: &str) -> bool {
    TCP_STATES.contains(&word) || matches!(word, "UNKNOWN" | "BOUND" | "DELETE") || english(word).is_some()
}

fn detect(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["netstat"]);
    let header = hint.head.lines().filter(|line| !line.trim().is_empty()).take(6).any(is_header)
        || hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(is_unix_header);
    // What `grep` leaves has no header.
    let content = header || words::most_lines(hint.head, is_row);
    match (content, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// Titles of the two ends, in English, French and Portuguese.
const ADDRESSES: [(&str, &str); 3] = [
    ("Local Address", "Foreign Address"),
    ("Adresse locale", "Adresse distante"),
    ("Endereço Local", "Endereço Remoto"),
];

/// What a list of listening sockets begins with, and one of all sockets. The Portuguese words for listening sockets alone are
/// those for connections alone as well, so they tell nothing.
const LISTS: [&str; 8] = [
    "Active Internet connections (only servers)",
    "Active Internet connections (servers and established)",
    "Aktive Internetverbindungen (Nur Server)",
    "Aktive Internetverbindungen (Server und",
    "Connexions Internet actives (seulement serveurs)",
    "Connexions Internet actives (serveurs et",
    "Conexões Internet Ativas (servidores e",
    "Active Internet connections (including servers)",
];

/// The state that net-tools writes in German or Portuguese.
fn english(word: &str) -> Option<&'static str> {
    Some(match word {
        "VERBUNDEN" | "ESTABELECIDA" => "ESTABLISHED",
        "OUÇA" => "LISTEN",
        "SYN_ENVIADO" => "SYN_SENT",
        "SYN_RECEBIDO" => "SYN_RECV",
        "ESPERA_FIN1" => "FIN_WAIT1",
        "ESPERA_FIN2" => "FIN_WAIT2",
        "FECHAR" => "CLOSE",
        "ESPERANDO_FECHAR" => "CLOSE_WAIT",
        "ÚLTIMO_ACK" => "LAST_ACK",
        "FECHANDO" => "CLOSING",
        "UNBEKANNT" | "INCONNU" | "DESCONHECIDA" => "UNKNOWN",
        _ => return None,
    })
}

fn is_header(line: &str) -> bool {
    line.starts_with("Proto ")
        && line.contains("Recv-Q")
        && ADDRESSES.iter().any(|(local, remote)| line.contains(local) && line.contains(remote))
        && !line.contains("(state)")
}

/// What `netstat -x` begins with; such sockets are no listeners of the network.
fn is_unix_header(line: &str) -> bool {
    line.starts_with("Active UNIX domain sockets")
}

/// A row of TCP or UDP sockets, told without a header: numeric ends, then a state or a program.
fn is_row(line: &str) -> bool {
    let words: Vec<&str> = line.split_ascii_whitespace().take(6).collect();
    let [proto, received, sent, local, remote, next] = words.as_slice() else { return false };
    let port = |port: &str| port == "*" || port.parse::<u16>().is_ok();
    let ends = [local, remote].iter().all(|end| end.rsplit_once(':').is_some_and(|(_, last)| port(last)));
    let queues = received.parse::<u64>().is_ok() && sent.parse::<u64>().is_ok();
    let named = is_state(next) || next.split_once('/').is_some_and(|(pid, _)| pid.parse::<u32>().is_ok());
    matches!(*proto, "tcp" | "tcp6" | "udp" | "udp6") && queues && ends && named
}

/// Which columns follow the addresses.
#[derive(Debug, Clone, Copy, Default)]
struct Columns {
    /// User and inode; `None` where no header tells.
    user: Option<bool>,
    process: bool,
    /// Ports stand in columns of their own.
    ports: bool,
    /// An address longer than the column was seen, so that nothing is cut.
    wide: bool,
}

/// What another list begins with.
const HEADINGS: [&str; 8] = [
    "Active ",
    "Proto ",
    "Aktive ",
    "Connexions Internet",
    "Conexões Internet",
    "Sockets ",
    "Domain sockets",
    "Aktivní ",
];

/// Room for an address and its port in the narrow form.
const NARROW: usize = 22;

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let wide = document.lines().any(|line| {
        let is_socket = line.text.starts_with("tcp") || line.text.starts_with("udp");
        is_socket
            && line
                .text
                .split_ascii_whitespace()
                .skip(3)
                .take(2)
                .any(|word| word.contains(':') && word.len() > NARROW + 1)
    });
    let has = |proto: &str| document.lines().any(|line| line.text.starts_with(proto));
    let (has_tcp, has_udp) = (has("tcp"), has("udp"));
    let headless = !document.lines().any(|line| is_header(line.text));
    let mut columns = headless.then_some(Columns { user: None, process: true, ports: false, wide });
    let mut unknown_ports = 0u32;
    let mut last_unknown = 0;
    for line in document.lines() {
        let text = line.text.trim_ascii_end();
        if is_header(text) {
            columns = Some(Columns {
                user: Some(text.contains(" User ")),
                process: text.contains("PID/Program"),
                ports: text.split_ascii_whitespace().filter(|title| *title == "Port").count() == 2,
                wide: wide || document.subject.split_ascii_whitespace().any(is_wide_flag),
            });
        } else if LISTS.iter().any(|list| text.starts_with(list)) {
            columns = None;
            let (tcp, udp) = super::ports::asked(&document.subject);
            let list = ListenerList {
                tcp: tcp.unwrap_or(has_tcp || !has_udp),
                udp: udp.unwrap_or(has_udp),
                container: document.container.clone(),
            };
            parsed.line_fact(document, line, list);
        } else if HEADINGS.iter().any(|heading| text.starts_with(heading)) {
            // Sockets of other families follow, until the next header.
            columns = None;
        } else if let Some(columns) = columns.filter(|_| !text.is_empty()) {
            match socket(document, &mut parsed, line, columns) {
                Read::Done => {}
                Read::UnknownPort => (unknown_ports, last_unknown) = (unknown_ports + 1, line.number),
                Read::Broken => {
                    parsed.problem(document, line.number, "expected a socket as netstat prints it; line skipped")
                }
            }
        }
    }
    if unknown_ports > 0 {
        let message = format!(
            "{unknown_ports} sockets name a service that is not known here and were left out; collect with `netstat -n`"
        );
        parsed.problem(document, last_unknown, message);
    }
    parsed
}

fn is_wide_flag(word: &str) -> bool {
    word == "--wide" || (word.starts_with('-') && !word.starts_with("--") && word.contains(['W', 'T']))
}

enum Read {
    Done,
    UnknownPort,
    Broken,
}

fn socket(document: &Document<'_>, parsed: &mut Parsed, line: Line<'_>, columns: Columns) -> Read {
    let mut words = words::Words::new(line.text);
    let proto = match words.next().map(|word| word.trim_end_matches(['4', '6'])) {
        Some("tcp") => Proto::Tcp,
        Some("udp") => Proto::Udp,
        Some("sctp") => Proto::Sctp,
        Some("raw" | "udplite" | "udplit" | "icmp" | "icm" | "l2cap" | "rfcomm" | "dccp" | "unix") => {
            return Read::Done;
        }
        // SCTP prints the further addresses of an association on lines of their own; `getnameinfo failed` and the like.
        _ if line.text.starts_with([' ', '\t'])
            || line.text.starts_with('(')
            || line.text.starts_with("getnameinfo") =>
        {
            return Read::Done;
        }
        _ => return Read::Broken,
    };
    let queues = (words.next(), words.next());
    if !matches!(queues, (Some(a), Some(b)) if a.parse::<u64>().is_ok() && b.parse::<u64>().is_ok()) {
        return Read::Broken;
    }
    let mut end = || match columns.ports {
        true => words.next().zip(words.next()),
        false => words.next()?.rsplit_once(':'),
    };
    let (Some((local, local_port)), Some((remote, remote_port))) = (end(), end()) else { return Read::Broken };
    let state_word = words.peek().filter(|word| is_state(word));
    if state_word.is_some() {
        words.next();
    }
    let state_word = state_word.map(|word| english(word).unwrap_or(word));
    let mut user = None;
    // Without a header, a number in the place of the inode tells.
    let second = words.clone().nth(1).is_some_and(|word| word.parse::<u64>().is_ok());
    if columns.user.unwrap_or(second) {
        user = words.next().map(Text::from);
        words.next();
    }
    let (process, pid) = if columns.process { program(words.rest()) } else { (None, None) };
    let container = document.container.clone();
    let (read_local, read_remote) = (port(local_port), port(remote_port));
    let Port::Number(local_number) = read_local else {
        return if read_local == Port::Any { Read::Done } else { Read::UnknownPort };
    };
    let listens = state_word == Some("LISTEN") || (state_word.is_none() && read_remote == Port::Any);
    if listens {
        let address = read_address(local, local_port, columns);
        let listener =
            Listener { proto, address, port: local_number, process, pid, user, container, ..Listener::default() };
        parsed.line_fact(document, line, listener);
        return Read::Done;
    }
    let remote_number = match read_remote {
        Port::Number(port) => port,
        Port::Any => 0,
        Port::Unknown => return Read::UnknownPort,
    };
    let connection = Connection {
        proto,
        local_address: read_address(local, local_port, columns),
        local_port: local_number,
        remote_address: read_address(remote, remote_port, columns),
        remote_port: remote_number,
        state: state_word.map(state),
        process,
        pid,
        container,
    };
    parsed.line_fact(document, line, connection);
    Read::Done
}

/// The address, when it is whole.
fn read_address(host: &str, port: &str, columns: Columns) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare {
        "*" => return Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        "localhost" => return Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        "localhost6" | "ip6-localhost" => return Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        _ => {}
    }
    let cut = !columns.wide && host.len() + port.len() >= NARROW;
    words::address(bare).filter(|_| !cut)
}

/// `812/nginx: master process` up to the timer, which begins with a word and a parenthesis.
fn program(rest: &str) -> (Option<Text>, Option<u32>) {
    let timer = ["off (", "on (", "on2 (", "keepalive (", "timewait (", "probe (", "unkn-"]
        .iter()
        .filter_map(|word| rest.rfind(&format!(" {word}")))
        .min();
    let text = timer.map_or(rest, |at| &rest[..at]).trim();
    let Some((pid, name)) = text.split_once('/') else { return (None, None) };
    let Ok(pid) = pid.parse() else { return (None, None) };
    (Some(name.trim().into()).filter(|name: &Text| !name.is_empty()), Some(pid))
}
