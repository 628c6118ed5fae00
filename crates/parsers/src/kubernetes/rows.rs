//! The facts that rows of kubectl's tables state.

use std::net::IpAddr;

use bundlescope_facts::{
    Data, KubeClaim, KubeComponent, KubeConfigMap, KubeEndpoints, KubeEvent, KubeIngress, KubeNode, KubeObject,
    KubeSecret, KubeService, KubeUsage, KubeVolume, KubeWorkload, NetworkPolicy, Pod, Proto, ResourceQuota,
    ServicePort, StorageClass, Text,
};

use crate::table::Row;

use super::objects::labels;
use super::tables::{Listing, access_modes, age};

/// The text of a cell; kubectl writes `<none>` and `<unknown>` for nothing.
fn text(row: &Row<'_, '_>, title: &str) -> Option<Text> {
    Some(row.get(title)).filter(|cell| !matches!(*cell, "" | "<none>" | "<unknown>" | "<unset>")).map(Text::from)
}

/// Texts with commas between them.
fn texts(row: &Row<'_, '_>, title: &str) -> Vec<Text> {
    text(row, title).iter().flat_map(|list| list.split(',')).map(|item| item.trim().into()).collect()
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

/// Kinds by the names that commands and prefixes have for them.
const KINDS: &[(&[&str], &str)] = &[
    (&["namespaces", "namespace", "ns"], "Namespace"),
    (&["serviceaccounts", "serviceaccount", "sa"], "ServiceAccount"),
    (&["ingressclasses", "ingressclass"], "IngressClass"),
    (&["roles", "role"], "Role"),
    (&["rolebindings", "rolebinding"], "RoleBinding"),
    (&["clusterroles", "clusterrole"], "ClusterRole"),
    (&["clusterrolebindings", "clusterrolebinding"], "ClusterRoleBinding"),
    (&["customresourcedefinitions", "customresourcedefinition", "crds", "crd"], "CustomResourceDefinition"),
    (&["horizontalpodautoscalers", "horizontalpodautoscaler", "hpa"], "HorizontalPodAutoscaler"),
    (&["poddisruptionbudgets", "poddisruptionbudget", "pdb"], "PodDisruptionBudget"),
    (&["replicationcontrollers", "replicationcontroller", "rc"], "ReplicationController"),
    (&["limitranges", "limitrange", "limits"], "LimitRange"),
    (&["leases", "lease"], "Lease"),
    (&["apiservices", "apiservice"], "APIService"),
    (&["csidrivers", "csidriver"], "CSIDriver"),
    (&["csinodes", "csinode"], "CSINode"),
    (&["validatingwebhookconfigurations", "validatingwebhookconfiguration"], "ValidatingWebhookConfiguration"),
    (&["mutatingwebhookconfigurations", "mutatingwebhookconfiguration"], "MutatingWebhookConfiguration"),
];

/// The kind of a resource by its name; the name itself where it is not known.
fn kind(resource: &str) -> Text {
    let bare = resource.split('.').next().unwrap_or_default().to_ascii_lowercase();
    KINDS
        .iter()
        .find(|(names, _)| names.contains(&bare.as_str()))
        .map_or_else(|| bare.as_str().into(), |(_, kind)| (*kind).into())
}

/// The kind before a name, as in `certificate.cert-manager.io/web`.
fn prefix<'a>(row: &Row<'_, 'a>) -> Option<&'a str> {
    row.get("NAME").rsplit_once('/').map(|(kind, _)| kind)
}

/// What a row states; nothing where its table has no facts.
pub(super) fn data(listing: Listing, row: &Row<'_, '_>, asked: &str) -> Option<Data> {
    let namespace = text(row, "NAMESPACE");
    let aged = age(row.get("AGE"));
    Some(match listing {
        Listing::Pods => pod(row, namespace).into(),
        Listing::Nodes => node(row).into(),
        Listing::Services => KubeService {
            name: name(row),
            namespace,
            service_type: text(row, "TYPE"),
            cluster_address: address(row, "CLUSTER-IP"),
            external: texts(row, "EXTERNAL-IP").into_iter().filter(|name| !name.starts_with('<')).collect(),
            pending: row.get("EXTERNAL-IP") == "<pending>",
            ports: row.get("PORT(S)").split(',').filter_map(service_port).collect(),
            selector: labels(row.get("SELECTOR")),
            ..KubeService::default()
        }
        .into(),
        Listing::Endpoints => endpoints(row, namespace).into(),
        Listing::Slices => slice(row, namespace).into(),
        Listing::Events => event(row, namespace).into(),
        Listing::Claims => KubeClaim {
            name: name(row),
            namespace,
            phase: text(row, "STATUS"),
            volume: text(row, "VOLUME"),
            storage_class: text(row, "STORAGECLASS"),
            capacity: text(row, "CAPACITY").filter(|size| &**size != "0"),
            access_modes: access_modes(modes(row)),
            ..KubeClaim::default()
        }
        .into(),
        Listing::Volumes => KubeVolume {
            name: name(row),
            phase: text(row, "STATUS"),
            claim: text(row, "CLAIM"),
            storage_class: text(row, "STORAGECLASS"),
            capacity: text(row, "CAPACITY"),
            reclaim_policy: text(row, "RECLAIM POLICY"),
            access_modes: access_modes(modes(row)),
            message: text(row, "REASON"),
            ..KubeVolume::default()
        }
        .into(),
        Listing::Ingresses => KubeIngress {
            name: name(row),
            namespace,
            class: text(row, "CLASS"),
            hosts: texts(row, "HOSTS").into_iter().filter(|host| &**host != "*").collect(),
            addresses: texts(row, "ADDRESS"),
            ..KubeIngress::default()
        }
        .into(),
        Listing::ConfigMaps => {
            KubeConfigMap { name: name(row), namespace, keys: Vec::new(), entries: row.get("DATA").parse().ok() }.into()
        }
        Listing::Secrets => KubeSecret {
            name: name(row),
            namespace,
            secret_type: text(row, "TYPE"),
            keys: Vec::new(),
            entries: row.get("DATA").parse().ok(),
        }
        .into(),
        Listing::StorageClasses => {
            let name = name(row);
            let bare = name.strip_suffix(" (default)");
            StorageClass {
                is_default: bare.is_some(),
                name: bare.map_or_else(|| name.clone(), Text::from),
                provisioner: text(row, "PROVISIONER"),
                reclaim_policy: text(row, "RECLAIMPOLICY"),
                binding_mode: text(row, "VOLUMEBINDINGMODE"),
            }
            .into()
        }
        Listing::Quotas => quota(row, namespace).into(),
        Listing::Policies => NetworkPolicy {
            name: name(row),
            namespace,
            selector: labels(row.get("POD-SELECTOR")),
            ..NetworkPolicy::default()
        }
        .into(),
        Listing::Components => KubeComponent {
            name: name(row),
            healthy: match row.get("STATUS") {
                "Healthy" => Some(true),
                "Unhealthy" => Some(false),
                _ => None,
            },
            message: text(row, "MESSAGE"),
            error: text(row, "ERROR").filter(|error| &**error != "nil"),
        }
        .into(),
        Listing::Usage(of) => usage(of, row, namespace).into(),
        Listing::Workloads(of) => workload(of, row, namespace, asked).into(),
        Listing::Others(of) => KubeObject {
            kind: match (of, prefix(row)) {
                ("", Some(prefix)) => kind(prefix),
                ("", None) => kind(asked),
                (of, _) => of.into(),
            },
            name: name(row),
            namespace,
            phase: text(row, "STATUS").or_else(|| text(row, "PHASE")),
            created: row.get("CREATED AT").parse().ok(),
            ..KubeObject::default()
        }
        .into(),
        Listing::Resources => return None,
    })
    .map(|data| aged_data(data, aged))
}

/// Puts the age into the kinds that have one.
fn aged_data(mut data: Data, age: Option<u64>) -> Data {
    match &mut data {
        Data::Pod(pod) => pod.age = age,
        Data::KubeNode(node) => node.age = age,
        Data::KubeWorkload(workload) => workload.age = age,
        _ => {}
    }
    data
}

/// `ACCESSMODES` until 1.9.
fn modes<'a>(row: &Row<'_, 'a>) -> &'a str {
    let modes = row.get("ACCESS MODES");
    if modes.is_empty() { row.get("ACCESSMODES") } else { modes }
}

fn pod(row: &Row<'_, '_>, namespace: Option<Text>) -> Pod {
    let (ready, all) = ratio(row.get("READY"));
    // `5 (3m ago)` since 1.22.
    let restarts = row.get("RESTARTS").split(' ').next().unwrap_or_default().parse().ok();
    let status = text(row, "STATUS");
    let ended = matches!(status.as_deref(), Some("Completed" | "Succeeded"));
    Pod {
        name: name(row),
        namespace,
        ready: ready.zip(all).filter(|_| !ended).map(|(ready, all)| ready == all),
        terminating: status.as_deref() == Some("Terminating"),
        status,
        restarts,
        node: text(row, "NODE"),
        address: address(row, "IP"),
        labels: labels(row.get("LABELS")),
        ..Pod::default()
    }
}

fn node(row: &Row<'_, '_>) -> KubeNode {
    let mut words = row.get("STATUS").split(',');
    KubeNode {
        name: name(row),
        ready: match words.next() {
            Some("Ready") => Some(true),
            Some("NotReady") => Some(false),
            _ => None,
        },
        unschedulable: words.any(|word| word == "SchedulingDisabled"),
        roles: texts(row, "ROLES"),
        address: address(row, "INTERNAL-IP"),
        external: texts(row, "EXTERNAL-IP"),
        version: text(row, "VERSION"),
        operating_system: text(row, "OS-IMAGE"),
        kernel: text(row, "KERNEL-VERSION"),
        runtime: text(row, "CONTAINER-RUNTIME"),
        labels: labels(row.get("LABELS")),
        ..KubeNode::default()
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

/// `10.1.0.4:8080,10.1.0.5:8080 + 3 more...`; kubectl prints three at most.
fn endpoints(row: &Row<'_, '_>, namespace: Option<Text>) -> KubeEndpoints {
    let list = row.get("ENDPOINTS").split(" + ").next().unwrap_or_default();
    let mut data = KubeEndpoints { service: name(row), namespace, ..KubeEndpoints::default() };
    for (host, port) in list.split(',').filter_map(|entry| entry.rsplit_once(':')).take(100) {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        data.addresses.extend(address.filter(|address| !data.addresses.contains(address)));
        let port = Text::from(port);
        if !data.ports.contains(&port) {
            data.ports.push(port);
        }
    }
    data
}

/// The addresses of a slice, ready or not; its name is the service's with five letters behind it.
fn slice(row: &Row<'_, '_>, namespace: Option<Text>) -> KubeEndpoints {
    let name = name(row);
    let service = name.rsplit_once('-').filter(|(_, suffix)| suffix.len() == 5).map_or(&*name, |(service, _)| service);
    let list = row.get("ENDPOINTS").split(" + ").next().unwrap_or_default();
    KubeEndpoints {
        service: service.into(),
        namespace,
        addresses: list.split(',').filter_map(|address| address.trim().parse().ok()).take(100).collect(),
        ports: texts(row, "PORTS"),
        ..KubeEndpoints::default()
    }
}

fn event(row: &Row<'_, '_>, namespace: Option<Text>) -> KubeEvent {
    // Until 1.13 kind and name of the object stood in columns of their own.
    let object = row.get("OBJECT");
    let (kind, name) = match object.split_once('/') {
        Some(split) => split,
        None if object.is_empty() => {
            (row.get("KIND"), row.get("NAME").rsplit_once('.').map_or(row.get("NAME"), |(name, _)| name))
        }
        None => ("", object),
    };
    // `kubelet, node-1`.
    let (component, node) = row.get("SOURCE").split_once(',').unwrap_or((row.get("SOURCE"), ""));
    let cell = |text: &str| Some(text.trim()).filter(|text| !text.is_empty() && *text != "<none>").map(Text::from);
    KubeEvent {
        namespace,
        event_type: text(row, "TYPE"),
        object_kind: kind.to_lowercase().into(),
        object: name.into(),
        reason: row.get("REASON").into(),
        message: row.get("MESSAGE").into(),
        times: row.get("COUNT").parse().ok(),
        age: age(row.get("LAST SEEN").split(' ').next().unwrap_or_default()),
        component: cell(component),
        on_node: cell(node),
        ..KubeEvent::default()
    }
}

/// `requests.cpu: 1/4, requests.memory: 1Gi/8Gi`.
fn quota(row: &Row<'_, '_>, namespace: Option<Text>) -> ResourceQuota {
    let mut data = ResourceQuota { name: name(row), namespace, ..ResourceQuota::default() };
    for entry in [row.get("REQUEST"), row.get("LIMIT")].into_iter().flat_map(|cell| cell.split(',')) {
        if let Some((resource, amounts)) = entry.trim().split_once(": ")
            && let Some((used, hard)) = amounts.split_once('/')
        {
            data.used.insert(resource.into(), used.into());
            data.hard.insert(resource.into(), hard.into());
        }
    }
    data
}

fn usage(of: &str, row: &Row<'_, '_>, namespace: Option<Text>) -> KubeUsage {
    // `--containers` has the pod in a column before.
    let pod = text(row, "POD");
    let percent = |titles: [&str; 2]| titles.iter().find_map(|title| row.get(title).trim_end_matches('%').parse().ok());
    KubeUsage {
        object_kind: of.into(),
        container_name: pod.as_ref().map(|_| name(row)),
        name: pod.unwrap_or_else(|| name(row)),
        namespace,
        cpu: text(row, "CPU(cores)"),
        cpu_percent: percent(["CPU%", "CPU(%)"]),
        memory: text(row, "MEMORY(bytes)"),
        memory_percent: percent(["MEMORY%", "MEMORY(%)"]),
    }
}

fn workload(of: &str, row: &Row<'_, '_>, namespace: Option<Text>, asked: &str) -> KubeWorkload {
    let (ready, desired) = match (of, row.get("READY")) {
        ("Job", _) if row.get("COMPLETIONS").is_empty() => {
            (row.get("SUCCESSFUL").parse().ok(), row.get("DESIRED").parse().ok())
        }
        ("Job", _) => ratio(row.get("COMPLETIONS")),
        ("CronJob", _) => (None, None),
        (_, ready) if ready.contains('/') => ratio(ready),
        (_, ready) => (ready.parse().ok(), row.get("DESIRED").parse().ok()),
    };
    let controller = of == "ReplicaSet" && kind(prefix(row).unwrap_or(asked)) == "ReplicationController".into();
    KubeWorkload {
        kind: if controller { "ReplicationController" } else { of }.into(),
        name: name(row),
        namespace,
        desired,
        ready,
        updated: row.get("UP-TO-DATE").parse().ok(),
        available: row.get("AVAILABLE").parse().ok(),
        images: texts(row, "IMAGES"),
        selector: labels(row.get("SELECTOR")),
        node_selector: labels(if row.get("NODE SELECTOR").is_empty() {
            row.get("NODE-SELECTOR")
        } else {
            row.get("NODE SELECTOR")
        }),
        schedule: text(row, "SCHEDULE"),
        suspended: row.get("SUSPEND") == "True",
        ..KubeWorkload::default()
    }
}
