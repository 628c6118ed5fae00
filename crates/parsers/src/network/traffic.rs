//! What interfaces have sent and received: `netstat -i` (net-tools 1.60 to 2.10, busybox) and /proc/net/dev.
//!
//! `ip -s link` and `ifconfig` say the same among other things; their parsers read it there.

use bundlescope_facts::InterfaceTraffic;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// What netstat writes of an alias, in English, German and Portuguese.
const NO_STATISTICS: [&str; 3] =
    ["no statistics available", "keine Statistiken verfügbar", "estatísticas não disponíveis"];

/// `netstat -i`.
pub(crate) static NETSTAT_I: Format = Format {
    name: "netstat-i",
    collect: "netstat -i",
    kinds: &["interface_traffic"],
    detect: detect_netstat,
    parse: parse_netstat,
};

/// /proc/net/dev.
pub(crate) static PROC_NET_DEV: Format = Format {
    name: "proc-net-dev",
    collect: "cat /proc/net/dev",
    kinds: &["interface_traffic"],
    detect: detect_proc,
    parse: parse_proc,
};

fn is_netstat_header(line: &str) -> bool {
    line.starts_with("Iface") && line.contains("RX-OK") && line.contains("TX-OK") && line.contains("RX-DRP")
}

fn detect_netstat(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().filter(|line| !line.trim().is_empty()).take(2).any(is_netstat_header);
    Match::of(content, words::subject_is(hint.subject, &["netstat"]))
}

fn parse_netstat(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut titles: Vec<&str> = Vec::new();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if is_netstat_header(line.text) {
            titles = line.text.split_ascii_whitespace().collect();
            continue;
        }
        // In German, French and Portuguese too.
        let headings = [
            "Kernel Interface table",
            "Kernel-Schnittstellentabelle",
            "Table d'interfaces noyau",
            "Tabela de Interfaces",
        ];
        if headings.iter().any(|heading| line.text.starts_with(heading)) {
            continue;
        }
        let mut words: Vec<&str> = line.text.split_ascii_whitespace().collect();
        let name = words.first().copied().unwrap_or_default();
        // An alias has no counters of its own.
        if NO_STATISTICS.iter().any(|words| line.text.contains(words)) && name.contains(':') {
            continue;
        }
        // A long name may run into its MTU; no interface has a name of more than 15 characters.
        if words.len() + 1 == titles.len() && name.len() > 15 && name.is_char_boundary(15) {
            let (front, back) = name.split_at(15);
            words.splice(0..1, [front, back]);
        }
        let number = |title: &str| {
            titles.iter().position(|known| *known == title).and_then(|at| words.get(at)?.parse::<u64>().ok())
        };
        // A flag column may be empty; every other one has a number.
        let whole = words.len() == titles.len() || words.len() + 1 == titles.len() && titles.last() == Some(&"Flg");
        let counters = ["RX-OK", "RX-ERR", "RX-DRP", "RX-OVR", "TX-OK", "TX-ERR", "TX-DRP"].map(number);
        if titles.is_empty() || !whole || number("MTU").is_none() || counters.iter().any(Option::is_none) {
            parsed.problem(
                document,
                line.number,
                "expected the counters of an interface as netstat -i prints them; line skipped",
            );
            continue;
        }
        let [rx_packets, rx_errors, rx_dropped, rx_overruns, tx_packets, tx_errors, tx_dropped] = counters;
        let traffic = InterfaceTraffic {
            interface: words.first().copied().unwrap_or_default().into(),
            rx_packets,
            rx_errors,
            rx_dropped,
            rx_overruns,
            tx_packets,
            tx_errors,
            tx_dropped,
            container: document.container.clone(),
            ..InterfaceTraffic::default()
        };
        parsed.line_fact(document, line, traffic);
    }
    parsed
}

fn is_proc_header(line: &str) -> bool {
    line.starts_with("Inter-|") || line.trim_start().starts_with("face |bytes")
}

fn detect_proc(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(2).any(is_proc_header);
    Match::of(content, hint.subject == "/proc/net/dev")
}

/// `eth0: ` and eight numbers for each direction; up to Linux 2.6 a large number follows the colon at once.
fn parse_proc(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_proc_header(line.text)) {
        let read = line.text.rsplit_once(':').and_then(|(name, rest)| {
            let numbers: Option<Vec<u64>> = rest.split_ascii_whitespace().map(|word| word.parse().ok()).collect();
            let numbers: [u64; 16] = numbers?.try_into().ok()?;
            Some((name.trim(), numbers))
        });
        let Some((name, [rb, rp, re, rd, rf, _, _, _, tb, tp, te, td, _, tc, tk, _])) = read else {
            parsed.problem(document, line.number, "expected an interface and its 16 counters; line skipped");
            continue;
        };
        let traffic = InterfaceTraffic {
            interface: name.into(),
            rx_bytes: Some(rb),
            rx_packets: Some(rp),
            rx_errors: Some(re),
            rx_dropped: Some(rd),
            rx_overruns: Some(rf),
            tx_bytes: Some(tb),
            tx_packets: Some(tp),
            tx_errors: Some(te),
            tx_dropped: Some(td),
            collisions: Some(tc),
            carrier_errors: Some(tk),
            container: document.container.clone(),
        };
        parsed.line_fact(document, line, traffic);
    }
    parsed
}
