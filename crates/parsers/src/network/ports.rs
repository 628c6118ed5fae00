//! Ports and states as socket tools write them, by number or by name.

use bundlescope_facts::Text;

/// Names that tools without `-n` print for ports (the part of /etc/services that support cases meet).
const SERVICES: &[(&str, u16)] = &[
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("bootps", 67),
    ("bootpc", 68),
    ("tftp", 69),
    ("http", 80),
    ("kerberos", 88),
    ("pop3", 110),
    ("sunrpc", 111),
    ("rpcbind", 111),
    ("ntp", 123),
    ("netbios-ns", 137),
    ("netbios-dgm", 138),
    ("netbios-ssn", 139),
    ("imap2", 143),
    ("imap", 143),
    ("snmp", 161),
    ("snmp-trap", 162),
    ("bgp", 179),
    ("ldap", 389),
    ("https", 443),
    ("microsoft-ds", 445),
    ("kpasswd", 464),
    ("submissions", 465),
    ("isakmp", 500),
    ("syslog", 514),
    ("printer", 515),
    ("submission", 587),
    ("ipp", 631),
    ("ldaps", 636),
    ("rsync", 873),
    ("imaps", 993),
    ("pop3s", 995),
    ("ms-sql-s", 1433),
    ("ms-sql-m", 1434),
    ("nfs", 2049),
    ("docker", 2375),
    ("docker-s", 2376),
    ("swarm", 2377),
    ("etcd-client", 2379),
    ("etcd-server", 2380),
    ("iscsi-target", 3260),
    ("mysql", 3306),
    ("ms-wbt-server", 3389),
    ("epmd", 4369),
    ("mdns", 5353),
    ("llmnr", 5355),
    ("postgresql", 5432),
    ("postgres", 5432),
    ("amqp", 5672),
    ("amqps", 5671),
    ("x11", 6000),
    ("redis", 6379),
    ("http-alt", 8080),
    ("webcache", 8080),
    ("zabbix-agent", 10050),
    ("zabbix-trapper", 10051),
    ("mongodb", 27017),
];

/// What a tool wrote for a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// Any port: `*`.
    Any,
    /// This one.
    Number(u16),
    /// A name that is not known.
    Unknown,
}

/// Reads a port.
pub(crate) fn port(word: &str) -> Port {
    if word == "*" {
        return Port::Any;
    }
    let named = || SERVICES.iter().find(|(name, _)| *name == word).map(|(_, port)| *port);
    word.parse().ok().or_else(named).map_or(Port::Unknown, Port::Number)
}

/// States of TCP in the order of the kernel's numbers from 1 (`include/net/tcp_states.h`), in the spelling of netstat.
pub(super) const TCP_STATES: [&str; 12] = [
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "SYN_RECV",
];

/// The one spelling of a TCP state: `ESTAB` and `FIN-WAIT-1` of ss become `ESTABLISHED` and `FIN_WAIT1`.
pub(super) fn state(word: &str) -> Text {
    match word {
        "ESTAB" => "ESTABLISHED".into(),
        "FIN-WAIT-1" => "FIN_WAIT1".into(),
        "FIN-WAIT-2" => "FIN_WAIT2".into(),
        "SYN_RECV" | "SYN-RECV" => "SYN_RECV".into(),
        _ => word.replace('-', "_").into(),
    }
}

/// Whether a command line asks for TCP and for UDP sockets; both unknown where it names neither.
pub(super) fn asked(subject: &str) -> (Option<bool>, Option<bool>) {
    let has = |short, long| has(subject, short, long);
    let (tcp, udp) = (has('t', "--tcp"), has('u', "--udp"));
    let other = has('x', "--unix") || has('w', "--raw") || has('S', "--sctp");
    let named = tcp || udp || other;
    (named.then_some(tcp), named.then_some(udp))
}

/// Whether a command line has this option, alone or among other letters.
pub(super) fn has(subject: &str, short: char, long: &str) -> bool {
    subject.split_ascii_whitespace().any(|word| word == long || (is_short(word) && word.contains(short)))
}

/// Whether a command line of ss asks for sockets that listen.
pub(super) fn asks_for_listeners(subject: &str) -> bool {
    let flag = |word: &str| word == "--listening" || word == "--all" || (is_short(word) && word.contains(['l', 'a']));
    subject.split_ascii_whitespace().any(flag)
}

fn is_short(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--")
}
