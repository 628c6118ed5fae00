//! Claims, volumes, storage classes and quotas, as JSON or YAML.

use bundlescope_facts::{Fact, KubeClaim, KubeVolume, ResourceQuota, StorageClass, Text};

use crate::Parsed;
use crate::json::{Fields, Value};

use super::objects::{named, number_or_name, reason_and_message};

/// A claim of the API.
pub(super) fn claim(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (spec, status) = (record.object("spec"), record.object("status"));
    let (name, namespace) = named(record);
    let data = KubeClaim {
        name,
        namespace,
        phase: status.text("phase"),
        volume: spec.text("volumeName"),
        storage_class: spec.text("storageClassName"),
        capacity: number_or_name(status.object("capacity").get("storage")),
        requested: number_or_name(spec.object("resources").object("requests").get("storage")),
        access_modes: spec.texts("accessModes"),
        used_by: Vec::new(),
    };
    parsed.facts.push(Fact::new(record.source_of(&["spec", "status"]), data));
}

/// A volume of the API.
pub(super) fn volume(record: Fields<'_, '_>, parsed: &mut Parsed) {
    /// What a specification holds besides the source of the volume.
    const OTHERS: &[&str] = &["capacity", "claimRef", "nodeAffinity"];
    let (spec, status) = (record.object("spec"), record.object("status"));
    let claim = spec.object("claimRef");
    let is_source = |(key, value): &(&str, Fields<'_, '_>)| {
        !OTHERS.contains(key) && value.node().is_some_and(|node| matches!(node.value, Value::Object(_)))
    };
    let backing = spec.entries().find(is_source);
    let of_backing = |keys: &[&str]| {
        let (_, source) = backing?;
        keys.iter().find_map(|key| source.get(key).as_text()).map(Text::from)
    };
    let data = KubeVolume {
        name: named(record).0,
        phase: status.text("phase"),
        claim: claim.text("name").map(|name| match claim.text("namespace") {
            Some(namespace) => format!("{namespace}/{name}").into(),
            None => name,
        }),
        storage_class: spec.text("storageClassName"),
        capacity: number_or_name(spec.object("capacity").get("storage")),
        reclaim_policy: spec.text("persistentVolumeReclaimPolicy"),
        access_modes: spec.texts("accessModes"),
        path: of_backing(&["path", "volumeHandle", "volumeID"]),
        server: of_backing(&["server", "driver"]),
        backing: backing.map(|(kind, _)| kind.into()),
        message: reason_and_message(status),
    };
    parsed.facts.push(Fact::new(record.source_of(&["metadata", "spec", "status"]), data));
}

/// A storage class of the API.
pub(super) fn class(record: Fields<'_, '_>, parsed: &mut Parsed) {
    const DEFAULT: [&str; 2] =
        ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
    let annotations = record.object("metadata").object("annotations");
    let data = StorageClass {
        name: named(record).0,
        provisioner: record.text("provisioner"),
        is_default: DEFAULT.iter().any(|key| annotations.bool(key) == Some(true)),
        reclaim_policy: record.text("reclaimPolicy"),
        binding_mode: record.text("volumeBindingMode"),
    };
    parsed.facts.push(Fact::new(record.source(), data));
}

/// A resource quota of the API.
pub(super) fn quota(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let status = record.object("status");
    let (name, namespace) = named(record);
    let specified = record.object("spec").map("hard");
    let hard = if specified.is_empty() { status.map("hard") } else { specified };
    let data = ResourceQuota { name, namespace, hard, used: status.map("used") };
    parsed.facts.push(Fact::new(record.source(), data));
}
