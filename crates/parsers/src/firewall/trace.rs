//! `nft monitor trace` and `xtables-monitor --trace`: one fact for each traced packet, with its steps in order.
//!
//! The kernel numbers traced packets; it may give the same number to a later packet of the connection, which begins where it meets a
//! chain again. TRACE lines of iptables-legacy are in the kernel's log and read by a signature.

use std::collections::HashMap;

use bundlescope_facts::{Family, PacketTrace, Text, TraceStep, TraceStepKind};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// `nft monitor trace`, nftables 0.9 and later.
pub(crate) static NFT_TRACE: Format = Format {
    name: "nft-monitor-trace",
    collect: "nft monitor trace",
    kinds: &["packet_trace"],
    detect: detect_nft,
    parse: parse_nft,
};

/// `xtables-monitor --trace`, iptables 1.8 and later.
pub(crate) static XTABLES_TRACE: Format = Format {
    name: "xtables-monitor-trace",
    collect: "xtables-monitor --trace",
    kinds: &["packet_trace"],
    detect: detect_xtables,
    parse: parse_xtables,
};

/// Packets of one document; more are counted only.
const MAX_PACKETS: usize = 50_000;
/// Steps of one packet.
const MAX_STEPS: usize = 4096;

/// The packets so far, and which of them an identifier stands for now.
struct Packets<'a> {
    list: Vec<(Line<'a>, Line<'a>, PacketTrace, Vec<Text>)>,
    current: HashMap<String, usize>,
    left_out: u64,
}

impl<'a> Packets<'a> {
    fn new() -> Self {
        Self { list: Vec::new(), current: HashMap::new(), left_out: 0 }
    }

    /// The packet of that identifier; a new one where `meets` (a chain) was met before.
    fn at(&mut self, id: &str, line: Line<'a>, meets: Option<Text>) -> Option<&mut PacketTrace> {
        let known = self.current.get(id).copied().filter(|at| {
            let met = self.list.get(*at).map(|(_, _, _, met)| met);
            met.is_some_and(|met| meets.as_ref().is_none_or(|chain| !met.contains(chain)))
        });
        let at = match known {
            Some(at) => at,
            None if self.list.len() >= MAX_PACKETS => {
                self.left_out += 1;
                return None;
            }
            None => {
                self.list.push((line, line, PacketTrace { id: id.into(), ..PacketTrace::default() }, Vec::new()));
                self.current.insert(id.to_owned(), self.list.len() - 1);
                self.list.len() - 1
            }
        };
        let (_, last, packet, met) = self.list.get_mut(at)?;
        *last = line;
        met.extend(meets);
        Some(packet)
    }

    fn emit(self, document: &Document<'_>, parsed: &mut Parsed) {
        for (first, last, mut packet, _) in self.list {
            packet.verdict = packet.steps.last().and_then(|step| step.verdict.as_deref()).and_then(|verdict| {
                let word = verdict.split_ascii_whitespace().next().unwrap_or_default().to_ascii_lowercase();
                matches!(word.as_str(), "accept" | "drop" | "reject" | "queue" | "stolen").then(|| Text::from(word))
            });
            packet.container = document.container.clone();
            parsed.fact(document, first, last, packet);
        }
        if self.left_out > 0 {
            parsed.problem(document, 0, format!("{} lines of further packets were left out", self.left_out));
        }
    }
}

fn add(packet: &mut PacketTrace, step: TraceStep) {
    if packet.steps.len() < MAX_STEPS {
        packet.steps.push(step);
    }
}

fn detect_nft(hint: &Hint<'_>) -> Match {
    let content = words::most_lines(hint.head, |line| nft(line).is_some());
    Match::of(content, words::subject_is(hint.subject, &["nft"]))
}

/// Identifier, family, table, chain, and what follows.
fn nft(line: &str) -> Option<(&str, Family, &str, &str, &str)> {
    let mut words = Words::new(line.strip_prefix("trace id ")?);
    let id = words.next()?;
    let family = Family::from_word(words.next()?)?;
    let (table, chain) = (words.next()?, words.next()?);
    Some((id, family, table, chain, words.rest()))
}

