//! Text of `tcpdump`: `-n`, `-nn`, `-e`, `-v`, `-X`, `-A`, every time stamp and none (`-t`), `-i any` with its columns, packets inside VXLAN; 4.9 to 4.99.
//!
//! A capture may be huge, so that packets are counted by who asked whom; the number of such pairs is bounded.

use std::collections::HashMap;
use std::net::IpAddr;

use bundlescope_facts::{Conversation, LookupOutcome, NameLookup, Outcome, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::network::ports::{Port, port};
use crate::words;

/// The format.
pub(crate) static TCPDUMP: Format =
    Format { name: "tcpdump", collect: "tcpdump -nn -i any", kinds: &["conversation", "name_lookup"], detect, parse };

/// Pairs that are kept, of conversations and of lookups each.
const MAX_PAIRS: usize = 20_000;
/// Questions that wait for their answer.
const MAX_PENDING: usize = 10_000;

/// What stands in front of a packet.
#[derive(Debug, Clone, Copy, Default)]
struct Front<'a> {
    time: Option<&'a str>,
    interface: Option<&'a str>,
}

/// True for `20:32:36.959317`, `1796070756.959317` and `00:00:00.000019`.
fn is_time(word: &str) -> bool {
    let Some((whole, fraction)) = word.split_once('.') else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let clock = whole.len() == 8 && whole.split(':').count() == 3 && whole.split(':').all(digits);
    digits(fraction) && fraction.len() >= 6 && (clock || digits(whole) && whole.len() >= 9)
}

