//! Tables of `kubectl get` and `kubectl top` (kubectl 1.8 to 1.35), wide or not, of one namespace or of all, with labels,
//! several after one another (`kubectl get all`).
//!
//! Which objects the rows are tell the titles. A table of other objects, such as custom resources, is known by its first
//! and its last title; its rows become [`KubeObject`](bundlescope_facts::KubeObject)s of the kind that the command or the name tells.

use bundlescope_facts::{CollectionError, Data, Pod, Text};

use crate::table::{Row, Table};
use crate::{Document, Line, Parsed};

use super::rows;

/// A table of kubectl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    Pods,
    Nodes,
    Services,
    Endpoints,
    Slices,
    Events,
    Claims,
    Volumes,
    Ingresses,
    ConfigMaps,
    Secrets,
    StorageClasses,
    Quotas,
    Policies,
    Components,
    /// With what the rows are of: `pod` or `node`.
    Usage(&'static str),
    /// With the kind of its rows.
    Workloads(&'static str),
    /// Objects without a kind of fact of their own, with their kind where the titles tell it.
    Others(&'static str),
    /// `kubectl api-resources`.
    Resources,
}

/// Says which table a line of titles begins.
pub(super) fn titles(line: &str) -> Option<(Listing, Table<'_>)> {
    let bare = line.replace("CPU(cores)", "CPU").replace("MEMORY(bytes)", "MEMORY");
    if !line.starts_with(|first: char| first.is_ascii_uppercase()) || bare.chars().any(|c| c.is_ascii_lowercase()) {
        return None;
    }
    let table = Table::titles(line);
    let all = |titles: &[&str]| titles.iter().all(|title| table.has(title));
    let listing = if all(&["NAME", "READY", "STATUS", "RESTARTS"]) {
        Listing::Pods
    } else if all(&["NAME", "CPU(cores)"]) {
        Listing::Usage(if table.has("CPU%") || table.has("CPU(%)") { "node" } else { "pod" })
    } else if all(&["NAME", "STATUS", "ROLES", "VERSION"])
        // Before kubectl 1.8 there were no roles.
        || table.names().starts_with(&["NAME", "STATUS", "AGE", "VERSION"])
    {
        Listing::Nodes
    } else if all(&["NAME", "CLUSTER-IP", "PORT(S)"]) {
        Listing::Services
    } else if all(&["NAME", "ADDRESSTYPE", "ENDPOINTS"]) {
        Listing::Slices
    } else if all(&["NAME", "ENDPOINTS"]) {
        Listing::Endpoints
    } else if all(&["TYPE", "REASON", "OBJECT", "MESSAGE"]) || all(&["NAME", "KIND", "TYPE", "REASON", "MESSAGE"]) {
        Listing::Events
    } else if all(&["NAME", "STATUS", "VOLUME", "CAPACITY"]) {
        Listing::Claims
    } else if all(&["NAME", "CAPACITY", "RECLAIM POLICY", "CLAIM"]) {
        Listing::Volumes
    } else if all(&["NAME", "HOSTS", "ADDRESS", "PORTS"]) {
        Listing::Ingresses
    } else if all(&["NAME", "TYPE", "DATA"]) {
        Listing::Secrets
    } else if all(&["NAME", "DATA", "AGE"]) {
        Listing::ConfigMaps
    } else if all(&["NAME", "PROVISIONER"]) {
        Listing::StorageClasses
    } else if all(&["NAME", "REQUEST", "LIMIT"]) {
        Listing::Quotas
    } else if all(&["NAME", "POD-SELECTOR"]) {
        Listing::Policies
    } else if all(&["NAME", "STATUS", "MESSAGE", "ERROR"]) {
        Listing::Components
    } else if all(&["NAME", "DESIRED", "CURRENT", "NODE SELECTOR"])
        || all(&["NAME", "DESIRED", "CURRENT", "NODE-SELECTOR"])
    {
        Listing::Workloads("DaemonSet")
    } else if all(&["NAME", "UP-TO-DATE", "AVAILABLE"]) {
        Listing::Workloads("Deployment")
    } else if all(&["NAME", "DESIRED", "CURRENT", "READY"]) {
        Listing::Workloads("ReplicaSet")
    } else if all(&["NAME", "COMPLETIONS", "DURATION"]) || all(&["NAME", "DESIRED", "SUCCESSFUL"]) {
        Listing::Workloads("Job")
    } else if all(&["NAME", "SCHEDULE", "SUSPEND"]) {
        Listing::Workloads("CronJob")
    } else if (all(&["NAME", "DESIRED", "CURRENT", "AGE"]) || all(&["NAME", "READY", "AGE"]))
        && table.names().iter().all(|title| STATEFUL.contains(title))
    {
        Listing::Workloads("StatefulSet")
    } else if all(&["NAME", "KIND"]) && (table.has("APIGROUP") || table.has("APIVERSION")) {
        Listing::Resources
    } else if table.first().is_some_and(|first| matches!(first, "NAME" | "NAMESPACE"))
        && table.has("NAME")
        && (table.has("AGE") || table.has("CREATED AT"))
    {
        let of = [
            (&["NAME", "STATUS", "AGE"][..], "Namespace"),
            (&["NAME", "SECRETS", "AGE"], "ServiceAccount"),
            (&["NAME", "CONTROLLER", "PARAMETERS"], "IngressClass"),
            (&["NAME", "HOLDER"], "Lease"),
            (&["NAME", "MINPODS", "MAXPODS"], "HorizontalPodAutoscaler"),
            (&["NAME", "MIN AVAILABLE", "MAX UNAVAILABLE"], "PodDisruptionBudget"),
            (&["NAME", "VALUE", "GLOBAL-DEFAULT"], "PriorityClass"),
            (&["NAME", "REQUESTOR", "CONDITION"], "CertificateSigningRequest"),
            (&["NAME", "ATTACHER", "PV", "NODE"], "VolumeAttachment"),
        ];
        let told = of.iter().find(|(titles, kind)| all(titles) && (*kind != "Namespace" || table.len() <= 5));
        Listing::Others(told.map_or("", |(_, kind)| kind))
    } else {
        return None;
    };
    Some((listing, table))
}

/// The titles of stateful sets. Custom resources say READY and AGE too, with further ones.
const STATEFUL: &[&str] =
    &["NAMESPACE", "NAME", "READY", "DESIRED", "CURRENT", "AGE", "CONTAINERS", "IMAGES", "LABELS"];

/// True when a text holds a table of kubectl, or says that there is none.
pub(super) fn is_table(head: &str) -> bool {
    let known = |line: &str| titles(line).is_some_and(|(listing, _)| listing != Listing::Others(""));
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    lines.clone().take(10).any(known)
        || lines.next().is_some_and(|first| {
            first.starts_with("No resources found") || titles(first).is_some() || bare_pod(first).is_some()
        })
}

/// The titles before the age of the rows of pods.
const POD_TITLES: &[&str] = &["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"];

/// A row of pods without its titles, as `kubectl get pods | grep TEXT` leaves it; what stands behind the age is the address
/// and the node where the table is wide.
fn bare_pod(line: &str) -> Option<Data> {
    let count = |cell: &str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let titles = match words.as_slice() {
        [_, ready, ..] if ready.split_once('/').is_some_and(|(a, b)| count(a) && count(b)) => POD_TITLES.get(1..)?,
        [_, _, ready, ..] if ready.split_once('/').is_some_and(|(a, b)| count(a) && count(b)) => POD_TITLES,
        _ => return None,
    };
    let cell = |title: &str| words.get(titles.iter().position(|known| *known == title)?).copied();
    // `5 (3m ago)` since 1.22.
    let ago = usize::from(words.get(titles.len() - 1).is_some_and(|word| word.starts_with('('))) * 2;
    let aged = age(words.get(titles.len() - 1 + ago)?)?;
    let (ready, all) = cell("READY")?.split_once('/')?;
    let status = cell("STATUS").filter(|status| status.starts_with(|first: char| first.is_ascii_uppercase()))?;
    let told = |place: usize| words.get(titles.len() + ago + place).copied().filter(|word| *word != "<none>");
    let pod = Pod {
        name: cell("NAME")?.into(),
        namespace: cell("NAMESPACE").map(Text::from),
        ready: (!matches!(status, "Completed" | "Succeeded")).then_some(ready == all),
        terminating: status == "Terminating",
        status: Some(status.into()),
        restarts: Some(cell("RESTARTS")?.parse().ok()?),
        age: Some(aged),
        address: told(0).and_then(|word| word.parse().ok()),
        node: told(1).map(Text::from),
        ..Pod::default()
    };
    Some(pod.into())
}

/// Reads a document of tables.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut current: Option<(Listing, Table<'_>)> = None;
    // The kind that the command names: `kubectl get certificates -A`.
    let asked = asked(&document.subject);
    for line in document.lines() {
        if line.text.trim().is_empty() {
            continue;
        }
        if let Some(found) = titles(line.text) {
            current = Some(found);
            continue;
        }
        let row = current.as_ref().and_then(|(listing, table)| {
            // Issuers of certificates and others have the titles of a stateful set, and are ready or not.
            let other = (*listing == Listing::Workloads("StatefulSet")).then_some(Listing::Others(""));
            [Some(*listing), other]
                .into_iter()
                .flatten()
                .find_map(|listing| Some((listing, listing.read(table, line.text)?)))
        });
        match row {
            Some((listing, row)) => {
                if let Some(data) = rows::data(listing, &row, &asked) {
                    parsed.line_fact(document, line, data);
                }
            }
            None if notice(document, line, &mut parsed) => {}
            None if is_heading(line.text) => {}
            None if current.is_none() && bare_pod(line.text).is_some() => {
                bare_pod(line.text).into_iter().for_each(|data| parsed.line_fact(document, line, data));
            }
            None if current.is_some() => parsed.problem(document, line.number, "not a row under the titles above"),
            None => {
                parsed.problem(document, line.number, "expected the titles of a table, such as `NAME  READY  STATUS`")
            }
        }
    }
    parsed
}

/// The resource that a command asks for, without its group.
fn asked(subject: &str) -> Text {
    let mut words = subject.split_ascii_whitespace().skip_while(|word| !matches!(*word, "get" | "describe")).skip(1);
    let resource = words.find(|word| !word.starts_with('-') && !word.contains([',', '/'])).unwrap_or_default();
    resource.split('.').next().unwrap_or_default().into()
}

fn is_heading(text: &str) -> bool {
    text.starts_with(['#', '=', '-', '*', '+', '$', '>']) || text.trim_end().ends_with(':')
}

/// A line by which kubectl says something instead of an answer, or beside it. What it could not get is a fact.
pub(super) fn notice(document: &Document<'_>, line: Line<'_>, parsed: &mut Parsed) -> bool {
    let text = line.text.trim();
    let klog = text.len() > 5
        && matches!(text.as_bytes().first(), Some(b'I' | b'W' | b'E'))
        && text.get(1..5).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        && text.contains("] ");
    if text.starts_with("Warning: ")
        || text.starts_with("No resources found")
        || text.starts_with("No events found")
        || klog
    {
        return true;
    }
    let failed =
        ["Error from server", "error: ", "Error: ", "The connection to the server", "Unable to connect to the server"]
            .iter()
            .any(|start| text.starts_with(start));
    if failed {
        parsed.line_fact(document, line, CollectionError { subject: document.subject.clone(), error: text.into() });
    }
    failed
}

/// Seconds of an age such as `45s`, `3m10s`, `5h`, `12d`, `2y35d`.
pub(super) fn age(cell: &str) -> Option<u64> {
    let (mut seconds, mut number) = (0u64, None::<u64>);
    for character in cell.chars() {
        let factor = match character {
            '0'..='9' => {
                let digit = u64::from(character.to_digit(10)?);
                number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'y' => 365 * 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.take()?.checked_mul(factor)?)?;
    }
    (number.is_none() && !cell.is_empty()).then_some(seconds)
}

/// Access modes, in full: `RWO,ROX`.
pub(super) fn access_modes(cell: &str) -> Vec<Text> {
    let full = |mode: &str| -> Option<Text> {
        let name = match mode.trim() {
            "RWO" => "ReadWriteOnce",
            "ROX" => "ReadOnlyMany",
            "RWX" => "ReadWriteMany",
            "RWOP" => "ReadWriteOncePod",
            "" | "<none>" => return None,
            other => other,
        };
        Some(name.into())
    };
    cell.split(',').filter_map(full).collect()
}

impl Listing {
    /// The titles whose cells may be empty.
    fn optional(self) -> &'static [&'static str] {
        match self {
            Self::Claims => &["VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS"],
            Self::Volumes => &["CLAIM", "STORAGECLASS", "REASON"],
            Self::Ingresses => &["ADDRESS"],
            Self::Events => &["SUBOBJECT", "SOURCE"],
            Self::Components => &["MESSAGE", "ERROR"],
            Self::Quotas => &["LIMIT"],
            Self::Resources => &["SHORTNAMES", "APIGROUP"],
            Self::Others(_) => &["STATUS", "REASON", "PHASE", "MESSAGE"],
            _ => &[],
        }
    }

    /// Takes a line apart: by the columns of the titles or, where the cells that come out cannot be right (a table that was
    /// printed piece by piece, `kubectl get -w`), by the blanks between them.
    fn read<'t, 'a>(self, table: &'t Table<'a>, line: &'a str) -> Option<Row<'t, 'a>> {
        if line.starts_with([' ', '\t']) {
            return None;
        }
        table.row_that(line, self.optional(), |row| self.fits(row))
    }

    fn fits(self, row: &Row<'_, '_>) -> bool {
        let has = |title: &str| row.has(title);
        let none = |cell: &str| matches!(cell, "<none>" | "<unknown>" | "<invalid>");
        let age_of = |title: &str| !has(title) || none(row.get(title)) || age(row.get(title)).is_some();
        let number = |cell: &str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
        let counted = |title: &str| {
            let cell = row.get(title);
            !has(title) || none(cell) || cell.split('/').all(number)
        };
        // A custom resource may call anything an age or ready.
        let name = row.get("NAME");
        let known = match self {
            Self::Others(_) => return !name.is_empty() && !name.contains(' '),
            Self::Events => age_of("LAST SEEN") || row.get("LAST SEEN").contains("ago"),
            _ => {
                !name.is_empty()
                    && (!name.contains(' ') || name.ends_with(" (default)") || self == Self::StorageClasses)
            }
        };
        let restarts = !has("RESTARTS") || number(row.get("RESTARTS").split(' ').next().unwrap_or_default());
        let counts = match self {
            Self::Pods | Self::Workloads(_) => {
                ["READY", "DESIRED", "CURRENT", "UP-TO-DATE", "AVAILABLE", "ACTIVE"].iter().all(|title| counted(title))
            }
            Self::ConfigMaps | Self::Secrets => counted("DATA"),
            _ => true,
        };
        known && restarts && counts && age_of("AGE")
    }
}

#[cfg(test)]
mod tests;
