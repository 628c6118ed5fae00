//! `crictl ps`, `pods`, `images`, `inspect` and `inspectp` (crictl 1.0 to 1.33), as tables and, images aside, as JSON.

use bundlescope_facts::{CriContainer, CriPod, Fact, Image, Text};
use jiff::Timestamp;

use crate::format::{Format, Match};
use crate::json::{self, Fields};
use crate::table::{Row, Table};
use crate::{Document, Parsed};

const KINDS: &[&str] = &["cri_container", "cri_pod"];

/// Tables.
pub(super) static TABLES: Format = Format {
    name: "crictl",
    collect: "crictl ps -a; crictl pods",
    kinds: KINDS,
    detect: |hint| {
        let content = hint.head.lines().take(5).any(|line| titles(line).is_some());
        matched(content, hint.subject)
    },
    parse,
};

/// `crictl images`.
pub(super) static IMAGES: Format = Format {
    name: "crictl-images",
    collect: "crictl images",
    kinds: &["image"],
    detect: |hint| {
        let first = hint.head.lines().find(|line| !line.trim().is_empty() && !is_noise(line));
        matched(first.is_some_and(|line| is_image_titles(&Table::titles(line))), hint.subject)
    },
    parse: parse_images,
};

fn is_image_titles(table: &Table<'_>) -> bool {
    table.first() == Some("IMAGE") && ["TAG", "IMAGE ID", "SIZE"].iter().all(|title| table.has(title))
}

/// `registry.k8s.io/pause   3.9   e6f1816883972   322kB`; `--digests` has a column more, and `<none>` stands for no name.
fn parse_images(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut current: Option<Table<'_>> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_noise(line.text)) {
        let table = Table::titles(line.text);
        if is_image_titles(&table) {
            current = Some(table);
            continue;
        }
        let found = current.as_ref().and_then(|table| {
            let row = table.row(line.text, &[])?;
            let (name, tag) = (row.get("IMAGE"), row.get("TAG"));
            let named = |word: &str| !matches!(word, "<none>" | "");
            Some(Image {
                id: Some(row.get("IMAGE ID")).filter(|id| !id.is_empty() && !id.contains(' '))?.into(),
                tags: (named(name) && named(tag)).then(|| format!("{name}:{tag}").into()).into_iter().collect(),
                size: Some(crate::docker::size(row.get("SIZE"))?),
                ..Image::default()
            })
        });
        match found {
            Some(image) => parsed.line_fact(document, line, image),
            None => parsed.problem(document, line.number, "expected an image with its id and size; line skipped"),
        }
    }
    parsed
}

/// `WARN[0000] runtime connect using default endpoints …`, and the same as logfmt.
fn is_noise(line: &str) -> bool {
    ["WARN[", "time=\"", "E1", "E0", "W1", "W0"].iter().any(|start| line.starts_with(start))
        && line.contains(['=', ']'])
}

/// JSON.
pub(super) static JSON: Format = Format {
    name: "crictl-json",
    collect: "crictl ps -a -o json; crictl pods -o json",
    kinds: KINDS,
    detect: |hint| {
        if !hint.head.contains("\"CONTAINER_") && !hint.head.contains("\"SANDBOX_") {
            return Match::No;
        }
        let content = json::first_record(hint.head).is_some_and(|record| {
            record.has("containers")
                || record.has("items")
                || record.member("status").is_some_and(|status| status.value.has("state"))
        });
        matched(content, hint.subject)
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        json::read(document, &mut parsed, record);
        parsed
    },
};

