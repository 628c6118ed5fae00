//! `conntrack -L` (also `-o extended`) and /proc/net/nf_conntrack.

use bundlescope_facts::Flow;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static CONNTRACK: Format =
    Format { name: "conntrack", collect: "conntrack -L", kinds: &["flow"], detect, parse };

fn detect(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["conntrack"]) || hint.subject.ends_with("/nf_conntrack");
    let summary =
        hint.head.lines().any(|line| line.starts_with("conntrack v") && line.contains("flow entries have been shown"));
    let content = summary || words::most_lines(hint.head, |line| flow(line).is_some());
    match (content, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// `[ipv4 2] tcp 6 431999 ESTABLISHED src=… dst=… sport=… dport=… [UNREPLIED] src=… … [ASSURED] mark=0 use=1`.
fn flow(line: &str) -> Option<Flow> {
    let mut words = Words::new(line);
    let mut proto = words.next()?;
    if matches!(proto, "ipv4" | "ipv6") {
        words.next()?.parse::<u32>().ok()?;
        proto = words.next()?;
    }
    words.next()?.parse::<u8>().ok()?;
    let mut found = Flow { proto: proto.into(), ..Flow::default() };
    found.timeout = words.peek().and_then(|word| word.parse().ok());
    if found.timeout.is_some() {
        words.next();
    }
    let mut replies = false;
    for word in words {
        let Some((key, value)) = word.split_once('=') else {
            match word {
                "[UNREPLIED]" => found.unreplied = true,
                "[ASSURED]" => found.assured = true,
                _ if word.starts_with('[') => found.flags.push(word.trim_matches(['[', ']']).into()),
                _ if found.source.is_none()
                    && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit()) =>
                {
                    found.state = Some(word.into());
                }
                _ => {}
            }
            continue;
        };
        // The second source begins the other direction.
        replies |= key == "src" && found.source.is_some();
        match (key, replies) {
            ("src", false) => found.source = value.parse().ok(),
            ("dst", false) => found.destination = value.parse().ok(),
            ("sport", false) => found.source_port = value.parse().ok(),
            ("dport", false) => found.destination_port = value.parse().ok(),
            ("src", true) => found.reply_source = value.parse().ok(),
            ("dst", true) => found.reply_destination = value.parse().ok(),
            ("sport", true) => found.reply_source_port = value.parse().ok(),
            ("dport", true) => found.reply_destination_port = value.parse().ok(),
            ("mark", _) => found.mark = words::number(value),
            ("zone", _) => found.zone = words::number(value),
            _ => {}
        }
    }
    (found.source.is_some() && found.destination.is_some() && found.reply_source.is_some()).then_some(found)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match flow(line.text) {
            Some(found) => parsed.line_fact(document, line, Flow { container: document.container.clone(), ..found }),
            None if line.text.starts_with("conntrack v") => {}
            None => parsed.problem(
                document,
                line.number,
                "expected a flow with `src=` and `dst=` of both directions; line skipped",
            ),
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translated_flow_has_both_directions() {
        let line = "tcp      6 117 SYN_SENT src=172.18.0.3 dst=10.0.0.5 sport=40001 dport=5432 [UNREPLIED] src=172.18.0.9 dst=172.18.0.3 \
                    sport=5432 dport=40001 mark=0 use=1";
        let found = flow(line).expect("a flow");
        assert_eq!((found.source_port, found.reply_source_port, found.timeout), (Some(40001), Some(5432), Some(117)));
        assert_eq!((found.unreplied, found.state.as_deref()), (true, Some("SYN_SENT")));
        assert_eq!(found.reply_source.map(|a| a.to_string()).as_deref(), Some("172.18.0.9"));
        assert_eq!(flow("tcp 6 nonsense"), None);
    }
}
