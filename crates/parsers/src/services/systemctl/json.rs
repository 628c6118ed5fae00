//! `systemctl list-units -o json`, `systemctl list-unit-files -o json` (systemd 246 and later), and troubleshoot's systemctl_services.json.

use bundlescope_facts::{Fact, Unit, UnitFile};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json;
use crate::words;

/// The format.
pub(crate) static JSON: Format = Format {
    name: "systemctl-json",
    collect: "systemctl list-units --all -o json",
    kinds: &["unit", "unit_file"],
    detect,
    parse,
};

fn detect(hint: &Hint<'_>) -> Match {
    if !hint.head.trim_start().starts_with('[') {
        return Match::No;
    }
    let content = json::first_record(hint.head).is_some_and(|record| {
        let has = |keys: &[&str]| keys.iter().all(|key| record.has(key));
        has(&["unit", "load", "active", "sub"])
            || has(&["unit_file", "state"])
            || has(&["Unit", "Load", "Active", "Sub"])
    });
    let named = words::subject_is(hint.subject, &["systemctl"]) || hint.path.ends_with("systemctl_services.json");
    Match::of(content, named)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        let source = record.source();
        if let Some(name) = record.text("unit_file") {
            let state = record.text("state").unwrap_or_default();
            let preset = record.text("preset").or_else(|| record.text("vendor_preset"));
            parsed.facts.push(Fact::new(source, UnitFile { name, state, preset }));
            return;
        }
        // troubleshoot's collector writes its fields with capitals.
        let text = |lower: &str, upper: &str| record.text(lower).or_else(|| record.text(upper));
        let Some(name) = text("unit", "Unit") else {
            record.wrong("an object with the name of a unit");
            return;
        };
        let unit = Unit {
            name,
            load: text("load", "Load"),
            active: text("active", "Active"),
            sub: text("sub", "Sub"),
            job: record.text("job"),
            description: text("description", "Description"),
            container: document.container.clone(),
            ..Unit::default()
        };
        parsed.facts.push(Fact::new(source, unit));
    });
    parsed
}
