//! Files of firewalld: zones (/etc/firewalld/zones/*.xml, firewalld.zone(5)) and direct rules (/etc/firewalld/direct.xml, firewalld.direct(5)).

use bundlescope_facts::{FirewalldDirectRule, FirewalldZone, ForwardPort, Text};
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::identify::valid_prefix;

/// A zone's file.
pub(crate) static ZONE_XML: Format = Format {
    name: "firewalld-zone-xml",
    collect: "cat /etc/firewalld/zones/*.xml",
    kinds: &["firewalld_zone"],
    detect: detect_zone,
    parse: parse_zone,
};

/// The file of direct rules.
pub(crate) static DIRECT_XML: Format = Format {
    name: "firewalld-direct-xml",
    collect: "cat /etc/firewalld/direct.xml",
    kinds: &["firewalld_direct_rule"],
    detect: detect_direct,
    parse: parse_direct,
};

/// The name of the outermost element.
fn root(head: &str) -> Option<&str> {
    let (_, rest) = head
        .match_indices('<')
        .map(|(at, _)| head.split_at(at + 1))
        .find(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    rest.split(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').next()
}

fn detect_zone(hint: &Hint<'_>) -> Match {
    // firewalld keeps the file that it replaced under this name.
    let named = hint.subject.contains("firewalld/zones/");
    let own = ["<short>", "<service name=", "<port ", "<interface name=", "<source ", "<masquerade", "<rule"];
    let content = hint.head.trim_start().starts_with('<')
        && root(hint.head) == Some("zone")
        && (named || own.iter().any(|element| hint.head.contains(element)));
    Match::of(content && !hint.path.ends_with(".old"), named)
}

fn detect_direct(hint: &Hint<'_>) -> Match {
    let named = hint.subject.contains("firewalld/direct.xml");
    let own = ["<rule ", "<chain ", "<passthrough "].iter().any(|element| hint.head.contains(element));
    let content = hint.head.trim_start().starts_with('<') && root(hint.head) == Some("direct") && (named || own);
    Match::of(content && !hint.path.ends_with(".old"), named)
}

/// An element below the outermost one.
struct Child<'a> {
    name: String,
    element: BytesStart<'a>,
    /// What stands between its tags, as written; empty for `<masquerade/>`.
    inner: &'a str,
    /// The whole element as written.
    written: &'a str,
    lines: (Line<'a>, Line<'a>),
}

impl Child<'_> {
    fn attribute(&self, name: &str) -> Option<Text> {
        attribute(&self.element, name)
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<Text> {
    let found = element.attributes().flatten().find(|attribute| attribute.key.as_ref() == name.as_bytes())?;
    let raw = std::str::from_utf8(&found.value).ok()?;
    Some(unescape(raw).map_or_else(|_| raw.into(), |value| Text::from(value.trim())))
}

/// Reads the outermost element and hands on each element below it; its own lines are from the first to the last line of the file that
/// could be read.
fn read<'a>(
    document: &Document<'a>,
    parsed: &mut Parsed,
    mut each: impl FnMut(&mut Parsed, &Child<'a>),
) -> Option<(BytesStart<'a>, Line<'a>, Line<'a>)> {
    let text = valid_prefix(document.bytes);
    let lines: Vec<Line<'a>> = document.lines().collect();
    let line_at = |at: u64| {
        let behind = lines.partition_point(|line| line.start - document.offset <= at);
        lines.get(behind.saturating_sub(1)).copied()
    };
    let mut reader = Reader::from_str(text);
    let mut outermost: Option<(BytesStart<'a>, Line<'a>, Line<'a>)> = None;
    loop {
        let start = reader.buffer_position();
        let event = reader.read_event();
        let behind = reader.buffer_position();
        // Blanks are events of their own, so that an event begins where its tag does.
        let (Some(first), Some(last)) = (line_at(start), line_at(behind.saturating_sub(1))) else { break };
        let (element, empty) = match event {
            Ok(Event::Start(element)) => (element, false),
            Ok(Event::Empty(element)) => (element, true),
            Ok(Event::End(_)) => {
                outermost.iter_mut().for_each(|(_, _, end)| *end = last);
                break;
            }
            Ok(Event::Eof) => {
                parsed.problem(document, last.number, "the file ends before its last element does");
                break;
            }
            Ok(_) => continue,
            Err(error) => {
                parsed.problem(document, first.number, format!("not well-formed XML ({error}); the rest was skipped"));
                break;
            }
        };
        let Some((_, _, end)) = &mut outermost else {
            outermost = Some((element, first, last));
            if empty {
                break;
            }
            continue;
        };
        let inner = if empty { Ok(behind..behind) } else { reader.read_to_end(element.name()) };
        let Ok(inner) = inner else {
            parsed.problem(document, first.number, "an element that is not closed; the rest was skipped");
            break;
        };
        let slice = |from: u64, to: u64| text.get(from as usize..to as usize).unwrap_or_default();
        let close = reader.buffer_position();
        let Some(last) = line_at(close.saturating_sub(1)) else { break };
        *end = last;
        let child = Child {
            name: String::from_utf8_lossy(element.name().as_ref()).into_owned(),
            inner: slice(inner.start, inner.end),
            written: slice(start, close),
            lines: (first, last),
            element,
        };
        each(parsed, &child);
    }
    outermost
}

/// `public` for `…/zones/public.xml`.
fn zone_of(path: &str) -> Text {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".txt").unwrap_or(name).trim_end_matches(".xml").into()
}

fn parse_zone(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut zone = FirewalldZone { zone: zone_of(&document.path), configured: true, ..FirewalldZone::default() };
    let outermost = read(document, &mut parsed, |parsed, child| {
        let missing = |parsed: &mut Parsed, what: &str| {
            parsed.problem(document, child.lines.0.number, format!("expected {what}; element skipped"));
        };
        let mut named = |list: &mut Vec<Text>, keys: &[&str]| match keys.iter().find_map(|key| child.attribute(key)) {
            Some(value) => list.push(value),
            None => missing(parsed, &format!("an attribute `{}`", keys.join("` or `"))),
        };
        match child.name.as_str() {
            "service" => named(&mut zone.services, &["name"]),
            "interface" => named(&mut zone.interfaces, &["name"]),
            "source" => named(&mut zone.sources, &["address", "mac", "ipset"]),
            "protocol" => named(&mut zone.protocols, &["value"]),
            "icmp-block" => named(&mut zone.icmp_blocks, &["name"]),
            "port" | "source-port" => match child.attribute("port").zip(child.attribute("protocol")) {
                Some((port, protocol)) => {
                    let list = if child.name == "port" { &mut zone.ports } else { &mut zone.source_ports };
                    list.push(format!("{port}/{protocol}").into());
                }
                None => missing(parsed, "the attributes `port` and `protocol`"),
            },
            "forward-port" => match child.attribute("port").zip(child.attribute("protocol")) {
                Some((port, protocol)) => zone.forward_ports.push(ForwardPort {
                    port,
                    protocol,
                    to_port: child.attribute("to-port"),
                    to_address: child.attribute("to-addr"),
                }),
                None => missing(parsed, "the attributes `port` and `protocol`"),
            },
            // Old files say it with an attribute.
            "masquerade" => {
                let off = child.attribute("enabled").is_some_and(|word| !word.eq_ignore_ascii_case("true"));
                zone.masquerade = Some(!off);
            }
            "forward" => zone.forward = Some(true),
            "rule" => zone.rich_rules.push(child.written.split_ascii_whitespace().collect::<Vec<_>>().join(" ").into()),
            "short" | "description" | "icmp-block-inversion" => {}
            _ => missing(parsed, "a setting of a zone that is known"),
        }
    });
    if let Some((element, first, last)) = outermost {
        zone.target = attribute(&element, "target");
        parsed.fact(document, first, last, zone);
    }
    parsed
}

fn parse_direct(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    read(document, &mut parsed, |parsed, child| {
        if child.name != "rule" {
            // Chains are empty without rules, and passthrough rules name no place of their own.
            return;
        }
        let written = child.inner.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let arguments = unescape(&written).map_or_else(|_| written.clone(), |text| text.into_owned());
        let priority = child.attribute("priority").and_then(|number| number.parse().ok());
        let place = (child.attribute("ipv"), child.attribute("table"), child.attribute("chain"), priority);
        let (Some(ipv), Some(table), Some(chain), Some(priority)) = place else {
            let message = "expected a direct rule with `ipv`, `table`, `chain` and `priority`; element skipped";
            parsed.problem(document, child.lines.0.number, message);
            return;
        };
        let rule = FirewalldDirectRule { ipv, table, chain, priority, text: arguments.into(), configured: true };
        parsed.fact(document, child.lines.0, child.lines.1, rule);
    });
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::{Identity, identify};

    fn read_as(path: &str, text: &str) -> (&'static str, Parsed) {
        let Identity::Format(format) = identify(path, text.as_bytes()).identity else { panic!("not recognised") };
        (format.name, format.read(&Document::new(path, text.as_bytes())))
    }

    // Written by firewall-offline-cmd; the script beside the folder says how.
    const ZONE: &str = include_str!("../../fixtures/firewall/firewalld/shop.xml");
    const DIRECT: &str = include_str!("../../fixtures/firewall/firewalld/direct.xml");

    #[test]
    fn a_zone_is_read_from_its_file() {
        for path in ["etc/firewalld/zones/shop.xml", "x/shop.xml"] {
            let (format, parsed) = read_as(path, ZONE);
            assert_eq!((format, parsed.problems.len()), ("firewalld-zone-xml", 0), "{:?}", parsed.problems);
            let bundlescope_facts::Data::FirewalldZone(zone) = &parsed.facts[0].data else { panic!() };
            assert_eq!((&*zone.zone, zone.target.as_deref(), zone.configured), ("shop", Some("DROP"), true));
            assert_eq!(
                (zone.services.as_slice(), zone.ports.as_slice()),
                (&["ssh".into()][..], &["8080/tcp".into()][..])
            );
            assert_eq!((zone.interfaces.as_slice(), zone.sources.len()), (&["br0".into()][..], 1));
            assert_eq!(zone.forward_ports[0].to_address.as_deref(), Some("10.0.0.9"));
            let rule = "<rule family=\"ipv4\"> <source address=\"10.0.0.0/24\"/> <reject/> </rule>";
            assert_eq!((&*zone.rich_rules[0], zone.rich_rules.len(), zone.masquerade), (rule, 2, None));
            assert_eq!((parsed.facts[0].source.first_line, parsed.facts[0].source.last_line), (2, 22));
        }
    }

    #[test]
    fn a_file_that_is_cut_keeps_what_was_read_and_says_so() {
        let (_, parsed) = read_as("etc/firewalld/zones/public.xml", &ZONE[..ZONE.find("<reject").unwrap_or_default()]);
        assert_eq!((parsed.facts.len(), parsed.problems.len(), parsed.problems[0].line), (1, 1, 8));
        let (_, parsed) = read_as("etc/firewalld/zones/public.xml", "<zone>\n<port port=\"1\"/>\n<other/>\n</zone>");
        assert_eq!(parsed.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn direct_rules_are_read_from_their_file() {
        let (format, parsed) = read_as("direct.xml", DIRECT);
        assert_eq!((format, parsed.problems.len(), parsed.facts.len()), ("firewalld-direct-xml", 0, 1));
        let bundlescope_facts::Data::FirewalldDirectRule(rule) = &parsed.facts[0].data else { panic!() };
        assert_eq!((&*rule.chain, rule.priority, parsed.facts[0].source.first_line), ("INPUT", -1, 4));
        assert_eq!(&*rule.text, "-p tcp --dport 82 -m comment --comment 'no more' -j DROP");
    }
}
