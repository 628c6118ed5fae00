//! Collectors that ask something live: ports, web servers, databases, registries, other nodes.

use bundlescope_facts::{CheckResult, Fact, Text};

use crate::format::Format;
use crate::json::{self, Fields};
use crate::{Document, Parsed};

use super::{KINDS, has_all, named};

/// The collector and the name that a path tells: `host-collectors/tcpPortStatus/api.json`, `postgres/main.json`.
fn place(path: &str) -> (Text, Text) {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let folder = parts.next().unwrap_or_default();
    let stem = file.strip_suffix(".json").unwrap_or(file);
    // `NAME/result.json` of the http collector.
    if stem == "result" { ("http".into(), folder.into()) } else { (folder.into(), stem.into()) }
}

fn push(parsed: &mut Parsed, of: Fields<'_, '_>, data: CheckResult) {
    parsed.facts.push(Fact::new(of.source(), data));
}

fn outcome(good: bool) -> Text {
    if good { "pass" } else { "fail" }.into()
}

/// Reads every record of a document.
fn each(document: &Document<'_>, read: impl Fn(Fields<'_, '_>, &mut Parsed)) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, read);
    parsed
}

/// Folders of collectors whose result is a status in one word.
const STATUS_FOLDERS: &[&str] = &[
    "tcpPortStatus",
    "udpPortStatus",
    "connect",
    "tcpConnect",
    "tcpLoadBalancer",
    "httpLoadBalancer",
    "subnetAvailable",
    "certificate",
];

/// `{"status": "connection-refused", "message": "…"}`: tcpPortStatus, connect, load balancers, …
pub(super) static STATUS: Format = Format {
    name: "troubleshoot-status",
    collect: "kubectl support-bundle",
    kinds: KINDS,
    detect: |hint| {
        let (folder, _) = place(hint.path);
        // `host-collectors/tcpPortStatus/NODE/NAME.json` of several nodes.
        let told = STATUS_FOLDERS.iter().any(|known| *known == &*folder || hint.path.contains(&format!("/{known}/")));
        named(told && has_all(hint.head, &["status"]), told)
    },
    parse: |document| {
        each(document, |record, parsed| {
            let (folder, name) = place(&document.path);
            let check = STATUS_FOLDERS.iter().find(|known| document.path.contains(&format!("{known}/")));
            let status = record.text("status").unwrap_or_default();
            let good =
                matches!(&*status, "connected" | "key-pair-valid" | "no-subnet-overlap" | "subnet-available" | "ok");
            let message = record.text("message");
            let data = CheckResult {
                name,
                outcome: outcome(good),
                message: Some(match message {
                    Some(message) => format!("{status}: {message}").into(),
                    None => status,
                }),
                check: check.map_or(folder, |known| (*known).into()),
            };
            push(parsed, record, data);
        })
    },
};

/// `{"response": {"status": 200, …}}` or `{"error": {"message": "…"}}`: http.
pub(super) static HTTP: Format = Format {
    name: "troubleshoot-http",
    collect: "kubectl support-bundle",
    kinds: KINDS,
    detect: |hint| {
        let answered = hint.head.contains("\"response\"") && hint.head.contains("\"raw_json\"")
            || hint.head.contains("\"response\"") && hint.head.contains("\"headers\"");
        let response = answered && has_all(hint.head, &["response"]);
        let (folder, _) = place(hint.path);
        let error = &*folder == "http" && has_all(hint.head, &["error"]);
        named(response || error, &*folder == "http")
    },
    parse: |document| {
        each(document, |record, parsed| {
            let (_, name) = place(&document.path);
            let status = record.object("response").int::<u16>("status");
            let error = record.object("error").text("message");
            let data = CheckResult {
                name,
                outcome: outcome(error.is_none() && status.is_some_and(|status| status < 400)),
                message: error.or_else(|| status.map(|status| format!("status {status}").into())),
                check: "http".into(),
            };
            let shown = if status.is_some() { record.object("response").get("status") } else { record.get("error") };
            push(parsed, shown, data);
        })
    },
};

