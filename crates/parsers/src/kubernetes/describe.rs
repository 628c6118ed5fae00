//! `kubectl describe` of pods, nodes and services, one after another, and the events below any object (kubectl 1.8 to
//! 1.35).
//!
//! The text is a tree by indentation: names of objects in the first column, a container's name set in by two blanks, its
//! fields by four, their details by six. Conditions and events are tables.

use std::net::IpAddr;

use bundlescope_facts::{
    Fact, KubeEndpoints, KubeEvent, KubeNode, KubeService, Pod, PodContainer, Proto, ServicePort, Source, Text,
};

use crate::table::Table;
use crate::{Document, Line, Parsed};

use super::tables::age;

/// True when a text describes an object: its name and its events, or what only pods, nodes or services have.
pub(super) fn is_description(head: &str) -> bool {
    let begins = |name: &str| head.lines().take(400).any(|line| line.starts_with(name));
    begins("Name:  ")
        && (begins("Events:") || begins("Containers:") || begins("System Info:"))
        && (begins("Labels:") || begins("Namespace:"))
}

/// Reads a document of descriptions.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<Description<'_>> = None;
    for line in document.lines() {
        if let Some(name) = line.text.strip_prefix("Name:") {
            if let Some(done) = open.replace(Description::new(name.trim(), line)) {
                done.finish(document, &mut parsed);
            }
        } else if let Some(open) = &mut open {
            open.line(line);
        }
    }
    if let Some(done) = open {
        done.finish(document, &mut parsed);
    }
    parsed
}

/// The lines of an object that is being read.
struct Description<'a> {
    name: Text,
    namespace: Option<Text>,
    name_line: Line<'a>,
    /// The name in the first column that the current line stands under.
    section: &'a str,
    /// The name set in by four blanks, of a container's field.
    field: &'a str,
    table: Option<Table<'a>>,
    pod: Pod,
    node: KubeNode,
    service: KubeService,
    endpoints: Vec<Text>,
    /// Lines that show the state: of the object, and of its first container that is not well.
    status: Option<Line<'a>>,
    ready: Option<Line<'a>>,
    state: Option<Line<'a>>,
    unwell: Option<(Line<'a>, Line<'a>)>,
    seen: Seen,
    events: Vec<(Line<'a>, KubeEvent)>,
}

/// What only one kind of object has.
#[derive(Default)]
struct Seen {
    containers: bool,
    system_info: bool,
    endpoints: bool,
}

/// The value as text; kubectl writes `<none>` and `<unset>` for nothing.
fn text(value: &str) -> Option<Text> {
    Some(value.trim())
        .filter(|value| !matches!(*value, "" | "<none>" | "<unset>" | "<nil>" | "<unknown>"))
        .map(Text::from)
}

impl<'a> Description<'a> {
    fn new(name: &str, line: Line<'a>) -> Self {
        Self {
            name: name.into(),
            namespace: None,
            name_line: line,
            section: "",
            field: "",
            table: None,
            pod: Pod::default(),
            node: KubeNode::default(),
            service: KubeService::default(),
            endpoints: Vec::new(),
            status: None,
            ready: None,
            state: None,
            unwell: None,
            seen: Seen::default(),
            events: Vec::new(),
        }
    }

    fn line(&mut self, line: Line<'a>) {
        let trimmed = line.text.trim_start_matches(' ');
        let indent = line.text.len() - trimmed.len();
        if trimmed.is_empty() {
            return;
        }
        let (key, value) = match trimmed.split_once(':') {
            Some((key, value)) if value.is_empty() || value.starts_with(' ') => (key, value.trim()),
            _ => ("", trimmed),
        };
        if indent == 0 {
            (self.section, self.table) = (key, None);
            self.top(key, value, line);
        } else {
            self.inner(indent, (key, value), trimmed, line);
        }
    }

