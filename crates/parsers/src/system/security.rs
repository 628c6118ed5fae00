//! SELinux and AppArmor: `sestatus`, `getenforce`, /etc/selinux/config, `aa-status`.

use bundlescope_facts::{SecurityModule, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `sestatus`, `sestatus -b`.
pub(crate) static SESTATUS: Format = Format {
    name: "sestatus",
    collect: "sestatus",
    kinds: &["security_module"],
    detect: detect_status,
    parse: parse_status,
};

/// `getenforce`: one word.
pub(crate) static GETENFORCE: Format = Format {
    name: "getenforce",
    collect: "getenforce",
    kinds: &["security_module"],
    detect: detect_enforce,
    parse: |document| super::load::one_line(document, "expected `Enforcing`, `Permissive` or `Disabled`", enforce),
};

/// /etc/selinux/config.
pub(crate) static SELINUX_CONFIG: Format = Format {
    name: "selinux-config",
    collect: "cat /etc/selinux/config",
    kinds: &["security_module"],
    detect: detect_config,
    parse: parse_config,
};

/// `aa-status`, `apparmor_status`.
pub(crate) static APPARMOR: Format = Format {
    name: "aa-status",
    collect: "aa-status",
    kinds: &["security_module"],
    detect: detect_apparmor,
    parse: parse_apparmor,
};

fn selinux() -> SecurityModule {
    SecurityModule { module: "selinux".into(), ..SecurityModule::default() }
}

fn entry(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    Some((name.trim(), value.trim()))
}

fn detect_status(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(8).any(|line| {
        entry(line).is_some_and(|(name, value)| match name {
            "SELinux status" => true,
            "Loaded policy name" => !value.is_empty(),
            _ => false,
        })
    });
    match (content, words::subject_is(hint.subject, &["sestatus"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_status(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut found = selinux();
    let mut range: Option<(Line<'_>, Line<'_>)> = None;
    let mut in_list = false;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((name, value)) = entry(line.text) else {
            // A boolean and its state below `Policy booleans:`.
            if !in_list {
                parsed.problem(document, line.number, "expected `Name: value` as sestatus prints it; line skipped");
            }
            continue;
        };
        in_list |= value.is_empty();
        let text = || Some(Text::from(value));
        match name {
            "SELinux status" => found.enabled = Some(value == "enabled"),
            "Current mode" => found.mode = text(),
            "Mode from config file" => found.configured_mode = text(),
            "Loaded policy name" | "Policy from config file" => found.policy = text(),
            _ => continue,
        }
        range = Some((range.map_or(line, |(first, _)| first), line));
    }
    // Where it is disabled there is no mode.
    if found.enabled == Some(false) {
        found.mode = Some("disabled".into());
    }
    if let Some((first, last)) = range {
        parsed.fact(document, first, last, found);
    }
    parsed
}

fn enforce(line: &str) -> Option<SecurityModule> {
    let mode = line.trim();
    matches!(mode, "Enforcing" | "Permissive" | "Disabled").then(|| SecurityModule {
        enabled: Some(mode != "Disabled"),
        mode: Some(mode.to_ascii_lowercase().into()),
        ..selinux()
    })
}

fn detect_enforce(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let content = lines.next().is_some_and(|line| enforce(line).is_some()) && lines.next().is_none();
    match (content, words::subject_is(hint.subject, &["getenforce"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn setting(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    Some((name.trim(), value.trim()))
}

fn detect_config(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().filter_map(setting).any(|(name, value)| {
        name == "SELINUX" && matches!(value.to_ascii_lowercase().as_str(), "enforcing" | "permissive" | "disabled")
    });
    let path = matches!(hint.subject, "/etc/selinux/config" | "/etc/sysconfig/selinux");
    match (content, path) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, true) => Match::Path,
        _ => Match::No,
    }
}

fn parse_config(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut found = selinux();
    let mut range: Option<(Line<'_>, Line<'_>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !line.text.trim().starts_with('#')) {
        match setting(line.text) {
            Some(("SELINUX", value)) => found.configured_mode = Some(value.to_ascii_lowercase().into()),
            Some(("SELINUXTYPE", value)) => found.policy = Some(value.into()),
            Some(_) => continue,
            None => {
                parsed.problem(document, line.number, "expected `SELINUX=mode` or another setting; line skipped");
                continue;
            }
        }
        range = Some((range.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = range {
        parsed.fact(document, first, last, found);
    }
    parsed
}

/// `33 profiles are in enforce mode.`
fn profiles(line: &str) -> Option<(u32, &str)> {
    let (count, rest) = line.split_once(" profiles are ")?;
    Some((count.trim().parse().ok()?, rest.trim_end_matches('.')))
}

fn detect_apparmor(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(5).any(|line| {
        matches!(line, "apparmor module is loaded." | "apparmor module is not loaded." | "apparmor not present.")
            || profiles(line).is_some_and(|(_, state)| state == "loaded")
    });
    let path = words::subject_is(hint.subject, &["aa-status"]) || words::subject_is(hint.subject, &["apparmor_status"]);
    match (content, path) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_apparmor(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut found = SecurityModule { module: "apparmor".into(), ..SecurityModule::default() };
    let mut range: Option<(Line<'_>, Line<'_>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match (line.text.trim(), profiles(line.text)) {
            ("apparmor module is loaded.", _) | (_, Some((_, "loaded"))) => found.enabled = Some(true),
            ("apparmor module is not loaded." | "apparmor not present.", _) => found.enabled = Some(false),
            (_, Some((count, "in enforce mode"))) => found.profiles_enforced = Some(count),
            (_, Some((count, "in complain mode"))) => found.profiles_complaining = Some(count),
            // Names of profiles and of processes below their headings.
            _ => continue,
        }
        range = Some((range.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = range {
        parsed.fact(document, first, last, found);
    }
    parsed
}
