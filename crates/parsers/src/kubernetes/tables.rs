//! Tables of `kubectl get`, wide or not, of one namespace or of all, several after one another (`kubectl get all`).

use std::net::IpAddr;

use bundlescope_facts::{
    Data, Fact, KubeClaim, KubeEndpoints, KubeEvent, KubeNode, KubeService, KubeWorkload, Pod, Proto, ServicePort, Text,
};

use crate::table::{Row, Table};
use crate::{Document, Parsed};

use super::objects::labels;

/// A table of kubectl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    Pods,
    Nodes,
    Services,
    Endpoints,
    Events,
    Claims,
    /// With the kind of its rows.
    Workloads(&'static str),
}

/// Says which table a line of titles begins.
pub(super) fn titles(line: &str) -> Option<(Listing, Table<'_>)> {
    if !line.starts_with(|first: char| first.is_ascii_uppercase()) || line.chars().any(|c| c.is_ascii_lowercase()) {
        return None;
    }
    let table = Table::titles(line);
    let all = |titles: &[&str]| titles.iter().all(|title| table.has(title));
    let listing = if all(&["NAME", "READY", "STATUS", "RESTARTS"]) {
        Listing::Pods
    } else if all(&["NAME", "STATUS", "ROLES", "VERSION"]) {
        Listing::Nodes
    } else if all(&["NAME", "CLUSTER-IP", "PORT(S)"]) {
        Listing::Services
    } else if all(&["NAME", "ENDPOINTS"]) && !table.has("ADDRESSTYPE") {
        Listing::Endpoints
    } else if all(&["TYPE", "REASON", "OBJECT", "MESSAGE"]) {
        Listing::Events
    } else if all(&["NAME", "STATUS", "VOLUME", "CAPACITY"]) {
        Listing::Claims
    } else if all(&["NAME", "READY", "UP-TO-DATE", "AVAILABLE"]) && !table.has("DESIRED") {
        Listing::Workloads("Deployment")
    } else if all(&["NAME", "DESIRED", "CURRENT", "READY", "NODE SELECTOR"]) {
        Listing::Workloads("DaemonSet")
    } else if all(&["NAME", "DESIRED", "CURRENT", "READY"]) {
        Listing::Workloads("ReplicaSet")
    } else if all(&["NAME", "COMPLETIONS", "DURATION"]) {
        Listing::Workloads("Job")
    } else if all(&["NAME", "READY", "AGE"]) {
        Listing::Workloads("StatefulSet")
    } else {
        return None;
    };
    Some((listing, table))
}

/// Reads a document of tables.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut current: Option<(Listing, Table<'_>)> = None;
    for line in document.lines() {
        if let Some(found) = titles(line.text) {
            current = Some(found);
        } else if line.text.trim().is_empty() {
            // Other tables, such as those of custom resources, may follow; their titles are not known.
            current = None;
        } else if let Some((listing, table)) = &current {
            match table.row(line.text, listing.optional()) {
                Some(row) => parsed.facts.push(Fact::new(document.source(line, line), listing.row(&row))),
                None => parsed.problem(document, line.number, "not a row under the titles above"),
            }
        }
    }
    parsed
}

/// The text of a cell; kubectl writes `<none>` and `<unknown>` for nothing.
fn text(row: &Row<'_, '_>, title: &str) -> Option<Text> {
    Some(row.get(title)).filter(|cell| !matches!(*cell, "" | "<none>" | "<unknown>" | "<unset>")).map(Text::from)
}

/// The name; `kubectl get all` puts the kind before it.
fn name(row: &Row<'_, '_>) -> Text {
    let name = row.get("NAME");
    name.rsplit_once('/').map_or(name, |(_, name)| name).into()
}

fn address(row: &Row<'_, '_>, title: &str) -> Option<IpAddr> {
    row.get(title).parse().ok()
}