    /// A line in the first column.
    fn top(&mut self, key: &str, value: &str, line: Line<'a>) {
        match key {
            "Namespace" => self.namespace = text(value),
            "Labels" => self.label(value),
            "Status" => {
                self.pod.status = text(value);
                self.status = Some(line);
            }
            "Reason" | "Message" => {
                let before = self.pod.message.take().map_or_else(String::new, |before| format!("{before}: "));
                self.pod.message = text(value).map(|value| format!("{before}{value}").into());
            }
            "Node" => {
                let (node, address) = value.split_once('/').unwrap_or((value, ""));
                self.pod.node = text(node);
                self.pod.host_address = address.parse().ok();
            }
            "IP" => {
                self.pod.address = value.parse().ok();
                self.service.cluster_address = value.parse().ok();
            }
            "Controlled By" => self.pod.owner = text(value),
            "Containers" | "Init Containers" => self.seen.containers = true,
            "System Info" => self.seen.system_info = true,
            "Roles" => self.node.roles = value.split(',').filter_map(text).collect(),
            "Unschedulable" => self.node.unschedulable = value == "true",
            "Taints" => self.node.taints.extend(text(value)),
            "PodCIDR" if self.node.pod_networks.is_empty() => self.node.pod_networks.extend(text(value)),
            "Selector" => self.service.selector = super::objects::labels(value),
            "Type" => self.service.service_type = text(value),
            "LoadBalancer Ingress" | "External IPs" | "External Name" => {
                self.service.external.extend(value.split(',').filter_map(text));
            }
            "Port" => self.service.ports.extend(service_port(value)),
            "TargetPort" => self.last_port(|port| port.target = value.split('/').next().and_then(text)),
            "NodePort" => {
                let number = value.split_whitespace().last().and_then(|last| last.split('/').next()?.parse().ok());
                self.last_port(|port| port.node_port = number);
            }
            "Endpoints" => {
                self.seen.endpoints = true;
                // Newer versions count those that they leave out: `10.1.0.4:80 + 2 more...`
                self.endpoints.extend(value.split(" + ").next().unwrap_or_default().split(',').filter_map(text));
                self.status.get_or_insert(line);
            }
            _ => {}
        }
    }

    fn last_port(&mut self, change: impl FnOnce(&mut ServicePort)) {
        if let Some(port) = self.service.ports.last_mut() {
            change(port);
        }
    }

    fn label(&mut self, value: &str) {
        if let Some((name, value)) = value.split_once('=') {
            self.pod.labels.insert(name.into(), value.into());
        }
    }