/// `iif "eth0" … ip saddr 10.0.0.1 ip daddr … tcp sport 57798 tcp dport 8080`: each field the first time it is told.
fn nft_packet(packet: &mut PacketTrace, text: &str) {
    let name = |word: &str| Text::from(word.trim_matches('"'));
    let mut words = Words::new(text);
    let mut before = "";
    while let Some(word) = words.next() {
        match word {
            "iif" | "iifname" if packet.in_interface.is_none() => packet.in_interface = words.next().map(name),
            "oif" | "oifname" if packet.out_interface.is_none() => packet.out_interface = words.next().map(name),
            "saddr" if matches!(before, "ip" | "ip6") && packet.source.is_none() => {
                packet.source = words.next().and_then(words::address);
            }
            "daddr" if matches!(before, "ip" | "ip6") && packet.destination.is_none() => {
                packet.destination = words.next().and_then(words::address);
            }
            "protocol" | "nexthdr" | "l4proto" if packet.protocol.is_none() => {
                packet.protocol = words.next().map(Text::from);
            }
            "sport" | "dport" => {
                if packet.protocol.is_none() {
                    packet.protocol = Some(before.into());
                }
                let port = words.next().and_then(|port| port.parse().ok());
                let field = if word == "sport" { &mut packet.source_port } else { &mut packet.destination_port };
                if field.is_none() {
                    *field = port;
                }
            }
            _ => {}
        }
        before = word;
    }
}

fn parse_nft(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut packets = Packets::new();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((id, family, table, chain, rest)) = nft(line.text) else {
            parsed.problem(document, line.number, "expected `trace id ID FAMILY TABLE CHAIN …`; line skipped");
            continue;
        };
        if let Some(text) = rest.strip_prefix("packet:") {
            let meets = Text::from(format!("{family} {table} {chain}"));
            if let Some(packet) = packets.at(id, line, Some(meets)) {
                nft_packet(packet, text);
            }
            continue;
        }
        let mut step =
            TraceStep { family, table: table.into(), chain: chain.into(), line: line.number, ..TraceStep::default() };
        if let Some(rest) = rest.strip_prefix("rule ") {
            let read = rest.trim_end().strip_suffix(')').and_then(|rest| rest.rsplit_once(" (verdict "));
            let (text, verdict) = read.map_or((rest.trim_end(), None), |(text, verdict)| (text, Some(verdict)));
            (step.text, step.verdict) = (Some(text.into()), verdict.map(Text::from));
        } else if let Some(policy) = rest.strip_prefix("policy ") {
            (step.step, step.verdict) = (TraceStepKind::Policy, Some(policy.trim().into()));
        } else if let Some(verdict) = rest.strip_prefix("verdict ").or_else(|| rest.strip_prefix("return")) {
            step.step = TraceStepKind::Return;
            step.verdict = Some(verdict.trim()).filter(|verdict| !verdict.is_empty()).map(Text::from);
        } else {
            parsed.problem(document, line.number, "expected a packet, a rule, a policy or a verdict; line skipped");
            continue;
        }
        if let Some(packet) = packets.at(id, line, None) {
            add(packet, step);
        }
    }
    packets.emit(document, &mut parsed);
    parsed
}

fn detect_xtables(hint: &Hint<'_>) -> Match {
    let content = words::most_lines(hint.head, |line| xtables(line).is_some());
    Match::of(content, hint.subject.contains("xtables-monitor"))
}