/// `1/2` as numbers.
fn ratio(cell: &str) -> (Option<u64>, Option<u64>) {
    let (ready, desired) = cell.split_once('/').unwrap_or_default();
    (ready.parse().ok(), desired.parse().ok())
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

impl Listing {
    /// The titles whose cells may be empty.
    fn optional(self) -> &'static [&'static str] {
        match self {
            Self::Claims => &["VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS"],
            _ => &[],
        }
    }

    fn row(self, row: &Row<'_, '_>) -> Data {
        let namespace = text(row, "NAMESPACE");
        match self {
            Self::Pods => {
                let (ready, all) = ratio(row.get("READY"));
                // `5 (3m ago)` since 1.22.
                let restarts = row.get("RESTARTS").split(' ').next().unwrap_or_default().parse().ok();
                let status = text(row, "STATUS");
                let ended = matches!(status.as_deref(), Some("Completed" | "Succeeded"));
                Pod {
                    name: name(row),
                    namespace,
                    ready: ready.zip(all).filter(|_| !ended).map(|(ready, all)| ready == all),
                    status,
                    restarts,
                    node: text(row, "NODE"),
                    address: address(row, "IP"),
                    labels: labels(row.get("LABELS")),
                    age: age(row.get("AGE")),
                    ..Pod::default()
                }
                .into()
            }
            Self::Nodes => {
                let mut words = row.get("STATUS").split(',');
                KubeNode {
                    name: name(row),
                    ready: match words.next() {
                        Some("Ready") => Some(true),
                        Some("NotReady") => Some(false),
                        _ => None,
                    },
                    unschedulable: words.any(|word| word == "SchedulingDisabled"),
                    roles: text(row, "ROLES").iter().flat_map(|roles| roles.split(',')).map(Text::from).collect(),
                    address: address(row, "INTERNAL-IP"),
                    version: text(row, "VERSION"),
                    operating_system: text(row, "OS-IMAGE"),
                    kernel: text(row, "KERNEL-VERSION"),
                    runtime: text(row, "CONTAINER-RUNTIME"),
                    ..KubeNode::default()
                }
                .into()
            }
            Self::Services => KubeService {
                name: name(row),
                namespace,
                service_type: text(row, "TYPE"),
                cluster_address: address(row, "CLUSTER-IP"),
                external: text(row, "EXTERNAL-IP").iter().flat_map(|list| list.split(',')).map(Text::from).collect(),
                ports: row.get("PORT(S)").split(',').filter_map(service_port).collect(),
                selector: labels(row.get("SELECTOR")),
                ..KubeService::default()
            }
            .into(),
            Self::Endpoints => {
                // `10.1.0.4:8080,10.1.0.5:8080 + 3 more...`
                let list = row.get("ENDPOINTS").split(" + ").next().unwrap_or_default();
                let mut data = KubeEndpoints { service: name(row), namespace, ..KubeEndpoints::default() };
                // kubectl prints three at most.
                for (host, port) in list.split(',').filter_map(|entry| entry.rsplit_once(':')).take(100) {
                    let address = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
                    data.addresses.extend(address.filter(|address| !data.addresses.contains(address)));
                    let port = Text::from(port);
                    if !data.ports.contains(&port) {
                        data.ports.push(port);
                    }
                }
                data.into()
            }
            Self::Events => {
                let object = row.get("OBJECT");
                let (kind, name) = object.split_once('/').unwrap_or(("", object));
                KubeEvent {
                    namespace,
                    event_type: text(row, "TYPE"),
                    object_kind: kind.to_lowercase().into(),
                    object: name.into(),
                    reason: row.get("REASON").into(),
                    message: row.get("MESSAGE").into(),
                    times: row.get("COUNT").parse().ok(),
                    age: age(row.get("LAST SEEN")),
                    ..KubeEvent::default()
                }
                .into()
            }
            Self::Claims => KubeClaim {
                name: name(row),
                namespace,
                phase: text(row, "STATUS"),
                volume: text(row, "VOLUME"),
                storage_class: text(row, "STORAGECLASS"),
                capacity: text(row, "CAPACITY"),
                ..KubeClaim::default()
            }
            .into(),
            Self::Workloads(kind) => {
                let (ready, desired) = match (kind, row.get("READY")) {
                    ("Job", _) => ratio(row.get("COMPLETIONS")),
                    ("DaemonSet" | "ReplicaSet", ready) => (ready.parse().ok(), row.get("DESIRED").parse().ok()),
                    (_, ready) => ratio(ready),
                };
                KubeWorkload {
                    kind: kind.into(),
                    name: name(row),
                    namespace,
                    desired,
                    ready,
                    images: text(row, "IMAGES").iter().flat_map(|list| list.split(',')).map(Text::from).collect(),
                    selector: labels(row.get("SELECTOR")),
                    ..KubeWorkload::default()
                }
                .into()
            }
        }
    }
}