/// `{"isConnected": false, "error": "…", "version": "…"}`: postgres, mysql, mssql, redis, clickhouse.
pub(super) static DATABASE: Format = Format {
    name: "troubleshoot-database",
    collect: "kubectl support-bundle",
    kinds: KINDS,
    detect: |hint| named(hint.head.contains("\"isConnected\"") && has_all(hint.head, &["isConnected"]), false),
    parse: |document| {
        each(document, |record, parsed| {
            let (check, name) = place(&document.path);
            let good = record.bool("isConnected") == Some(true);
            let version = record.text("version").map(|version| Text::from(format!("version {version}")));
            let data = CheckResult { name, outcome: outcome(good), message: record.text("error").or(version), check };
            push(parsed, record, data);
        })
    },
};

/// `{"images": {"NAME": {"exists": false, "error": "…"}}}`: registryImages.
pub(super) static REGISTRY: Format = Format {
    name: "troubleshoot-registry",
    collect: "kubectl support-bundle",
    kinds: KINDS,
    detect: |hint| {
        let exists = hint.head.contains("\"images\"") && hint.head.contains("\"exists\"");
        named(exists && has_all(hint.head, &["images"]), false)
    },
    parse: |document| {
        each(document, |record, parsed| {
            for (image, found) in record.object("images").entries() {
                let data = CheckResult {
                    name: image.into(),
                    outcome: outcome(found.bool("exists") == Some(true)),
                    message: found.text("error"),
                    check: "registryImages".into(),
                };
                push(parsed, found, data);
            }
        })
    },
};

/// `{"name": "…", "secretExists": false}` and the same for config maps; the value is not read.
pub(super) static EXISTS: Format = Format {
    name: "troubleshoot-exists",
    collect: "kubectl support-bundle",
    kinds: KINDS,
    detect: |hint| {
        let secret = hint.head.contains("\"secretExists\"") && has_all(hint.head, &["secretExists", "name"]);
        let config = hint.head.contains("\"configMapExists\"") && has_all(hint.head, &["configMapExists", "name"]);
        named(secret || config, false)
    },
    parse: |document| {
        each(document, |record, parsed| {
            let (member, check) =
                if record.has("secretExists") { ("secretExists", "secret") } else { ("configMapExists", "configMap") };
            let exists = record.bool(member) == Some(true);
            let key = record.text("key");
            let key_missing = key.is_some() && record.bool("keyExists") == Some(false);
            let name = record.text("name").unwrap_or_default();
            let data = CheckResult {
                name: record
                    .text("namespace")
                    .map_or_else(|| name.clone(), |namespace| format!("{namespace}/{name}").into()),
                outcome: outcome(exists && !key_missing),
                message: match key {
                    Some(key) if exists && key_missing => Some(format!("it has no key {key}").into()),
                    _ if !exists => Some("it does not exist".into()),
                    _ => None,
                },
                check: check.into(),
            };
            // Not the lines of the value.
            push(parsed, record.get(member), data);
        })
    },
};

/// goldpinger/check_all.json: every pod asks every other one.
pub(super) static GOLDPINGER: Format = Format {
    name: "troubleshoot-goldpinger",
    collect: "kubectl support-bundle",
    kinds: KINDS,
    detect: |hint| {
        let found = hint.head.contains("\"responses\"") || hint.path.contains("goldpinger");
        let keys = has_all(hint.head, &["hosts"]) || has_all(hint.head, &["responses"]);
        let sure = hint.head.contains("\"podIP\"") || hint.head.contains("\"podResults\"");
        named(found && keys && sure, hint.path.contains("goldpinger"))
    },
    parse: |document| {
        each(document, |record, parsed| {
            for (from, host) in record.object("responses").entries() {
                let result = host.object("response");
                let results =
                    if result.has("podResults") { result.object("podResults") } else { result.object("pod-results") };
                if !results.is_present() {
                    let data = CheckResult {
                        name: from.into(),
                        outcome: outcome(host.bool("OK") == Some(true)),
                        message: host.text("error"),
                        check: "goldpinger".into(),
                    };
                    push(parsed, host, data);
                }
                for (to, pair) in results.entries() {
                    let data = CheckResult {
                        name: format!("{from} to {to}").into(),
                        outcome: outcome(pair.bool("OK") == Some(true)),
                        message: pair.text("error"),
                        check: "goldpinger".into(),
                    };
                    push(parsed, pair, data);
                }
            }
        })
    },
};
