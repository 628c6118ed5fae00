//! `ufw status`, also `verbose` and `numbered`, and /etc/default/ufw and /etc/ufw/ufw.conf; ufw 0.33 to 0.36.

use bundlescope_facts::{Family, FirewallService, Text, UfwRule};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `ufw status`.
pub(crate) static UFW: Format = Format {
    name: "ufw-status",
    collect: "ufw status verbose",
    kinds: &["firewall_service", "ufw_rule"],
    detect,
    parse,
};

/// /etc/default/ufw, /etc/ufw/ufw.conf.
pub(crate) static UFW_CONF: Format = Format {
    name: "ufw-conf",
    collect: "cat /etc/default/ufw /etc/ufw/ufw.conf",
    kinds: &["firewall_service"],
    detect: detect_conf,
    parse: parse_conf,
};

fn first(head: &str) -> &str {
    head.lines().find(|line| !line.trim().is_empty() && !is_noise(line)).unwrap_or_default()
}

/// Warnings of ufw itself (`WARN: uid is 0 but '/etc' is owned by 1000`), and what `ufw enable` prints.
fn is_noise(line: &str) -> bool {
    line.starts_with("WARN:")
        || line.starts_with("Firewall is active and enabled")
        || line.starts_with("Firewall reloaded")
}

fn detect(hint: &Hint<'_>) -> Match {
    let line = first(hint.head).trim_end();
    let content = line == "Status: inactive"
        || line == "Status: active" && hint.head.lines().any(|line| line.contains("Action") && line.contains("From"))
        || line == "Status: active" && hint.head.lines().take(4).any(|line| line.starts_with("Default: "))
        || line.starts_with("ERROR: problem running ufw") && hint.head.contains("ufw");
    let named = words::subject_is(hint.subject, &["ufw"]);
    Match::of(content || named && line.starts_with("Status: "), named)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut service: Option<(Line<'_>, Line<'_>, FirewallService)> = None;
    let mut listed = false;
    let mut rules = Vec::new();
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_noise(line.text)) {
        let text = line.text.trim_end();
        if let Some(state) = text.strip_prefix("Status: ") {
            let active = Some(state.starts_with("active"));
            let found = FirewallService { service: "ufw".into(), active, ..FirewallService::default() };
            service = Some((line, line, found));
            continue;
        }
        if text.starts_with("ERROR:") {
            parsed.problem(document, line.number, "ufw could not tell its state");
            continue;
        }
        if text.trim_start().starts_with("To") && text.contains("Action") && text.contains("From") {
            listed = true;
            continue;
        }
        if text.trim_start().starts_with("--") {
            continue;
        }
        if listed {
            match rule(text, rules.len() as u32 + 1) {
                Some(rule) => rules.push((line, rule)),
                None => parsed.problem(document, line.number, "expected a rule of ufw with its action; line skipped"),
            }
            continue;
        }
        let Some((_, last, found)) = &mut service else {
            parsed.problem(document, line.number, "expected `Status:` first; line skipped");
            continue;
        };
        *last = line;
        if let Some(logging) = text.strip_prefix("Logging: ") {
            let level = logging.split_once('(').and_then(|(_, level)| level.split(')').next());
            found.logging = Some(level.unwrap_or(logging).into());
        } else if let Some(defaults) = text.strip_prefix("Default: ") {
            for part in defaults.split(", ") {
                let Some((action, what)) = part.split_once(" (") else { continue };
                let field = match what.trim_end_matches(')') {
                    "incoming" => &mut found.incoming,
                    "outgoing" => &mut found.outgoing,
                    "routed" => &mut found.routed,
                    _ => continue,
                };
                *field = Some(action.into());
            }
        } else if !text.starts_with("New profiles:") {
            parsed.problem(document, line.number, "expected a setting of ufw; line skipped");
        }
    }
    if let Some((first, last, found)) = service {
        parsed.fact(document, first, last, found);
    }
    for (line, rule) in rules {
        parsed.line_fact(document, line, rule);
    }
    parsed
}

const ACTIONS: &[&str] = &["ALLOW", "DENY", "REJECT", "LIMIT"];