/// `80/TCP`, `80:30080/TCP`.
fn service_port(piece: &str) -> Option<ServicePort> {
    let (ports, proto) = piece.split_once('/')?;
    let (port, node_port) = ports.split_once(':').unwrap_or((ports, ""));
    Some(ServicePort {
        name: None,
        proto: Proto::from_word(&proto.to_lowercase())?,
        port: Some(port.parse().ok()?),
        target: None,
        node_port: node_port.parse().ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Fact {
        parse(&Document::new("x", text.as_bytes())).facts.remove(0)
    }

    #[test]
    fn pods_of_all_namespaces_are_read() {
        let text = "NAMESPACE     NAME      READY   STATUS             RESTARTS      AGE     IP          NODE     NOMINATED NODE   READINESS GATES\n\
                    kube-system   dns-7     0/1     CrashLoopBackOff   5 (3m ago)    2d3h    10.1.0.4    node-1   <none>           <none>\n";
        let fact = first(text);
        let of = |field: &str| fact.get(field).to_string();
        assert_eq!(
            (of("namespace"), of("name"), of("status")),
            ("kube-system".into(), "dns-7".into(), "CrashLoopBackOff".into())
        );
        assert_eq!((of("ready"), of("restarts"), of("age")), ("false".into(), "5".into(), "183600".into()));
        assert_eq!((of("address"), of("node")), ("10.1.0.4".into(), "node-1".into()));
    }

    #[test]
    fn services_and_their_endpoints_are_read() {
        let fact = first(
            "NAME   TYPE       CLUSTER-IP   EXTERNAL-IP   PORT(S)                      AGE\nweb    NodePort   10.96.0.9    <none>        80:30080/TCP,443:30443/TCP   5d\n",
        );
        assert_eq!(
            fact.get("ports").to_string(),
            "name=, node_port=30080, port=80, proto=tcp, target=, name=, node_port=30443, port=443, proto=tcp, target="
        );
        let fact = first(
            "NAME   ENDPOINTS                                 AGE\nweb    10.1.0.4:8080,10.1.0.5:8080 + 3 more...   5d\n",
        );
        assert_eq!(
            (fact.get("addresses").to_string(), fact.get("ports").to_string()),
            ("10.1.0.4, 10.1.0.5".into(), "8080".into())
        );
        assert_eq!(first("NAME   ENDPOINTS   AGE\nweb    <none>      5d\n").get("addresses").to_string(), "");
    }

    #[test]
    fn several_tables_follow_one_another() {
        let text = "NAME         READY   STATUS    RESTARTS   AGE\npod/web-1    1/1     Running   0          5d\n\nNAME                  READY   UP-TO-DATE   AVAILABLE   AGE\ndeployment.apps/web   1/2     2            1           5d\n";
        let parsed = parse(&Document::new("x", text.as_bytes()));
        let kinds: Vec<_> =
            parsed.facts.iter().map(|fact| (fact.kind().to_owned(), fact.get("name").to_string())).collect();
        assert_eq!(kinds, [("pod".into(), "web-1".into()), ("kube_workload".into(), "web".into())]);
        assert_eq!(parsed.facts[1].get("desired"), bundlescope_facts::Value::Int(2));
    }

    #[test]
    fn ages_add_up() {
        assert_eq!(
            (age("45s"), age("3m10s"), age("2y35d"), age("5x"), age("7"), age("")),
            (Some(45), Some(190), Some(66_096_000), None, None, None)
        );
    }
}
