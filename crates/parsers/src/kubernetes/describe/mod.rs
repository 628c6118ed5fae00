//! `kubectl describe` of any object, one after another, and the events below each (kubectl 1.8 to 1.33).
//!
//! The text is a tree by indentation: names of fields in the first column, what belongs to one set in below it. Conditions
//! and events are tables. What kind of object it is tell the fields that it has; custom resources name theirs.

mod events;
mod objects;
mod pod;
mod workload;

use bundlescope_facts::{Fact, KubeCondition, Source, Text};

use crate::document::LogPart;
use crate::table::Table;
use crate::{Document, Line, Parsed};

/// True when a text describes an object: its name and its events, or what only some kinds have.
pub(super) fn is_description(head: &str) -> bool {
    let begins = |name: &str| head.lines().take(1000).any(|line| line.starts_with(name));
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    lines.by_ref().take(20).any(|line| line.starts_with("Name:  "))
        && (begins("Labels:") || begins("Namespace:") || begins("Annotations:") || begins("Roles:"))
        && ["Events:", "Containers:", "System Info:", "Annotations:", "Data", "Resource ", "Kind:", "Conditions:"]
            .iter()
            .any(|name| begins(name))
}

/// Kinds by the words that kubectl takes for them; the events of other kinds say nothing that rules ask for.
const KIND_WORDS: &[(&str, &[&str])] = &[
    ("pod", &["pod", "pods", "po"]),
    ("node", &["node", "nodes", "no"]),
    ("persistentvolumeclaim", &["pvc", "persistentvolumeclaim", "persistentvolumeclaims"]),
    ("job", &["job", "jobs"]),
    ("replicaset", &["rs", "replicaset", "replicasets"]),
];

/// Kind and name of the object that `kubectl describe pod web-1`, or `pod/web-1`, is about.
fn described(subject: &str) -> Option<(&'static str, &str)> {
    let mut words = subject.strip_prefix("kubectl ")?.split_ascii_whitespace().skip_while(|word| *word != "describe");
    words.next()?;
    let mut arguments = Vec::new();
    while let Some(word) = words.next() {
        if matches!(word, "-n" | "--namespace" | "--context" | "--kubeconfig") {
            words.next();
        } else if !word.starts_with('-') {
            arguments.push(word);
        }
    }
    let (kind, name) = match arguments[..] {
        [kind, name] => (kind, name),
        [both] => both.split_once('/')?,
        _ => return None,
    };
    let known = KIND_WORDS.iter().find(|(_, words)| words.contains(&kind))?;
    Some((known.0, name))
}

/// True for the events of one description, the rest of which was cut away: `kubectl describe pod web-1 | tail`, or what
/// somebody copied from `Events:` on.
pub(super) fn is_rest(subject: &str, head: &str) -> bool {
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    if head.lines().any(|line| line.starts_with("Name:")) {
        return false;
    }
    match described(subject) {
        Some(_) => lines.take(20).any(titles_events),
        None => lines.next().is_some_and(|line| line.trim() == "Events:") && lines.next().is_some_and(titles_events),
    }
}

/// The titles of the table of events.
fn titles_events(line: &str) -> bool {
    line.trim_start().starts_with("Type ") && line.contains(" Reason ")
}

