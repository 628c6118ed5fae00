//! Config maps and what is configured in the well-known ones, secrets by name, and configuration files that have the form
//! of objects: kubeconfig, kubelet, kubeadm.
//!
//! Of a config map only the names of its entries are kept. A few entries are read for what they configure: flannel's
//! `net-conf.json`, CNI's configuration, CoreDNS's `Corefile`, kubeadm's `ClusterConfiguration`, the `kubelet`'s. They are
//! text in the text, so the lines of the whole entry prove what they say. Values of secrets and credentials are never read.

use bundlescope_facts::{
    BundleTool, Data, Fact, KubeCluster, KubeConfigMap, KubeSecret, KubeadmConfig, KubeletConfig, Text,
};

use crate::json::{self, Fields};
use crate::{Document, Parsed, yaml};

use super::objects::named;
use super::{cni, corefile, flannel};

/// A config map of the API.
pub(super) fn config_map(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (name, namespace) = named(record);
    let data = record.object("data");
    let keys: Vec<Text> =
        data.entries().chain(record.object("binaryData").entries()).map(|(key, _)| key.into()).collect();
    let entries = Some(keys.len() as u64);
    let source = record.source_of(&["data", "binaryData", "metadata"]);
    parsed.facts.push(Fact::new(source, KubeConfigMap { name, namespace, keys, entries }));
    for (key, value) in data.entries() {
        let Some(text) = value.as_text() else { continue };
        if let Some(read) = known(key) {
            nested(value, text, parsed, read);
        }
    }
}

/// How the text of an entry of that name is read, for those that are known.
pub(super) fn known(key: &str) -> Option<fn(&Document<'_>, &mut Parsed)> {
    Some(match key {
        "net-conf.json" => |inner, found| json::read(inner, found, flannel::network),
        "Corefile" => |inner, found| *found = corefile::parse(inner),
        "ClusterConfiguration" | "MasterConfiguration" => {
            |inner, found| yaml::read_items(inner, found, |record, _, found| kubeadm(record, found))
        }
        "kubelet" => |inner, found| yaml::read_items(inner, found, |record, _, found| kubelet(record, found)),
        _ if key == "cni-conf.json" || key.ends_with(".conflist") => {
            |inner, found| json::read(inner, found, cni::network)
        }
        _ => return None,
    })
}

/// Reads the text of an entry; the lines of the entry are the source of what it says.
fn nested(entry: Fields<'_, '_>, text: &str, parsed: &mut Parsed, read: impl FnOnce(&Document<'_>, &mut Parsed)) {
    let source = entry.source();
    let inner = Document::new(source.document.clone(), text.as_bytes());
    let mut found = Parsed::default();
    read(&inner, &mut found);
    parsed.facts.extend(found.facts.into_iter().map(|fact| Fact::new(source.clone(), fact.data)));
    parsed.problems.extend(found.problems.into_iter().map(|mut problem| {
        problem.line = source.first_line;
        problem
    }));
}

/// A secret of the API, without its values.
pub(super) fn secret(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (name, namespace) = named(record);
    let entries = record.object("data").entries().chain(record.object("stringData").entries());
    let keys: Vec<Text> = entries.map(|(key, _)| key.into()).collect();
    let data = KubeSecret { name, namespace, secret_type: record.text("type"), entries: Some(keys.len() as u64), keys };
    // Not the lines of the values, which a report would show.
    parsed.facts.push(Fact::new(record.get("metadata").source(), data));
}

/// A kubeconfig file: where its clusters are.
pub(super) fn kubeconfig(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let current = record.text("current-context");
    let context = record.list("contexts").find(|context| context.text("name") == current);
    let current = context.and_then(|context| context.object("context").text("cluster"));
    for cluster in record.list("clusters") {
        let name = cluster.text("name").unwrap_or_default();
        let inner = cluster.object("cluster");
        let Some(server) = inner.text("server") else { continue };
        let data = KubeCluster { current: current.as_ref().map(|current| *current == name), name, server };
        // Not the certificates that stand beside it.
        parsed.facts.push(Fact::new(inner.get("server").source(), data));
    }
}

/// A kubelet's configuration.
pub(super) fn kubelet(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let data = KubeletConfig {
        cluster_dns: record.texts("clusterDNS"),
        cluster_domain: record.text("clusterDomain"),
        cgroup_driver: record.text("cgroupDriver"),
        fail_swap_on: record.bool("failSwapOn"),
        static_pod_path: record.text("staticPodPath"),
        resolv_conf: record.text("resolvConf"),
        max_pods: record.int("maxPods"),
        eviction_hard: record.map("evictionHard"),
    };
    parsed.facts.push(Fact::new(record.source(), data));
}

/// kubeadm's configuration of a cluster.
pub(super) fn kubeadm(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let networking = record.object("networking");
    let data = KubeadmConfig {
        version: record.text("kubernetesVersion"),
        control_plane_endpoint: record.text("controlPlaneEndpoint"),
        pod_subnet: networking.text("podSubnet"),
        service_subnet: networking.text("serviceSubnet"),
        dns_domain: networking.text("dnsDomain"),
        image_repository: record.text("imageRepository"),
    };
    if data != KubeadmConfig::default() {
        parsed.facts.push(Fact::new(record.source(), data));
    }
}

/// troubleshoot.sh's version.yaml.
pub(super) fn bundle_tool(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let version = record.object("spec").text("versionNumber");
    let data: Data = BundleTool { name: "troubleshoot".into(), version }.into();
    parsed.facts.push(Fact::new(record.object("spec").source(), data));
}
