//! What a cluster and its client say of themselves: `kubectl version` (1.8 to 1.33; text, JSON, YAML), troubleshoot.sh's
//! cluster_version.json, `kubectl cluster-info`, `kubectl api-versions`.

use bundlescope_facts::{Fact, KubeApi, KubeCluster, KubeVersion, Text};

use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields};
use crate::words::most_lines;
use crate::{Document, Parsed, yaml};

use super::{sure, tables};

/// `kubectl version`.
pub(super) static VERSION: Format = Format {
    name: "kubectl-version",
    collect: "kubectl version",
    kinds: &["kube_version", "collection_error"],
    detect: |hint| {
        let begins = |line: &str| {
            ["Client Version: v", "Server Version: v", "clientVersion:"].iter().any(|start| line.starts_with(start))
        };
        sure(hint.head.lines().take(10).any(begins), hint)
    },
    parse: parse_version,
};

/// `kubectl version -o json`, cluster_version.json, the answer of `/version`.
pub(super) static VERSION_JSON: Format = Format {
    name: "kubectl-version-json",
    collect: "kubectl version -o json",
    kinds: &["kube_version"],
    detect: |hint| {
        let content = hint.head.contains("\"gitVersion\"")
            && json::first_record(hint.head).is_some_and(|record| {
                let known = |key: &str| record.member(key).is_some_and(|member| member.value.has("gitVersion"));
                record.has("gitVersion") || ["clientVersion", "serverVersion", "info"].iter().any(|key| known(key))
            });
        sure(content, hint)
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        let versions = |record: Fields<'_, '_>, parsed: &mut Parsed| {
            for (key, part) in [("clientVersion", "client"), ("serverVersion", "server"), ("info", "server")] {
                version(record.object(key), part, parsed);
            }
            version(record, "server", parsed);
        };
        // kubectl warns behind the JSON when the versions are too far apart.
        let end = memchr::memmem::rfind(document.bytes, b"\nWARNING: version difference")
            .or_else(|| memchr::memmem::rfind(document.bytes, b"}WARNING: version difference"))
            .map_or(document.bytes.len(), |at| at + 1);
        let json = Document { bytes: document.bytes.get(..end).unwrap_or_default(), ..document.clone() };
        json::read(&json, &mut parsed, versions);
        parsed
    },
};

fn version(of: Fields<'_, '_>, part: &str, parsed: &mut Parsed) {
    let Some(version) = of.text("gitVersion") else { return };
    let data = KubeVersion { part: part.into(), version, platform: of.text("platform") };
    parsed.facts.push(Fact::new(of.source_of(&["gitVersion", "platform"]), data));
}

fn parse_version(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    if document.lines().any(|line| line.text.starts_with("clientVersion:")) {
        yaml::read_items(document, &mut parsed, |record, _, parsed| {
            version(record.object("clientVersion"), "client", parsed);
            version(record.object("serverVersion"), "server", parsed);
        });
        return parsed;
    }
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((key, value)) = line.text.split_once(": ") else {
            if !tables::notice(document, line, &mut parsed) {
                parsed.problem(document, line.number, "expected the version of a client or of a server");
            }
            continue;
        };
        let part = match key {
            "Client Version" => "client",
            "Server Version" => "server",
            "Kustomize Version" | "WARNING" => continue,
            _ => {
                if !tables::notice(document, line, &mut parsed) {
                    parsed.problem(document, line.number, "expected the version of a client or of a server");
                }
                continue;
            }
        };
        // `version.Info{Major:"1", …, GitVersion:"v1.20.2", …, Platform:"linux/amd64"}` until 1.27.
        let inside = |name: &str| {
            let (_, rest) = value.split_once(&format!("{name}:\""))?;
            Some(Text::from(rest.split('"').next()?))
        };
        let version = if value.starts_with("version.Info{") { inside("GitVersion") } else { Some(value.trim().into()) };
        match version.filter(|version| version.starts_with('v')) {
            Some(version) => {
                let data = KubeVersion { part: part.into(), version, platform: inside("Platform") };
                parsed.line_fact(document, line, data);
            }
            None => parsed.problem(document, line.number, "expected a version such as v1.30.1"),
        }
    }
    parsed
}

/// `kubectl cluster-info`.
pub(super) static CLUSTER_INFO: Format = Format {
    name: "kubectl-cluster-info",
    collect: "kubectl cluster-info",
    kinds: &["kube_cluster", "collection_error"],
    detect: |hint| {
        let runs = |line: &str| line.contains("is running at") && line.contains("http");
        let kubernetes = |line: &str| line.contains("Kubernetes") && runs(line);
        sure(hint.head.lines().take(5).any(kubernetes), hint)
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
            let plain = uncoloured(line.text);
            match plain.split_once(" is running at ") {
                Some((name, server)) => {
                    let data = KubeCluster { name: name.trim().into(), server: server.trim().into(), current: None };
                    parsed.line_fact(document, line, data);
                }
                None if plain.starts_with("To further debug") || tables::notice(document, line, &mut parsed) => {}
                None => parsed.problem(document, line.number, "expected a service and where it is running"),
            }
        }
        parsed
    },
};

/// Text without the escape sequences that colour it.
fn uncoloured(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = escape.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

/// `kubectl api-versions`.
pub(super) static API_VERSIONS: Format = Format {
    name: "kubectl-api-versions",
    collect: "kubectl api-versions",
    kinds: &["kube_api"],
    detect: |hint: &Hint<'_>| {
        let known = hint.head.lines().any(|line| line.trim() == "v1");
        let content = known && most_lines(hint.head, is_api_version) && hint.head.lines().count() >= 3;
        match (content, hint.subject.starts_with("kubectl api-versions")) {
            (true, true) => Match::Both,
            (true, false) => Match::Content,
            _ => Match::No,
        }
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        let (mut first, mut last, mut data) = (None, None, KubeApi::default());
        for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
            if is_api_version(line.text) {
                first.get_or_insert(line);
                last = Some(line);
                data.versions.push(line.text.trim().into());
            } else if !tables::notice(document, line, &mut parsed) {
                parsed.problem(document, line.number, "expected a version of an API, such as apps/v1");
            }
        }
        if let (Some(first), Some(last)) = (first, last) {
            parsed.fact(document, first, last, data);
        }
        parsed
    },
};

/// `apps/v1`, `v1`, `metrics.k8s.io/v1beta1`.
fn is_api_version(line: &str) -> bool {
    let line = line.trim();
    let (group, version) = line.rsplit_once('/').unwrap_or(("", line));
    let Some(number) = version.strip_prefix('v') else { return false };
    number.starts_with(|c: char| c.is_ascii_digit())
        && number.trim_matches(|c: char| c.is_ascii_digit()).trim_matches(|c: char| c.is_ascii_lowercase()).is_empty()
        && group.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
}