/// What events are about whose object nobody names, by the reasons that only some kinds have.
fn kind_of_reasons(document: &Document<'_>) -> &'static str {
    let any = |reasons: &[&str]| {
        document
            .lines()
            .any(|line| line.text.split_ascii_whitespace().nth(1).is_some_and(|word| reasons.contains(&word)))
    };
    if any(&[
        "NodeNotReady",
        "NodeReady",
        "NodeHasDiskPressure",
        "NodeHasSufficientMemory",
        "EvictionThresholdMet",
        "Rebooted",
    ]) {
        "node"
    } else if any(&["ProvisioningFailed", "FailedBinding", "ExternalProvisioning", "WaitForFirstConsumer"]) {
        "persistentvolumeclaim"
    } else if any(&["FailedCreate", "SuccessfulCreate"]) {
        "replicaset"
    } else {
        "pod"
    }
}

/// Reads a document of descriptions.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let lines = || document.lines().filter(|line| !line.text.trim().is_empty());
    let bare = || {
        let starts = lines().next().is_some_and(|line| line.text.trim() == "Events:");
        starts.then(|| (kind_of_reasons(document), "(unnamed)"))
    };
    if let Some((kind, name)) = described(&document.subject).or_else(bare)
        && !lines().any(|line| line.text.starts_with("Name:"))
    {
        let titles = |line: &Line<'_>| !line.text.trim_start().starts_with("Type ");
        let rest = Description { entries: lines().skip_while(titles).map(Entry::new).collect() };
        events::events(&rest, (kind, name), &rest.entries, document, &mut parsed);
        return parsed;
    }
    let mut open: Option<Description<'_>> = None;
    let mut blank = true;
    // What stands before the first description, such as the log that somebody showed with it.
    let mut before: Option<LogPart> = None;
    let mut lines = document.lines().peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().map_or("", |next| next.text);
        // The text of a config map may hold such a line too.
        let begins = line.text.starts_with("Name:")
            && (open.as_ref().is_none_or(|open| !open.has_data())
                || blank && FOLLOWS.iter().any(|key| next.starts_with(key)));
        if begins && let Some(done) = open.replace(Description::default()) {
            done.finish(document, &mut parsed);
        }
        blank = line.text.trim().is_empty();
        match &mut open {
            Some(open) if !blank => open.entries.push(Entry::new(line)),
            None if !blank => {
                other(document, line, &mut parsed);
                let at = usize::try_from(line.start.saturating_sub(document.offset)).unwrap_or_default();
                let part = before.get_or_insert(LogPart {
                    container: document.container.clone(),
                    pod: None,
                    is_log: false,
                    first_line: line.number,
                    span: (at, at),
                });
                let end = usize::try_from(line.end.saturating_sub(document.offset)).unwrap_or_default();
                part.span.1 = end.min(document.bytes.len());
            }
            _ => {}
        }
    }
    parsed.logs.extend(before);
    if let Some(done) = open {
        done.finish(document, &mut parsed);
    }
    parsed
}

/// What may follow a name.
const FOLLOWS: &[&str] =
    &["Namespace:", "Labels:", "Priority:", "Roles:", "Role:", "Annotations:", "IsDefaultClass:", "CreationTimestamp:"];

/// A line before the first description.
fn other(document: &Document<'_>, line: Line<'_>, parsed: &mut Parsed) {
    let heading = line.text.starts_with(['#', '=', '-', '*', '+', '$', '>']) || line.text.trim_end().ends_with(':');
    if !heading && !super::tables::notice(document, line, parsed) {
        parsed.problem(document, line.number, "expected a description, which begins with `Name:`");
    }
}

/// A line of a description.
#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    line: Line<'a>,
    /// Blanks before it.
    indent: usize,
    /// The name before a colon; empty where there is none.
    key: &'a str,
    /// What stands behind the name; the whole line where there is none.
    value: &'a str,
}

impl<'a> Entry<'a> {
    fn new(line: Line<'a>) -> Self {
        let trimmed = line.text.trim_start();
        let (key, value) = match trimmed.split_once(':') {
            Some((key, value)) if value.is_empty() || value.starts_with([' ', '\t']) => (key, value.trim()),
            _ => ("", trimmed.trim_end()),
        };
        Self { line, indent: line.text.len() - trimmed.len(), key, value }
    }

    /// The line without its indentation.
    fn text(&self) -> &'a str {
        self.line.text.trim()
    }
}

/// The lines of an object.
#[derive(Default)]
struct Description<'a> {
    entries: Vec<Entry<'a>>,
}

/// The value as text; kubectl writes `<none>` and `<unset>` for nothing.
fn text(value: &str) -> Option<Text> {
    Some(value.trim())
        .filter(|value| !matches!(*value, "" | "<none>" | "<unset>" | "<nil>" | "<unknown>" | "<default>"))
        .map(Text::from)
}

