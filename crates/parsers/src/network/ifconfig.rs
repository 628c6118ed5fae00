//! `ifconfig`: net-tools 1.60 (`Link encap:Ethernet`), 2.x (`flags=4163<UP,…>`), and busybox, which prints the old form.

use bundlescope_facts::{Address, Interface, InterfaceTraffic, Text};

use super::ip_addr::set_flags;
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static IFCONFIG: Format = Format {
    name: "ifconfig",
    collect: "ifconfig -a",
    kinds: &["interface", "address", "interface_traffic"],
    detect,
    parse,
};

fn detect(hint: &Hint<'_>) -> Match {
    let first = hint.head.lines().find(|line| !line.trim().is_empty() && !is_title(line)).unwrap_or_default();
    match (header(first).is_some(), words::subject_is(hint.subject, &["ifconfig"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// What `netstat -ie` prints above.
fn is_title(line: &str) -> bool {
    line.starts_with("Kernel Interface table")
}

/// The name, and an interface with what its first line tells. An alias (`eth0:1`) keeps its label.
fn header(line: &str) -> Option<(&str, Interface)> {
    if line.starts_with([' ', '\t']) {
        return None;
    }
    if let Some((name, rest)) = line.split_once(": flags=") {
        let (flags, rest) = rest.split_once('<')?.1.split_once('>')?;
        let mut interface = Interface::default();
        read_flags(&mut interface, &flags.split(',').collect::<Vec<_>>());
        let mut words = Words::new(rest);
        if words.next() == Some("mtu") {
            interface.mtu = words.next().and_then(words::number);
        }
        return (!name.contains(' ')).then_some((name, interface));
    }
    let (name, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_ascii_start().strip_prefix("Link encap:")?;
    let mut interface = Interface::default();
    if let Some((_, mac)) = rest.split_once("HWaddr ") {
        interface.mac = mac.split_ascii_whitespace().next().and_then(words::mac);
    }
    interface.link_kind = link_kind(rest);
    Some((name, interface))
}

fn link_kind(text: &str) -> Option<Text> {
    if text.contains("Loopback") {
        Some("loopback".into())
    } else if text.contains("Ethernet") {
        Some("ether".into())
    } else {
        None
    }
}

fn read_flags(interface: &mut Interface, flags: &[&str]) {
    set_flags(interface, &flags.join(","));
    interface.carrier = Some(flags.contains(&"RUNNING"));
}

/// An address of any of the forms, with the bits of its mask.
fn address(line: &str) -> Option<Address> {
    let mut words = Words::new(line);
    let family = words.next()?;
    let mut found = Address::default();
    match family {
        // `inet addr:10.0.0.1  Bcast:… Mask:255.255.255.0`, `inet6 addr: fe80::1/64 Scope:Link`.
        "inet" | "inet6" if line.contains("addr:") => {
            let text = line.split_once("addr:")?.1;
            let word = text.split_ascii_whitespace().next()?;
            let (address, prefix) =
                word.split_once('/').map_or((word, None), |(address, prefix)| (address, Some(prefix)));
            found.address = Some(address.parse().ok()?);
            found.prefix = match prefix {
                Some(prefix) => prefix.parse().ok()?,
                None => line
                    .split_once("Mask:")
                    .and_then(|(_, mask)| mask_bits(mask.split_ascii_whitespace().next()?))
                    .unwrap_or(32),
            };
            found.peer =
                line.split_once("P-t-P:").and_then(|(_, peer)| peer.split_ascii_whitespace().next()?.parse().ok());
            found.scope =
                line.split_once("Scope:").and_then(|(_, scope)| scope.split_ascii_whitespace().next()).map(scope);
        }
        "inet" | "inet6" => {
            found.address = Some(words.next()?.split('%').next()?.parse().ok()?);
            found.prefix = if family == "inet" { 32 } else { 128 };
            while let Some(word) = words.next() {
                match word {
                    "netmask" => found.prefix = words.next().and_then(mask_bits)?,
                    "prefixlen" => found.prefix = words.next().and_then(words::number)?,
                    "destination" => found.peer = words.next().and_then(words::address),
                    // `scopeid 0x20<link>`.
                    "scopeid" => found.scope = words.next().and_then(|word| word.split(['<', '>']).nth(1)).map(scope),
                    _ => {}
                }
            }
        }
        _ => return None,
    }
    Some(found)
}

fn scope(word: &str) -> Text {
    word.to_ascii_lowercase().into()
}

/// Bits of a mask, dotted or `0xffffff00` (BSD).
fn mask_bits(word: &str) -> Option<u8> {
    let mask = match word.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => u32::from(word.parse::<std::net::Ipv4Addr>().ok()?),
    };
    let bits = mask.leading_ones();
    // A mask with holes cannot be told as a prefix.
    (mask.count_ones() == bits).then(|| u8::try_from(bits).unwrap_or(32))
}

/// One interface being read.
struct Block<'a> {
    name: &'a str,
    interface: Interface,
    first: Line<'a>,
    last: Line<'a>,
    addresses: Vec<(Line<'a>, Address)>,
    traffic: Option<(Line<'a>, InterfaceTraffic)>,
}

/// A line of counters: `RX packets 5  bytes 684 (684.0 B)` and `RX errors 0  dropped 0  overruns 0  frame 0`; in the old form
/// `RX packets:5 errors:0 dropped:0 overruns:0 frame:0`, `collisions:0 txqueuelen:0` and `RX bytes:684 (684.0 B)  TX bytes:740`.
fn counters(traffic: &mut InterfaceTraffic, text: &str) -> Option<()> {
    let words: Vec<&str> = text.split([' ', ':']).filter(|word| !word.is_empty()).collect();
    let mut received = match *words.first()? {
        "RX" => true,
        "TX" | "collisions" => false,
        _ => return None,
    };
    for (name, value) in words.iter().zip(words.iter().skip(1)) {
        if matches!(*name, "RX" | "TX") {
            received = *name == "RX";
        }
        let Ok(value) = value.parse::<u64>() else { continue };
        let field = match (*name, received) {
            ("packets", true) => &mut traffic.rx_packets,
            ("bytes", true) => &mut traffic.rx_bytes,
            ("errors", true) => &mut traffic.rx_errors,
            ("dropped", true) => &mut traffic.rx_dropped,
            ("overruns", true) => &mut traffic.rx_overruns,
            ("packets", false) => &mut traffic.tx_packets,
            ("bytes", false) => &mut traffic.tx_bytes,
            ("errors", false) => &mut traffic.tx_errors,
            ("dropped", false) => &mut traffic.tx_dropped,
            ("carrier", false) => &mut traffic.carrier_errors,
            ("collisions", false) => &mut traffic.collisions,
            _ => continue,
        };
        *field = Some(value);
    }
    Some(())
}

impl<'a> Block<'a> {
    fn line(&mut self, line: Line<'a>) {
        let text = line.text.trim_ascii();
        if let Some(address) = address(text) {
            self.addresses.push((line, address));
            return;
        }
        let (last, traffic) = self.traffic.get_or_insert_with(|| (line, InterfaceTraffic::default()));
        if counters(traffic, text).is_some() {
            *last = line;
            return;
        }
        let mut words = Words::new(text);
        match words.peek() {
            Some("ether") => {
                self.interface.mac = words.nth(1).and_then(words::mac);
                self.interface.link_kind = Some("ether".into());
                self.last = line;
            }
            Some("loop") => {
                self.interface.link_kind = Some("loopback".into());
                self.last = line;
            }
            // `UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1`.
            Some(_) if text.contains("MTU:") => {
                let flags: Vec<&str> =
                    text.split_ascii_whitespace().take_while(|word| !word.starts_with("MTU:")).collect();
                read_flags(&mut self.interface, &flags);
                let mtu = text.split_once("MTU:").and_then(|(_, mtu)| mtu.split_ascii_whitespace().next());
                self.interface.mtu = mtu.and_then(words::number);
                self.last = line;
            }
            _ => {}
        }
    }

    fn flush(self, document: &Document<'_>, parsed: &mut Parsed) {
        let container = document.container.clone();
        // `eth0:1` is one more address of eth0.
        let (name, alias) = self.name.split_once(':').map_or((self.name, false), |(name, _)| (name, true));
        let name = Text::from(name);
        if !alias {
            let interface = Interface { name: name.clone(), container: container.clone(), ..self.interface };
            parsed.fact(document, self.first, self.last, interface);
        }
        for (line, address) in self.addresses {
            let address = Address { interface: name.clone(), container: container.clone(), ..address };
            parsed.fact(document, self.first, line, address);
        }
        if let Some((last, traffic)) = self.traffic.filter(|(_, found)| !alias && found.rx_packets.is_some()) {
            let traffic = InterfaceTraffic { interface: name, container, ..traffic };
            parsed.fact(document, self.first, last, traffic);
        }
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut block: Option<Block<'_>> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_title(line.text)) {
        if let Some((name, interface)) = header(line.text) {
            if let Some(done) =
                block.replace(Block { name, interface, first: line, last: line, addresses: Vec::new(), traffic: None })
            {
                done.flush(document, &mut parsed);
            }
        } else if let (Some(block), true) = (&mut block, line.text.starts_with([' ', '\t'])) {
            block.line(line);
        } else {
            parsed.problem(document, line.number, "expected an interface as ifconfig prints it; line skipped");
        }
    }
    if let Some(done) = block {
        done.flush(document, &mut parsed);
    }
    parsed
}