    /// A line under a name of the first column.
    fn inner(&mut self, indent: usize, (key, value): (&'a str, &str), trimmed: &'a str, line: Line<'a>) {
        match self.section {
            "Labels" => self.label(trimmed.trim()),
            "Taints" => self.node.taints.extend(text(trimmed)),
            "Containers" | "Init Containers" => self.container(indent, key, value, line),
            "Conditions" => self.condition(trimmed, line),
            "Addresses" if key == "InternalIP" => self.node.address = value.parse().ok(),
            "System Info" => match key {
                "Kernel Version" => self.node.kernel = text(value),
                "OS Image" => self.node.operating_system = text(value),
                "Container Runtime Version" => self.node.runtime = text(value),
                "Kubelet Version" => self.node.version = text(value),
                _ => {}
            },
            "Events" => self.event(line),
            _ => {}
        }
    }

    fn container(&mut self, indent: usize, key: &'a str, value: &str, line: Line<'a>) {
        if indent == 2 {
            let init = self.section.starts_with("Init");
            self.pod.containers.push(PodContainer { name: key.into(), init, ..PodContainer::default() });
            (self.field, self.state) = ("", None);
            return;
        }
        let Some(container) = self.pod.containers.last_mut() else { return };
        if indent == 4 {
            self.field = key;
        }
        match (indent, self.field, key) {
            (4, "Image", _) => container.image = text(value),
            (4, "Port" | "Ports", _) => {
                // `80/TCP`, `4000/TCP, 9090/TCP`, `5000/TCP (http)`
                let ports = value.split(',').filter_map(|port| port.split_whitespace().next()).filter_map(text);
                container.ports = ports.map(|port| port.to_lowercase().into()).collect();
            }
            (4, "State", _) => {
                container.state = text(&value.to_lowercase());
                self.state = Some(line);
            }
            (4, "Ready", _) => container.ready = value == "True",
            (4, "Restart Count", _) => {
                container.restarts = value.parse().ok();
                let well = container.reason.as_deref().is_none_or(|reason| reason == "Completed");
                if (!well || container.restarts.is_some_and(|restarts| restarts > 0)) && self.unwell.is_none() {
                    self.unwell = self.state.map(|state| (state, line));
                }
            }
            (6, "State", "Reason") => container.reason = text(value),
            (6, "State", "Message") => container.message = text(value),
            (6, "State", "Exit Code") => container.exit_code = value.parse().ok(),
            (6, "Last State", "Reason") => container.last_reason = text(value),
            (6, "Last State", "Exit Code") => container.last_exit_code = value.parse().ok(),
            (6, "Limits", "memory") => container.memory_limit = text(value),
            // References to secrets and the like stand in angle brackets or behind.
            (6, "Environment", _) if !key.is_empty() && !value.contains(['<', '(']) => {
                container.env.insert(key.into(), value.into());
            }
            _ => {}
        }
    }

    fn condition(&mut self, trimmed: &str, line: Line<'a>) {
        let Some(table) = &self.table else {
            self.table = Some(Table::titles(line.text));
            return;
        };
        let Some(row) = table.row(line.text, &[]).filter(|_| !trimmed.starts_with("--")) else { return };
        let (kind, status) = (row.get("Type"), row.get("Status"));
        if kind == "Ready" {
            self.ready = Some(line);
            let ready = match status {
                "True" => Some(true),
                "False" => Some(false),
                _ => None,
            };
            (self.pod.ready, self.node.ready) = (ready, ready);
            if status != "True" {
                self.node.message = text(&format!("{}: {}", row.get("Reason"), row.get("Message")));
            }
        } else if status == "True" {
            self.node.pressures.push(kind.into());
        }
    }

    fn event(&mut self, line: Line<'a>) {
        let Some(table) = &self.table else {
            self.table = Some(Table::titles(line.text));
            return;
        };
        // Further lines of a message do not stand under the titles.
        let Some(row) = table.row(line.text, &[]).filter(|row| matches!(row.get("Type"), "Normal" | "Warning")) else {
            return;
        };
        // `80s (x370 over 81m)`
        let (last, rest) = row.get("Age").split_once(' ').unwrap_or((row.get("Age"), ""));
        let times = rest.strip_prefix("(x").and_then(|rest| rest.split(' ').next()?.parse().ok());
        let event = KubeEvent {
            event_type: text(row.get("Type")),
            object: self.name.clone(),
            reason: row.get("Reason").into(),
            message: row.get("Message").into(),
            times: times.or(Some(1)),
            age: age(last),
            ..KubeEvent::default()
        };
        self.events.push((line, event));
    }

    /// Turns what was read into facts.
    fn finish(self, document: &Document<'_>, parsed: &mut Parsed) {
        let line = |line: Line<'_>| document.source(line, line);
        let (name, namespace) = (self.name, self.namespace);
        let kind = if self.seen.containers {
            let restarts = self.pod.containers.iter().filter_map(|container| container.restarts).sum();
            let reason = self.pod.containers.iter().rev().filter(|container| !container.ready);
            let reason =
                reason.filter_map(|container| container.reason.clone()).find(|reason| &**reason != "Completed");
            let source: Source = match self.unwell {
                Some((first, last)) => document.source(first, last),
                None => line(self.status.unwrap_or(self.name_line)),
            };
            let phase = self.pod.status.clone().filter(|status| !status.starts_with("Terminating"));
            let status = reason.or(self.pod.status.clone());
            let pod = Pod { name, namespace: namespace.clone(), restarts: Some(restarts), phase, status, ..self.pod };
            parsed.facts.push(Fact::new(source, pod));
            "pod"
        } else if self.seen.system_info {
            let node = KubeNode { name, ..self.node };
            parsed.facts.push(Fact::new(line(self.ready.unwrap_or(self.name_line)), node));
            "node"
        } else if self.seen.endpoints {
            let source = line(self.status.unwrap_or(self.name_line));
            let split = |entry: &Text| -> Option<(IpAddr, Text)> {
                let (host, port) = entry.rsplit_once(':')?;
                Some((host.trim_matches(['[', ']']).parse().ok()?, port.into()))
            };
            let (addresses, mut ports): (Vec<_>, Vec<_>) = self.endpoints.iter().filter_map(split).unzip();
            ports.sort();
            ports.dedup();
            let endpoints = KubeEndpoints {
                service: name.clone(),
                namespace: namespace.clone(),
                addresses,
                not_ready: Vec::new(),
                ports,
            };
            let service = KubeService { name, namespace: namespace.clone(), ..self.service };
            parsed.facts.push(Fact::new(line(self.name_line), service));
            parsed.facts.push(Fact::new(source, endpoints));
            "service"
        } else {
            ""
        };
        for (at, event) in self.events {
            let event = KubeEvent { namespace: namespace.clone(), object_kind: kind.into(), ..event };
            parsed.facts.push(Fact::new(line(at), event));
        }
    }
}

/// `http  80/TCP`, `<unset>  80/TCP`.
fn service_port(value: &str) -> Option<ServicePort> {
    let (name, port) = value.rsplit_once(' ').unwrap_or(("", value));
    let (number, proto) = port.split_once('/')?;
    Some(ServicePort {
        name: text(name),
        proto: Proto::from_word(&proto.to_lowercase())?,
        port: Some(number.parse().ok()?),
        target: None,
        node_port: None,
    })
}