impl<'a> Description<'a> {
    /// True once the data of a config map have begun, which may hold any text.
    fn has_data(&self) -> bool {
        self.entries.windows(2).any(|pair| pair[0].text() == "Data" && pair[1].text().starts_with("==="))
    }

    /// The field of that name in the first column.
    fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.indent == 0 && entry.key == key)
    }

    fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// The value of the field of that name.
    fn value(&self, key: &str) -> &'a str {
        self.entry(key).map_or("", |entry| entry.value)
    }

    fn text(&self, key: &str) -> Option<Text> {
        text(self.value(key))
    }

    /// What is set in below the field of that name.
    fn block(&self, key: &str) -> &[Entry<'a>] {
        let Some(at) = self.entries.iter().position(|entry| entry.indent == 0 && entry.key == key) else { return &[] };
        below(&self.entries, at)
    }

    /// The values of a field with one value on each line: labels, taints.
    fn values(&self, key: &str) -> impl Iterator<Item = Text> {
        let more = self.block(key).iter().filter_map(|entry| text(entry.text()));
        self.text(key).into_iter().chain(more)
    }

    /// `name=value` on each line.
    fn map(&self, key: &str) -> std::collections::BTreeMap<Text, Text> {
        let pair = |text: Text| text.split_once('=').map(|(name, value)| (name.into(), value.into()));
        self.values(key).filter_map(pair).collect()
    }

    fn name(&self) -> Text {
        self.value("Name").into()
    }

    fn namespace(&self) -> Option<Text> {
        self.text("Namespace")
    }

    /// The table of conditions; pods show the status alone.
    fn conditions(&self) -> Vec<KubeCondition> {
        let mut lines = self.block("Conditions").iter();
        let Some(titles) = lines.next() else { return Vec::new() };
        let table = Table::titles(titles.line.text);
        let mut found = Vec::new();
        for entry in lines.filter(|entry| !entry.text().starts_with("--")) {
            if let Some(row) = table.row(entry.line.text, &["Reason", "Message"]) {
                found.push(KubeCondition {
                    condition: row.get("Type").into(),
                    status: row.get("Status").into(),
                    reason: text(row.get("Reason")),
                    message: text(row.get("Message")),
                });
            }
        }
        found
    }

    /// All lines of it.
    fn source(&self, document: &Document<'_>) -> Source {
        match (self.entries.first(), self.entries.last()) {
            (Some(first), Some(last)) => document.source(first.line, last.line),
            _ => Source::lines(document.path.clone(), 1, 1),
        }
    }

    /// The lines from the name to the last one before the events and other lists.
    fn head_source(&self, document: &Document<'_>, until: &[&str]) -> Source {
        let end = self.entries.iter().position(|entry| entry.indent == 0 && until.contains(&entry.key));
        let last = end.and_then(|end| end.checked_sub(1)).and_then(|at| self.entries.get(at)).or(self.entries.last());
        match (self.entries.first(), last) {
            (Some(first), Some(last)) => document.source(first.line, last.line),
            _ => self.source(document),
        }
    }

    /// Turns what was read into facts.
    fn finish(self, document: &Document<'_>, parsed: &mut Parsed) {
        let kind = self.kind();
        match kind.as_str() {
            "Pod" => pod::pod(&self, document, parsed),
            "Node" => objects::node(&self, document, parsed),
            "Service" => objects::service(&self, document, parsed),
            "Endpoints" => objects::endpoints(&self, document, parsed),
            "EndpointSlice" => objects::slice(&self, document, parsed),
            "Ingress" => objects::ingress(&self, document, parsed),
            "PersistentVolume" => objects::volume(&self, document, parsed),
            "PersistentVolumeClaim" => objects::claim(&self, document, parsed),
            "StorageClass" => objects::class(&self, document, parsed),
            "ConfigMap" => objects::config_map(&self, document, parsed),
            "Secret" => objects::secret(&self, document, parsed),
            "ResourceQuota" => objects::quota(&self, document, parsed),
            "NetworkPolicy" => objects::policy(&self, document, parsed),
            kind if super::workload::KINDS.contains(&kind) => workload::workload(&self, kind, document, parsed),
            kind => objects::other(&self, kind, document, parsed),
        }
        // Events come last; the message of one may go on in the first column.
        let at = self.entries.iter().position(|entry| entry.indent == 0 && entry.key == "Events");
        let rows = at.and_then(|at| self.entries.get(at + 1..)).unwrap_or_default();
        events::events(&self, (&kind.to_lowercase(), &self.name()), rows, document, parsed);
    }

    /// The kind of the object, by the fields that only this kind has.
    fn kind(&self) -> String {
        let has = |key: &str| self.has(key);
        // Custom resources, which kubectl describes field by field.
        if has("API Version") && has("Kind") {
            return self.value("Kind").to_owned();
        }
        let told = if has("System Info") || has("Conditions") && (has("Taints") || has("Roles")) {
            "Node"
        } else if has("Containers") || has("Node") && has("QoS Class") {
            "Pod"
        } else if has("Session Affinity") || has("Endpoints") && has("Type") {
            "Service"
        } else if has("Subsets") {
            "Endpoints"
        } else if has("AddressType") || has("Address Type") {
            "EndpointSlice"
        } else if has("StrategyType") {
            "Deployment"
        } else if has("Update Strategy") && has("Replicas") || has("Volume Claims") {
            "StatefulSet"
        } else if has("Desired Number of Nodes Scheduled") {
            "DaemonSet"
        } else if has("Schedule") && has("Concurrency Policy") {
            "CronJob"
        } else if has("Parallelism") {
            "Job"
        } else if has("Replicas") && has("Pods Status") {
            "ReplicaSet"
        } else if has("Rules") && (has("Default backend") || has("Address")) {
            "Ingress"
        } else if has("Reclaim Policy") || has("Claim") && has("Source") {
            "PersistentVolume"
        } else if has("Volume") && has("StorageClass") {
            "PersistentVolumeClaim"
        } else if has("Provisioner") {
            "StorageClass"
        } else if self.has_data() && has("Type") {
            "Secret"
        } else if self.has_data() {
            "ConfigMap"
        } else if self.entries.iter().any(|entry| entry.indent == 0 && entry.text().starts_with("Resource ")) {
            if has("Status") { "Namespace" } else { "ResourceQuota" }
        } else if self.block("Spec").iter().any(|entry| entry.key == "PodSelector") {
            "NetworkPolicy"
        } else if has("Controller") {
            "IngressClass"
        } else if has("Image pull secrets") {
            "ServiceAccount"
        } else if self.entries.iter().any(|entry| entry.text().starts_with("No resource quota")) {
            "Namespace"
        } else if has("PolicyRule") {
            if has("Namespace") { "Role" } else { "ClusterRole" }
        } else if has("Subjects") && has("Role") {
            if has("Namespace") { "RoleBinding" } else { "ClusterRoleBinding" }
        } else if has("Reference") && has("Min replicas") {
            "HorizontalPodAutoscaler"
        } else if has("Allowed disruptions") || has("Max unavailable") || has("Min available") {
            "PodDisruptionBudget"
        } else {
            ""
        };
        told.to_owned()
    }
}

/// The entries set in below the one at that place.
fn below<'e, 'a>(entries: &'e [Entry<'a>], at: usize) -> &'e [Entry<'a>] {
    let Some(of) = entries.get(at) else { return &[] };
    let inner = entries.get(at + 1..).unwrap_or_default();
    let end = inner.iter().position(|entry| entry.indent <= of.indent).unwrap_or(inner.len());
    inner.get(..end).unwrap_or_default()
}

/// A fact that these lines state.
fn push(parsed: &mut Parsed, source: Source, data: impl Into<bundlescope_facts::Data>) {
    parsed.facts.push(Fact::new(source, data));
}