fn is_date(word: &str) -> bool {
    word.len() == 10 && word.split('-').count() == 3 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// The first word and the rest behind blanks.
fn cut(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(' ').map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

/// The time, the interface and its direction, and the packet.
fn front(line: &str) -> Option<(Front<'_>, &str)> {
    let text = line.trim_start();
    let (mut word, mut rest) = cut(text);
    let mut start = text;
    // `--number`.
    if word.bytes().all(|byte| byte.is_ascii_digit())
        && !word.is_empty()
        && (is_time(cut(rest).0) || is_date(cut(rest).0))
    {
        start = rest;
        (word, rest) = cut(rest);
    }
    let mut time = word.trim_start_matches('-');
    if is_date(word) && is_time(cut(rest).0) {
        let (clock, behind) = cut(rest);
        // Both words, as they stand.
        let end = start.len() - rest.len() + clock.len();
        time = start.get(..end)?.trim();
        rest = behind;
    } else if !is_time(time) {
        return None;
    }
    let mut front = Front { time: Some(time), interface: None };
    let (interface, behind) = cut(rest);
    let (direction, behind) = cut(behind);
    if matches!(direction, "In" | "Out" | "B" | "M" | "P") && !interface.contains([',', ':']) {
        front.interface = Some(interface);
        rest = behind;
    }
    Some((front, rest))
}

/// A packet of `-t`, which has no time in front.
fn timeless(line: &str) -> Option<(Front<'_>, &str)> {
    let is_protocol = |word: &str| matches!(word, "IP" | "IP6" | "ARP," | "IP6,");
    let (interface, behind) = cut(line);
    let whole = !line.starts_with([' ', '\t'])
        && (line.contains(" > ") || line.contains(", Request who-has ") || line.contains(" is-at "));
    if !whole || is_protocol(interface) {
        return whole.then_some((Front::default(), line));
    }
    let (direction, packet) = cut(behind);
    let any = matches!(direction, "In" | "Out" | "B" | "M" | "P") && is_protocol(cut(packet).0);
    any.then_some((Front { time: None, interface: Some(interface) }, packet))
}

/// Leaves the link layer out (`-e`): what follows `length 98: `, and the name of the protocol.
fn network_layer(packet: &str) -> &str {
    let head = cut(packet).0;
    if matches!(head, "IP" | "IP6" | "ARP," | "IP6,") {
        return packet;
    }
    let Some((_, rest)) = packet.split_once("ethertype ") else { return packet };
    let Some((kind, rest)) = rest.split_once(", length ") else { return packet };
    let Some((_, mut body)) = rest.split_once(": ") else { return packet };
    // A tag: `vlan 10, p 0, ethertype IPv4 (0x0800), …`.
    if body.starts_with("vlan ")
        && let Some((_, inner)) = body.split_once("ethertype ")
        && let Some((_, inner)) = inner.split_once("), ")
    {
        body = inner;
    }
    let _ = kind;
    body
}

/// The end of one side: address and port, `None` for a name.
fn side(word: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Some(address) = words::address(word) {
        return Some((address, None));
    }
    let (host, last) = word.rsplit_once('.')?;
    let address = words::address(host)?;
    match port(last) {
        Port::Number(number) => Some((address, Some(number))),
        _ => None,
    }
}

/// `A > B: rest` without the words before it.
fn sides(text: &str) -> Option<(&str, &str, &str)> {
    let (before, after) = text.split_once(" > ")?;
    let from = before.rsplit(' ').next()?;
    let (to, rest) = after.split_once(": ").or_else(|| after.strip_suffix(':').map(|to| (to, "")))?;
    (!to.contains(' ')).then_some((from, to, rest))
}

/// The lines of a packet: where its time stands, and its sides.
type Lines<'a> = (Line<'a>, Line<'a>);

/// What makes a conversation.
type Key = (Option<Text>, Option<u32>, Text, IpAddr, IpAddr, Option<u16>);

struct Capture<'a, 'd> {
    document: &'d Document<'d>,
    list: Vec<(Lines<'a>, Conversation)>,
    index: HashMap<Key, usize>,
    /// The last conversation of a client and a server.
    recent: HashMap<(Option<Text>, IpAddr, IpAddr), usize>,
    /// The last question for a hardware address.
    asked: HashMap<(Option<Text>, IpAddr), usize>,
    lookups: Vec<(Lines<'a>, NameLookup)>,
    lookup_index: HashMap<(IpAddr, IpAddr, Text, Text), usize>,
    pending: HashMap<(IpAddr, u16, u16), usize>,
    left_out: u64,
    names: u64,
    last_name: u32,
}

impl<'a> Capture<'a, '_> {
    fn find(&self, key: &Key) -> Option<usize> {
        self.index.get(key).copied()
    }

    fn open(&mut self, key: Key, line: Lines<'a>, front: Front<'_>) -> Option<&mut Conversation> {
        let at = match self.find(&key) {
            Some(at) => at,
            None if self.list.len() >= MAX_PAIRS => {
                self.left_out += 1;
                return None;
            }
            None => {
                let (interface, vni, proto, client, server, port) = key.clone();
                let conversation = Conversation {
                    interface,
                    vni,
                    proto,
                    client: Some(client),
                    server: Some(server),
                    port,
                    first_time: front.time.map(Text::from),
                    container: self.document.container.clone(),
                    ..Conversation::default()
                };
                self.list.push((line, conversation));
                self.index.insert(key.clone(), self.list.len() - 1);
                self.list.len() - 1
            }
        };
        self.recent.insert((key.0, key.3, key.4), at);
        let (_, found) = self.list.get_mut(at)?;
        found.last_time = front.time.map(Text::from);
        Some(found)
    }

    /// One packet of which the sides are known.
    fn packet(
        &mut self,
        line: Lines<'a>,
        front: Front<'_>,
        vni: Option<u32>,
        from: (IpAddr, Option<u16>),
        to: (IpAddr, Option<u16>),
        rest: &str,
    ) {
        let interface = front.interface.map(Text::from);
        let key = |proto: &str, client: IpAddr, server: IpAddr, port| -> Key {
            (interface.clone(), vni, proto.into(), client, server, port)
        };
        if let Some(rest) = rest.strip_prefix("ICMP ").or_else(|| rest.strip_prefix("ICMP6, ")) {
            let proto = if from.0.is_ipv6() { "icmp6" } else { "icmp" };
            if rest.starts_with("echo request") {
                if let Some(found) = self.open(key(proto, from.0, to.0, None), line, front) {
                    found.requests += 1;
                }
            } else if rest.starts_with("echo reply") {
                if let Some(found) = self.open(key(proto, to.0, from.0, None), line, front) {
                    found.replies += 1;
                }
            } else if rest.contains("neighbor solicitation") {
                if let Some(target) =
                    rest.split_once("who has ").and_then(|(_, rest)| words::address(rest.split([',', ' ']).next()?))
                {
                    self.ask(line, front, vni, "ndp", from.0, target);
                }
            } else if rest.contains("neighbor advertisement") {
                if let Some(target) =
                    rest.split_once("tgt is ").and_then(|(_, rest)| words::address(rest.split([',', ' ']).next()?))
                {
                    self.answer(front, target, None);
                }
            } else {
                self.icmp_error(front, vni, from.0, to.0, rest);
            }
            return;
        }
        let proto = if rest.starts_with("Flags [") || rest.starts_with("tcp ") {
            "tcp"
        } else if from.1.is_some() {
            "udp"
        } else {
            return;
        };
        let flags = rest.strip_prefix("Flags [").and_then(|rest| rest.split(']').next()).unwrap_or_default();
        let (syn, ack, reset) = (flags.contains('S'), flags.contains('.'), flags.contains('R'));
        let forward = key(proto, from.0, to.0, to.1);
        let backward = key(proto, to.0, from.0, from.1);
        let is_reply = if syn {
            ack
        } else if self.find(&forward).is_some() {
            false
        } else if self.find(&backward).is_some() {
            true
        } else {
            // Neither side was seen to begin: the lower port serves.
            from.1 < to.1
        };
        let known = if is_reply { backward } else { forward };
        if let Some(found) = self.open(known, line, front) {
            if is_reply {
                found.replies += 1;
                found.syn_ack += u64::from(syn && ack);
                found.resets += u64::from(reset);
            } else {
                found.requests += 1;
                found.syn += u64::from(syn && !ack);
            }
        }
        if let (Some(from_port), Some(to_port)) = (from.1, to.1) {
            if to_port == 53 {
                self.question(line, (from.0, from_port), to.0, rest);
            } else if from_port == 53 {
                self.reply(to.0, to_port, rest);
            }
        }
    }

    fn ask(
        &mut self,
        line: Lines<'a>,
        front: Front<'_>,
        vni: Option<u32>,
        proto: &str,
        client: IpAddr,
        target: IpAddr,
    ) {
        let interface = front.interface.map(Text::from);
        let key: Key = (interface.clone(), vni, proto.into(), client, target, None);
        if let Some(found) = self.open(key.clone(), line, front) {
            found.requests += 1;
        }
        if let Some(at) = self.find(&key) {
            self.asked.insert((interface, target), at);
        }
    }

    fn answer(&mut self, front: Front<'_>, target: IpAddr, mac: Option<Text>) {
        let at = self.asked.get(&(front.interface.map(Text::from), target)).copied();
        if let Some((_, found)) = at.and_then(|at| self.list.get_mut(at)) {
            found.replies += 1;
            found.mac = mac.or(found.mac.take());
            found.last_time = front.time.map(Text::from);
        }
    }

    /// `host 10.0.0.1 unreachable - admin prohibited filter`, `172.30.0.3 tcp port 81 unreachable`, `net 10.254.1.1 unreachable`;
    /// `destination unreachable, unreachable port, fd00::3 tcp port 81` for IPv6.
    fn icmp_error(&mut self, front: Front<'_>, vni: Option<u32>, by: IpAddr, client: IpAddr, rest: &str) {
        if !rest.contains("unreachable") && !rest.contains("exceeded") && !rest.contains("too big") {
            return;
        }
        let text = rest.split(", length").next().unwrap_or(rest);
        let mut words = text.split([' ', ',']).filter(|word| !word.is_empty()).peekable();
        let Some(target) = words.find_map(words::address) else { return };
        let proto = words.next_if(|word| matches!(*word, "tcp" | "udp"));
        let number = match (proto, words.next(), words.next()) {
            (Some(_), Some("port"), Some(number)) => match port(number) {
                Port::Number(number) => Some(number),
                _ => None,
            },
            _ => None,
        };
        let outcome = if text.contains("prohibited") {
            Outcome::Prohibited
        } else if text.contains(" port ") || text.contains("protocol") || number.is_some() {
            Outcome::Refused
        } else if text.contains("need to frag") || text.contains("exceeded") || text.contains("too big") {
            Outcome::Other
        } else if text.starts_with("net ") || text.contains("no route") || text.contains("unreachable route") {
            Outcome::NetworkUnreachable
        } else {
            Outcome::NoRoute
        };
        let interface = front.interface.map(Text::from);
        let exact = proto.zip(number).and_then(|(proto, number)| {
            self.find(&(interface.clone(), vni, proto.into(), client, target, Some(number)))
        });
        let at = exact.or_else(|| self.recent.get(&(interface, client, target)).copied());
        if let Some((_, found)) = at.and_then(|at| self.list.get_mut(at)) {
            found.errors += 1;
            found.error_by = Some(by);
            found.outcome.get_or_insert(outcome);
            found.last_time = front.time.map(Text::from);
        }
    }

    /// `28300+ [1au] A? nosuch.lab. (28)`.
    fn question(&mut self, line: Lines<'a>, client: (IpAddr, u16), server: IpAddr, rest: &str) {
        let Some((id, behind)) = dns_id(rest) else { return };
        let mut words = behind.split_ascii_whitespace();
        let Some(kind) = words.find_map(|word| word.strip_suffix('?')) else { return };
        let Some(name) = words.next() else { return };
        if self.pending.contains_key(&(client.0, client.1, id)) {
            return;
        }
        let name = Text::from(name.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(name));
        let key = (client.0, server, name.clone(), Text::from(kind));
        let at = match self.lookup_index.get(&key) {
            Some(at) => *at,
            None if self.lookups.len() >= MAX_PAIRS => return,
            None => {
                let found = NameLookup {
                    tool: "tcpdump".into(),
                    name,
                    record_type: Some(kind.into()),
                    outcome: LookupOutcome::TimedOut,
                    server: Some(server),
                    server_port: Some(53),
                    client: Some(client.0),
                    times: Some(0),
                    container: self.document.container.clone(),
                    ..NameLookup::default()
                };
                self.lookups.push((line, found));
                self.lookup_index.insert(key, self.lookups.len() - 1);
                self.lookups.len() - 1
            }
        };
        if self.pending.len() >= MAX_PENDING {
            self.pending.clear();
        }
        self.pending.insert((client.0, client.1, id), at);
        if let Some((_, found)) = self.lookups.get_mut(at) {
            found.times = found.times.map(|times| times.saturating_add(1));
        }
    }

    /// `28300 NXDomain 0/0/0 (28)`, `64087* 1/0/0 A 172.30.0.3 (40)`.
    fn reply(&mut self, client: IpAddr, client_port: u16, rest: &str) {
        let Some((id, behind)) = dns_id(rest) else { return };
        let Some(at) = self.pending.get(&(client, client_port, id)).copied() else { return };
        let Some((_, found)) = self.lookups.get_mut(at) else { return };
        let counts = behind.split_ascii_whitespace().position(|word| word.split('/').count() == 3);
        let Some(counts) = counts else { return };
        let words: Vec<&str> = behind.split_ascii_whitespace().collect();
        let before = words.get(..counts).unwrap_or_default();
        let none = words.get(counts).is_some_and(|word| word.starts_with("0/"));
        let has = |word: &str| before.contains(&word);
        found.outcome = if has("NXDomain") || has("NXDomain*") {
            LookupOutcome::NameNotFound
        } else if has("ServFail") || has("ServFail*") {
            LookupOutcome::ServerFailure
        } else if has("Refused") || has("Refused*") {
            LookupOutcome::Refused
        } else if none {
            LookupOutcome::NoData
        } else {
            LookupOutcome::Answered
        };
        let data = words.iter().zip(words.iter().skip(1)).skip(counts + 1);
        for (kind, data) in data.filter(|(kind, _)| matches!(**kind, "A" | "AAAA" | "CNAME" | "PTR")) {
            let data = data.trim_end_matches([',', ';']);
            let data = Text::from(if matches!(*kind, "CNAME" | "PTR") { data.trim_end_matches('.') } else { data });
            if !found.answers.contains(&data) && found.answers.len() < 64 {
                found.answers.push(data);
            }
        }
    }
}

/// The identifier with its flags off: `28300+`, `64087*-`.
fn dns_id(rest: &str) -> Option<(u16, &str)> {
    let (word, behind) = rest.split_once(' ')?;
    let digits = word.trim_end_matches(['+', '*', '-', '|', '%', '$']);
    Some((digits.parse().ok()?, behind))
}

fn is_noise(line: &str) -> bool {
    let text = line.trim();
    text.is_empty()
        || text.starts_with("tcpdump:")
        || text.starts_with("listening on ")
        || text.starts_with("reading from file ")
        || text.starts_with("dropped privs to ")
        || text.contains(" packets captured")
        || text.contains(" packet captured")
        || text.contains(" received by filter")
        || text.contains(" dropped by kernel")
        || text.contains(" dropped by interface")
        || text.starts_with("Warning: ")
        || text.starts_with("^C")
}

fn is_packet(line: &str) -> bool {
    front(line).is_some_and(|(_, packet)| {
        let body = network_layer(packet);
        let head = cut(body).0;
        matches!(head, "IP" | "IP6" | "ARP," | "IP6,")
            || packet.contains(", ethertype ")
            || packet.contains(" ethertype ")
    })
}

fn detect(hint: &Hint<'_>) -> Match {
    let banner =
        hint.head.lines().take(4).any(|line| line.starts_with("tcpdump: ") || line.starts_with("listening on "));
    let first = hint.head.lines().find(|line| !is_noise(line));
    let content = match first {
        Some(line) => {
            is_packet(line) || timeless(line).is_some() && (banner || words::subject_is(hint.subject, &["tcpdump"]))
        }
        None => banner && hint.head.lines().any(|line| line.contains("packets captured")),
    };
    Match::of(content, words::subject_is(hint.subject, &["tcpdump"]))
}

/// Skips `(tos 0x0, ttl 64, …)` of `-v`, whose words may be in parentheses too.
fn verbose(text: &str) -> &str {
    let text = text.trim_start();
    if !text.starts_with('(') {
        return text;
    }
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return text.get(at + 1..).unwrap_or_default().trim_start();
                }
            }
            _ => {}
        }
    }
    ""
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut capture = Capture {
        document,
        list: Vec::new(),
        index: HashMap::new(),
        recent: HashMap::new(),
        asked: HashMap::new(),
        lookups: Vec::new(),
        lookup_index: HashMap::new(),
        pending: HashMap::new(),
        left_out: 0,
        names: 0,
        last_name: 0,
    };
    let mut seen = false;
    let first = document.lines().find(|line| !is_noise(line.text));
    let untimed = first.is_some_and(|line| front(line.text).is_none() && timeless(line.text).is_some());
    // The packet in a tunnel stands in the next line, without a time in any case.
    let packet_of = |text, inner: bool| front(text).or_else(|| timeless(text).filter(|_| untimed && !inner));
    // A packet whose sides are in the next line, and a tunnel whose packet is.
    let mut open: Option<(Line<'_>, Front<'_>, Option<u32>)> = None;
    let mut tunnel: Option<(Front<'_>, u32)> = None;
    for line in document.lines() {
        let (start, ahead, vni, body) = if let Some((front, packet)) = packet_of(line.text, tunnel.is_some()) {
            seen = true;
            (open, tunnel) = (None, None);
            (line, front, None, network_layer(packet))
        } else if let Some((start, front, vni)) = open.take().filter(|_| line.text.starts_with([' ', '\t'])) {
            (start, front, vni, line.text.trim_start())
        } else if let Some((front, vni)) = tunnel.take() {
            (line, front, Some(vni), network_layer(line.text))
        } else {
            // Payload and details of the packet above.
            if !seen && !is_noise(line.text) {
                parsed.problem(document, line.number, "expected a packet as tcpdump prints it; line skipped");
            }
            continue;
        };
        let body = body.strip_prefix("IP6 ").or_else(|| body.strip_prefix("IP ")).unwrap_or(body);
        let text = verbose(body);
        if text.is_empty() {
            open = Some((start, ahead, vni));
            continue;
        }
        if let Some((_, request)) = text.split_once("Request who-has ") {
            let mut words = request.split([' ', ',']).filter(|word| !word.is_empty());
            let target = words.next().and_then(words::address);
            let teller = words.skip_while(|word| *word != "tell").nth(1).and_then(words::address);
            if let (Some(target), Some(teller)) = (target, teller) {
                capture.ask((start, line), ahead, vni, "arp", teller, target);
            }
            continue;
        }
        if let Some((target, mac)) = text.split_once(" is-at ") {
            let target = target.rsplit(' ').next().and_then(words::address);
            if let Some(target) = target {
                capture.answer(ahead, target, mac.split([',', ' ']).next().and_then(words::mac));
            }
            continue;
        }
        let Some((from, to, rest)) = sides(text) else { continue };
        if let Some((_, number)) = rest.split_once("VXLAN, flags ").and_then(|(_, rest)| rest.split_once("vni ")) {
            let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
            tunnel = digits.parse().ok().map(|vni| (ahead, vni));
        }
        match (side(from), side(to)) {
            (Some(from), Some(to)) => {
                // `[icmp6 sum ok] ICMP6, …`.
                let rest = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(rest, |(_, rest)| rest);
                capture.packet((start, line), ahead, vni, from, to, rest);
            }
            _ => (capture.names, capture.last_name) = (capture.names + 1, line.number),
        }
    }
    finish(document, parsed, capture)
}

fn finish(document: &Document<'_>, mut parsed: Parsed, capture: Capture<'_, '_>) -> Parsed {
    for (line, mut found) in capture.list {
        let answered =
            if &*found.proto == "tcp" { found.syn_ack > 0 || found.replies > found.resets } else { found.replies > 0 };
        let began = found.syn > 0 || matches!(&*found.proto, "icmp" | "icmp6" | "arp" | "ndp");
        found.outcome = if answered {
            Some(Outcome::Reached)
        } else if found.resets > 0 {
            Some(Outcome::Refused)
        } else if found.outcome.is_some() {
            found.outcome
        } else {
            began.then_some(Outcome::TimedOut)
        };
        parsed.fact(document, line.0, line.1, found);
    }
    for (line, found) in capture.lookups {
        parsed.fact(document, line.0, line.1, found);
    }
    if capture.left_out > 0 {
        let message =
            format!("more than {MAX_PAIRS} pairs; {} packets of further ones were left out", capture.left_out);
        parsed.problem(document, 0, message);
    }
    if capture.names > 0 {
        let message = format!(
            "{} packets name hosts or services instead of numbers and were left out; collect with `tcpdump -nn`",
            capture.names
        );
        parsed.problem(document, capture.last_name, message);
    }
    parsed
}