/// `[ 2] 5432/tcp   ALLOW IN    172.30.0.0/24   # database`.
fn rule(text: &str, count: u32) -> Option<UfwRule> {
    let mut rest = text.trim_start();
    let mut number = count;
    if let Some((shown, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        number = shown.trim().parse().ok()?;
        rest = behind.trim_start();
    }
    let (front, comment) = match rest.split_once(" #") {
        Some((front, comment)) => (front, Some(comment.trim())),
        None => (rest, None),
    };
    // The action is a word of its own, with two blanks before it.
    let (at, action) = ACTIONS
        .iter()
        .filter_map(|action| {
            let at = front.find(&format!(" {action}"))?;
            let after = front.get(at + 1 + action.len()..)?;
            (after.is_empty() || after.starts_with(' ')).then_some((at, *action))
        })
        .min()?;
    let to = front.get(..at)?.trim();
    let behind = front.get(at + 1 + action.len()..)?.trim_start();
    let (direction, from) = ["IN", "OUT", "FWD"]
        .iter()
        .find_map(|word| {
            let rest = behind.strip_prefix(word)?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| (word.to_ascii_lowercase(), rest.trim()))
        })
        .unwrap_or_else(|| ("in".into(), behind.trim()));
    // `(out)`, `(log)`, `(log-all, out)` behind the source.
    let from = match from.rsplit_once("  (").or_else(|| from.rsplit_once(" (")) {
        Some((front, flags)) if !flags.starts_with("v6)") => front.trim(),
        _ => from,
    };
    if to.is_empty() || from.is_empty() {
        return None;
    }
    let side = |text: &str| -> (String, Option<Text>) {
        match text.split_once(" on ") {
            Some((what, interface)) => (what.trim().to_owned(), Some(interface.trim().into())),
            None => (text.to_owned(), None),
        }
    };
    let ((to_side, to_interface), (_, from_interface)) = (side(to), side(from));
    let v6 = to.contains("(v6)") || from.contains("(v6)") || to.contains("::") || from.contains("::");
    let bare = to_side.replace("(v6)", "");
    let (ports, protocol) = ports(bare.trim());
    Some(UfwRule {
        number,
        action: action.into(),
        direction: direction.into(),
        to: to.into(),
        from: from.into(),
        ports,
        protocol,
        to_interface,
        from_interface,
        family: if v6 { Family::Ip6 } else { Family::Ip },
        comment: comment.map(Text::from),
    })
}

/// `22/tcp`, `8000:8010/tcp`, `80,443/tcp`, `10.0.0.1 67/udp`, `Anywhere/esp`; a profile has none.
fn ports(text: &str) -> (Option<Text>, Option<Text>) {
    let last = text.rsplit(' ').next().unwrap_or_default();
    let (what, protocol) = last.split_once('/').map_or((last, None), |(what, protocol)| (what, Some(protocol)));
    let is_ports = !what.is_empty() && what.split([',', ':']).all(|port| port.parse::<u16>().is_ok());
    if is_ports {
        return (Some(what.into()), protocol.map(Text::from));
    }
    let word = protocol.filter(|protocol| protocol.starts_with(|c: char| c.is_ascii_alphabetic()));
    (None, word.map(Text::from))
}

const CONF_KEYS: &[&str] = &["DEFAULT_INPUT_POLICY", "DEFAULT_OUTPUT_POLICY", "DEFAULT_FORWARD_POLICY"];

fn detect_conf(hint: &Hint<'_>) -> Match {
    let is_default = hint.head.lines().filter(|line| CONF_KEYS.iter().any(|key| line.starts_with(key))).count() >= 2;
    let is_conf = hint.head.lines().any(|line| line.starts_with("ENABLED="))
        && hint.head.lines().any(|line| line.starts_with("LOGLEVEL="));
    Match::of(is_default || is_conf, matches!(hint.subject, "/etc/default/ufw" | "/etc/ufw/ufw.conf"))
}

fn parse_conf(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut service = FirewallService { service: "ufw".into(), configured: true, ..FirewallService::default() };
    let mut lines: Option<(Line<'_>, Line<'_>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !line.text.starts_with('#')) {
        let Some((key, value)) = line.text.split_once('=') else {
            parsed.problem(document, line.number, "expected `KEY=value`; line skipped");
            continue;
        };
        let value = value.trim().trim_matches('"');
        let text = Some(Text::from(value.to_ascii_lowercase()));
        match key.trim() {
            "ENABLED" => service.active = Some(value.eq_ignore_ascii_case("yes")),
            "LOGLEVEL" => service.logging = text,
            "DEFAULT_INPUT_POLICY" => service.incoming = text,
            "DEFAULT_OUTPUT_POLICY" => service.outgoing = text,
            "DEFAULT_FORWARD_POLICY" => service.routed = text,
            _ => continue,
        }
        lines = Some((lines.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = lines {
        parsed.fact(document, first, last, service);
    }
    parsed
}
