//! `resolvectl status`, `resolvectl dns`, `systemd-resolve --status`; systemd 229 to 258.
//!
//! Until systemd 246 servers and domains stand one below the other, later beside each other; both are read.

use bundlescope_facts::{ResolvedScope, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static RESOLVECTL: Format =
    Format { name: "resolvectl-status", collect: "resolvectl status", kinds: &["resolved_scope"], detect, parse };

const KEYS: &[&str] = &[
    "Current DNS Server",
    "Current Scopes",
    "DNS Domain",
    "DNS Servers",
    "DNSOverTLS setting",
    "DNSSEC NTA",
    "DNSSEC setting",
    "DNSSEC supported",
    "Default Route",
    "DefaultRoute setting",
    "Fallback DNS Servers",
    "LLMNR setting",
    "MulticastDNS setting",
    "Protocols",
    "resolv.conf mode",
    "Fallback DNS Server",
];

/// The heading of a scope: `Global`, `Link 2 (eth0)`, and what follows a colon.
fn scope(line: &str) -> Option<(Option<&str>, Option<&str>)> {
    if line.starts_with(' ') {
        return None;
    }
    let line = line.trim_end();
    let (head, rest) = match line.split_once("): ").or_else(|| line.strip_suffix("):").map(|head| (head, ""))) {
        Some((head, rest)) => (head, Some(rest)),
        None => match line.strip_prefix("Global:") {
            Some(rest) => ("Global", Some(rest)),
            None => (line.strip_suffix(')').unwrap_or(line), None),
        },
    };
    if head == "Global" {
        return Some((None, rest));
    }
    let (number, interface) = head.strip_prefix("Link ")?.split_once(" (")?;
    number.parse::<u32>().ok()?;
    (!interface.is_empty()).then_some((Some(interface), rest))
}

fn key(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.trim().split_once(':')?;
    KEYS.contains(&key).then_some((key, value.trim()))
}

fn detect(hint: &Hint<'_>) -> Match {
    let named =
        words::subject_is(hint.subject, &["resolvectl"]) || words::subject_is(hint.subject, &["systemd-resolve"]);
    let scoped = hint.head.lines().take(40).any(|line| scope(line).is_some());
    let keyed = hint.head.lines().any(|line| line.starts_with(' ') && key(line).is_some());
    let listed = words::most_lines(hint.head, |line| scope(line).is_some_and(|(_, rest)| rest.is_some_and(is_servers)));
    Match::of(scoped && (keyed || listed), named)
}

/// A list of servers, as `resolvectl dns` prints it; `resolvectl domain` prints the same form with domains.
fn is_servers(text: &str) -> bool {
    text.split_ascii_whitespace().all(|word| words::address(word.split('#').next().unwrap_or(word)).is_some())
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(ResolvedScope, Line<'_>, Line<'_>)> = None;
    let mut above = "";
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some((interface, rest)) = scope(line.text) {
            if let Some((scope, first, last)) = open.take() {
                parsed.fact(document, first, last, scope);
            }
            let mut found = ResolvedScope { interface: interface.map(Text::from), ..ResolvedScope::default() };
            let listed = rest.unwrap_or_default().split_ascii_whitespace().map(Text::from);
            if is_servers(rest.unwrap_or_default()) {
                found.servers.extend(listed);
            } else {
                found.domains.extend(listed);
            }
            open = Some((found, line, line));
            above = "";
            continue;
        }
        let Some((scope, _, last)) = &mut open else {
            parsed.problem(document, line.number, "expected `Global` or `Link 2 (eth0)`; line skipped");
            continue;
        };
        if let Some((key, value)) = key(line.text) {
            set(scope, key, value);
            above = key;
        } else if line.text.starts_with(' ') && !above.is_empty() {
            set(scope, above, line.text.trim());
        } else {
            parsed.problem(document, line.number, "expected a property such as `DNS Servers: 10.0.0.2`; line skipped");
            continue;
        }
        *last = line;
    }
    if let Some((scope, first, last)) = open {
        parsed.fact(document, first, last, scope);
    }
    parsed
}

fn set(scope: &mut ResolvedScope, key: &str, value: &str) {
    let words = || value.split_ascii_whitespace().map(Text::from);
    let flag = |value: &str| match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    match key {
        "DNS Servers" => scope.servers.extend(words()),
        "Fallback DNS Servers" | "Fallback DNS Server" => scope.fallback_servers.extend(words()),
        "DNS Domain" => scope.domains.extend(words()),
        "Current DNS Server" => scope.current_server = Some(value.into()),
        "Current Scopes" => scope.scopes.extend(words().filter(|word| &**word != "none")),
        "DefaultRoute setting" | "Default Route" => scope.default_route = flag(value),
        "DNSSEC setting" => scope.dnssec = Some(value.into()),
        "resolv.conf mode" => scope.resolv_conf_mode = Some(value.into()),
        "Protocols" => {
            for word in value.split_ascii_whitespace() {
                match word {
                    "+DefaultRoute" => scope.default_route = Some(true),
                    "-DefaultRoute" => scope.default_route = Some(false),
                    _ => {
                        if let Some(setting) = word.strip_prefix("DNSSEC=") {
                            scope.dnssec = Some(setting.into());
                        }
                    }
                }
            }
        }
        _ => {}
    }
}
