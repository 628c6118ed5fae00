//! Releases as JSON or YAML: `helm list`, `helm history`, `helm status`, `helm get metadata` (helm 2 to 4), and
//! troubleshoot.sh's helm/NAMESPACE.json.

use bundlescope_facts::{Fact, HelmRelease, Text};

use crate::format::{Format, Match};
use crate::json::{self, Fields, Node, Value};
use crate::{Parsed, yaml};

use super::{state, sure, time};

/// As JSON.
pub(super) static JSON: Format = Format {
    name: "helm-json",
    collect: "helm list --all --all-namespaces -o json",
    kinds: &["helm_release"],
    detect: |hint| {
        if !hint.head.contains("\"status\"") && !hint.head.contains("\"Status\"") && !hint.head.contains("releaseName")
        {
            return Match::No;
        }
        sure(json::first_record(hint.head).is_some_and(|record| is_release(&record)), hint)
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        json::read(document, &mut parsed, record);
        parsed
    },
};

/// As YAML.
pub(super) static YAML: Format = Format {
    name: "helm-yaml",
    collect: "helm list --all --all-namespaces -o yaml",
    kinds: &["helm_release"],
    detect: |hint| {
        let begins = |start: &str| hint.head.lines().take(200).any(|line| line.starts_with(start));
        let listed = begins("- app_version:") && begins("  chart:") && begins("  revision:");
        let metadata = begins("chart:") && begins("revision:") && begins("status:") && begins("namespace:");
        sure(listed || metadata, hint)
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        yaml::read_items(document, &mut parsed, |of, _, parsed| record(of, parsed));
        parsed
    },
};

fn is_release(node: &Node<'_>) -> bool {
    let all = |keys: &[&str]| keys.iter().all(|key| node.has(key));
    let info = node.member("info").is_some_and(|info| info.value.has("status") && info.value.has("last_deployed"));
    all(&["revision", "status", "chart"]) && (node.has("updated") || node.has("deployedAt"))
        || all(&["name", "namespace", "info"]) && info
        || all(&["releaseName", "releaseHistory"])
        || all(&["releaseName", "chart", "chartVersion"])
        || node
            .member("Releases")
            .is_some_and(|list| list.value.items().first().is_some_and(|first| first.has("Chart")))
}

fn record(of: Fields<'_, '_>, parsed: &mut Parsed) {
    if of.has("Releases") {
        of.list("Releases").for_each(|release| listed(release, parsed));
    } else if of.has("releaseName") {
        collected(of, parsed);
    } else if of.has("info") {
        status(of, parsed);
    } else {
        listed(of, parsed);
    }
}

/// A text, or a number as written.
fn word(of: Fields<'_, '_>, keys: &[&str]) -> Option<Text> {
    keys.iter().find_map(|key| match &of.get(key).node()?.value {
        Value::Text(text) if !text.is_empty() => Some(Text::from(text.as_ref())),
        Value::Number(number) => Some(Text::from(*number)),
        _ => None,
    })
}

/// The state of a release; any other word is a problem.
fn state_of(of: Fields<'_, '_>) -> Option<Text> {
    let written = word(of, &["status", "Status"])?;
    let known = state(&written);
    if known.is_none() {
        of.get(if of.has("status") { "status" } else { "Status" }).wrong("a status of helm, such as deployed");
    }
    known
}

/// An element of `helm list` or `helm history`, or `helm get metadata`.
fn listed(of: Fields<'_, '_>, parsed: &mut Parsed) {
    let chart = word(of, &["chart", "Chart"]);
    let data = HelmRelease {
        name: word(of, &["name", "Name"]),
        namespace: word(of, &["namespace", "Namespace"]),
        revision: of.int("revision").or_else(|| of.int("Revision")),
        status: state_of(of),
        chart: match (chart, word(of, &["version"])) {
            (Some(chart), Some(version)) => Some(format!("{chart}-{version}").into()),
            (chart, _) => chart,
        },
        app_version: word(of, &["app_version", "appVersion", "AppVersion"]),
        updated: word(of, &["updated", "deployedAt", "Updated"]).and_then(|text| time(&text)),
        description: word(of, &["description"]),
    };
    parsed.facts.push(Fact::new(of.source(), data));
}

/// `helm status`; its values and manifest may be long, and hold secrets.
fn status(of: Fields<'_, '_>, parsed: &mut Parsed) {
    let info = of.object("info");
    let chart = of.get("chart").get("metadata");
    let data = HelmRelease {
        name: word(of, &["name"]),
        namespace: word(of, &["namespace"]),
        revision: of.int("version"),
        status: state_of(info),
        chart: word(chart, &["name"])
            .zip(word(chart, &["version"]))
            .map(|(name, version)| format!("{name}-{version}").into()),
        app_version: word(chart, &["appVersion"]),
        updated: word(info, &["last_deployed"]).and_then(|text| time(&text)),
        description: word(info, &["description"]),
    };
    parsed.facts.push(Fact::new(info.source(), data));
}

/// A release as troubleshoot.sh collects it: one fact for each revision.
fn collected(of: Fields<'_, '_>, parsed: &mut Parsed) {
    let chart = word(of, &["chart"]);
    let base = HelmRelease {
        name: word(of, &["releaseName"]),
        namespace: word(of, &["namespace"]),
        chart: match (chart, word(of, &["chartVersion"])) {
            (Some(chart), Some(version)) => Some(format!("{chart}-{version}").into()),
            (chart, _) => chart,
        },
        app_version: word(of, &["appVersion"]),
        ..HelmRelease::default()
    };
    if !of.has("releaseHistory") {
        parsed.facts.push(Fact::new(of.source(), base));
        return;
    }
    for revision in of.list("releaseHistory") {
        let data = HelmRelease {
            revision: revision.int("revision"),
            status: state_of(revision),
            updated: word(revision, &["date"]).and_then(|text| time(&text)),
            ..base.clone()
        };
        parsed.facts.push(Fact::new(revision.source_of(&["revision", "date", "status"]), data));
    }
}
