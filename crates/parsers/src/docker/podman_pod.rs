//! `podman pod ps` of podman 2 to 5, as a table and as JSON.

use bundlescope_facts::{Fact, PodmanPod};

use crate::format::{Format, Hint, Match};
use crate::table::Table;
use crate::words::subject_is;
use crate::{Document, Parsed, json};

/// The format.
pub(super) static PODMAN_PODS: Format =
    Format { name: "podman-pod-ps", collect: "podman pod ps", kinds: &["podman_pod"], detect, parse };

const TITLES: [&str; 4] = ["POD ID", "NAME", "STATUS", "CREATED"];

fn is_titles(line: &str) -> bool {
    let table = Table::titles(line);
    table.first() == Some("POD ID") && TITLES.iter().all(|title| table.has(title))
}

fn detect(hint: &Hint<'_>) -> Match {
    let head = hint.head.trim_start();
    // crictl writes `POD ID` too, but with a state and a namespace.
    let content = if head.starts_with('[') {
        json::first_record(head)
            .is_some_and(|record| record.has("InfraId") && record.has("Cgroup") && record.has("Status"))
    } else {
        head.lines().next().is_some_and(is_titles)
    };
    Match::of(content, subject_is(hint.subject, &["podman", "pod"]))
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    if document.bytes.trim_ascii_start().starts_with(b"[") {
        json::read(document, &mut parsed, |record, parsed| {
            let (Some(name), Some(id), Some(status)) = (record.text("Name"), record.text("Id"), record.text("Status"))
            else {
                return parsed.problem(
                    document,
                    record.source().first_line,
                    "expected a pod with `Name`, `Id` and `Status`",
                );
            };
            let containers = record.has("Containers").then(|| record.list("Containers").count());
            let containers = containers.and_then(|count| u32::try_from(count).ok());
            parsed.facts.push(Fact::new(record.source(), PodmanPod { name, id, status, containers }));
        });
        return parsed;
    }
    let mut table: Option<Table<'_>> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if is_titles(line.text) {
            table = Some(Table::titles(line.text));
            continue;
        }
        let row = table.as_ref().and_then(|table| table.row(line.text, &["INFRA ID", "NAMES", "# OF CONTAINERS"]));
        match row.filter(|row| TITLES.iter().all(|title| !row.get(title).is_empty())) {
            Some(row) => {
                let pod = PodmanPod {
                    name: row.get("NAME").into(),
                    id: row.get("POD ID").into(),
                    status: row.get("STATUS").into(),
                    containers: row.get("# OF CONTAINERS").parse().ok(),
                };
                parsed.line_fact(document, line, pod);
            }
            None => {
                parsed.problem(document, line.number, "expected a pod with the columns of the titles; line skipped")
            }
        }
    }
    parsed
}