/// `PACKET: 2 aa8f32cf IN=eth0 …` and ` TRACE: 2 aa8f32cf filter:INPUT:rule:0x9:JUMP:WEB  -4 -t filter -A INPUT -j WEB`.
fn xtables(line: &str) -> Option<(bool, Family, &str, &str)> {
    let text = line.trim_start();
    let (packet, rest) = match text.strip_prefix("PACKET: ") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix("TRACE: ")?),
    };
    let mut words = Words::new(rest);
    // The number of the address family.
    let family = match words.next()? {
        "2" => Family::Ip,
        "10" => Family::Ip6,
        "1" => Family::Inet,
        "3" => Family::Arp,
        "7" => Family::Bridge,
        _ => return None,
    };
    let id = words.next()?;
    Some((packet, family, id, words.rest()))
}

/// `IN=eth0 MACSRC=… SRC=172.30.0.2 DST=172.30.0.3 LEN=60 … SPORT=47032 DPORT=82 SYN`; `NFMARK` and others do not matter here.
fn xtables_packet(packet: &mut PacketTrace, text: &str) {
    let value = |key: &str| {
        text.split_ascii_whitespace().find_map(|word| word.strip_prefix(key)).filter(|value| !value.is_empty())
    };
    packet.in_interface = packet.in_interface.take().or_else(|| value("IN=").map(Text::from));
    packet.out_interface = packet.out_interface.take().or_else(|| value("OUT=").map(Text::from));
    packet.source = packet.source.or_else(|| value("SRC=").and_then(words::address));
    packet.destination = packet.destination.or_else(|| value("DST=").and_then(words::address));
    packet.source_port = packet.source_port.or_else(|| value("SPORT=").and_then(|port| port.parse().ok()));
    packet.destination_port = packet.destination_port.or_else(|| value("DPORT=").and_then(|port| port.parse().ok()));
    packet.protocol = packet.protocol.take().or_else(|| value("PROTO=").map(Text::from));
}

/// `filter:INPUT:rule:0x9:JUMP:WEB  -4 -t filter -A INPUT -j WEB`, `raw:PREROUTING:policy:ACCEPT`, `filter:WEB:return:`.
fn xtables_step(family: Family, rest: &str, line: u32) -> Option<TraceStep> {
    let (head, text) = rest.split_once(char::is_whitespace).map_or((rest, ""), |(head, text)| (head, text.trim()));
    let mut parts = head.splitn(4, ':');
    let (table, chain, what) = (parts.next()?, parts.next()?, parts.next()?);
    let tail = parts.next().unwrap_or_default();
    let mut step = TraceStep { family, table: table.into(), chain: chain.into(), line, ..TraceStep::default() };
    match what {
        "rule" => {
            let (handle, verdict) = tail.split_once(':').unwrap_or((tail, ""));
            step.handle = words::number(handle);
            // A verdict that xtables-monitor has no word for: NFT_RETURN is -5.
            let verdict = if verdict == "0xfffffffb" { "RETURN" } else { verdict };
            step.verdict = Some(verdict.replace(':', " ")).filter(|verdict| !verdict.is_empty()).map(Text::from);
            step.text = Some(text).filter(|text| !text.is_empty()).map(Text::from);
        }
        "policy" => (step.step, step.verdict) = (TraceStepKind::Policy, Some(tail.trim_end_matches(':').into())),
        "return" => step.step = TraceStepKind::Return,
        _ => return None,
    }
    Some(step)
}

fn parse_xtables(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut packets = Packets::new();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((is_packet, family, id, rest)) = xtables(line.text) else {
            // Events of rules that were changed meanwhile.
            if !line.text.trim_start().starts_with("EVENT:") {
                parsed.problem(document, line.number, "expected `PACKET:` or `TRACE:`; line skipped");
            }
            continue;
        };
        if is_packet {
            if let Some(packet) = packets.at(id, line, None) {
                xtables_packet(packet, rest);
            }
            continue;
        }
        match xtables_step(family, rest, line.number) {
            Some(step) => {
                if let Some(packet) = packets.at(id, line, None) {
                    add(packet, step);
                }
            }
            None => parsed.problem(document, line.number, "expected `TABLE:CHAIN:rule:HANDLE:VERDICT`; line skipped"),
        }
    }
    packets.emit(document, &mut parsed);
    parsed
}