fn matched(content: bool, subject: &str) -> Match {
    match (content, subject.starts_with("crictl")) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// The titles of containers (true) or of pods.
fn titles(line: &str) -> Option<(bool, Table<'_>)> {
    if !line.starts_with(['C', 'P']) {
        return None;
    }
    let table = Table::titles(line);
    let all = |wanted: &[&str]| wanted.iter().all(|title| table.has(title));
    if all(&["IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID"]) {
        return Some((true, table));
    }
    all(&["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT"]).then_some((false, table))
}

/// `CONTAINER_RUNNING` and `Running`, `SANDBOX_NOTREADY` and `NotReady`.
fn state(word: &str) -> Option<Text> {
    let word = word.trim_start_matches("CONTAINER_").trim_start_matches("SANDBOX_").to_lowercase();
    Some(word.into()).filter(|word: &Text| !word.is_empty())
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut current: Option<(bool, Table<'_>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(found) = titles(line.text) {
            current = Some(found);
            continue;
        }
        let noise = is_noise(line.text);
        let fits = |row: &Row<'_, '_>| {
            let id = if row.has("CONTAINER") || row.has("CONTAINER ID") {
                row.get("CONTAINER").len() + row.get("CONTAINER ID").len()
            } else {
                row.get("POD ID").len()
            };
            let one = |title: &str| !row.get(title).is_empty() && !row.get(title).contains(' ');
            id > 0 && one("STATE") && one("NAME") && row.get("ATTEMPT").parse::<u64>().is_ok()
        };
        let row = current.as_ref().and_then(|(containers, table)| {
            Some((*containers, table.row_that(line.text, &["POD", "NAMESPACE", "RUNTIME"], fits)?))
        });
        match row {
            Some((true, row)) => {
                let cell = |title: &str| Some(row.get(title)).filter(|cell| !cell.is_empty()).map(Text::from);
                let data = CriContainer {
                    name: row.get("NAME").into(),
                    id: cell("CONTAINER").or_else(|| cell("CONTAINER ID")).unwrap_or_default(),
                    image: cell("IMAGE"),
                    state: state(row.get("STATE")),
                    attempt: row.get("ATTEMPT").parse().ok(),
                    pod: cell("POD"),
                    pod_id: cell("POD ID"),
                    namespace: cell("NAMESPACE"),
                    ..CriContainer::default()
                };
                parsed.line_fact(document, line, data);
            }
            Some((false, row)) => {
                let cell = |title: &str| Some(row.get(title)).filter(|cell| !cell.is_empty()).map(Text::from);
                let data = CriPod {
                    name: row.get("NAME").into(),
                    id: row.get("POD ID").into(),
                    namespace: cell("NAMESPACE"),
                    state: state(row.get("STATE")),
                    attempt: row.get("ATTEMPT").parse().ok(),
                    ..CriPod::default()
                };
                parsed.line_fact(document, line, data);
            }
            None if noise => {}
            None => parsed.problem(document, line.number, "not a row under the titles of crictl"),
        }
    }
    parsed
}

/// `createdAt` in nanoseconds since 1970, or as a time.
fn created(of: Fields<'_, '_>) -> Option<Timestamp> {
    let written = super::objects::number_or_name(of.get("createdAt"))?;
    match written.parse::<i128>() {
        Ok(nanoseconds) => Timestamp::from_nanosecond(nanoseconds).ok(),
        Err(_) => written.parse().ok(),
    }
}

fn record(of: Fields<'_, '_>, parsed: &mut Parsed) {
    if of.has("containers") {
        of.list("containers").for_each(|found| container(found, None, parsed));
    } else if of.has("items") {
        of.list("items").for_each(|found| pod(found, parsed));
    } else if of.object("status").word("state").starts_with("SANDBOX_") {
        pod(of.object("status"), parsed);
    } else {
        container(of.object("status"), of.object("info").text("sandboxID"), parsed);
    }
}

/// A container of a list, or the status of one; the latter tells its pod beside it.
fn container(of: Fields<'_, '_>, pod_id: Option<Text>, parsed: &mut Parsed) {
    let (metadata, labels, image) = (of.object("metadata"), of.object("labels"), of.object("image"));
    let data = CriContainer {
        name: metadata.text("name").unwrap_or_default(),
        id: of.text("id").unwrap_or_default(),
        image: image.text("userSpecifiedImage").or_else(|| image.text("image")),
        state: state(of.word("state")),
        attempt: metadata.int("attempt"),
        pod: labels.text("io.kubernetes.pod.name"),
        pod_id: of.text("podSandboxId").or(pod_id),
        namespace: labels.text("io.kubernetes.pod.namespace"),
        exit_code: of.int("exitCode").filter(|_| of.word("state") == "CONTAINER_EXITED"),
        reason: of.text("reason"),
        message: of.text("message"),
        created: created(of),
        log_path: of.text("logPath"),
    };
    parsed.facts.push(Fact::new(of.source(), data));
}

/// A pod of a list, or the status of one.
fn pod(of: Fields<'_, '_>, parsed: &mut Parsed) {
    let metadata = of.object("metadata");
    let data = CriPod {
        name: metadata.text("name").unwrap_or_default(),
        id: of.text("id").unwrap_or_default(),
        namespace: metadata.text("namespace"),
        state: state(of.word("state")),
        attempt: metadata.int("attempt"),
        address: of.object("network").address("ip"),
        created: created(of),
        labels: of.map("labels"),
    };
    parsed.facts.push(Fact::new(of.source(), data));
}
