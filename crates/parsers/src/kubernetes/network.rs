//! Services, what stands behind them, and ways in, as JSON or YAML.

use std::net::IpAddr;

use bundlescope_facts::{
    Fact, IngressRule, KubeEndpoints, KubeIngress, KubeService, NetworkPolicy, Proto, ServicePort, Text,
};

use crate::Parsed;
use crate::json::Fields;

use super::objects::{named, number_or_name};

fn proto(port: Fields<'_, '_>) -> Proto {
    Proto::from_word(&port.word("protocol").to_lowercase()).unwrap_or_default()
}

/// Addresses or names of load balancers.
fn balancers(record: Fields<'_, '_>) -> Vec<Text> {
    let balancers = record.object("status").object("loadBalancer");
    let balancer = |ingress: Fields<'_, '_>| ingress.text("ip").or_else(|| ingress.text("hostname"));
    balancers.list("ingress").filter_map(balancer).collect()
}

/// A service of the API.
pub(super) fn service(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let spec = record.object("spec");
    let (name, namespace) = named(record);
    let port = |port: Fields<'_, '_>| ServicePort {
        name: port.text("name"),
        proto: proto(port),
        port: port.int("port"),
        target: number_or_name(port.get("targetPort")),
        node_port: port.int("nodePort"),
    };
    let mut external = spec.texts("externalIPs");
    external.extend(spec.text("externalName"));
    external.extend(balancers(record));
    let service_type = spec.text("type");
    let data = KubeService {
        name,
        namespace,
        pending: service_type.as_deref() == Some("LoadBalancer")
            && external.is_empty()
            && record.get("status").is_present(),
        service_type,
        cluster_address: spec.text("clusterIP").and_then(|address| address.parse().ok()),
        external,
        ports: spec.list("ports").map(port).collect(),
        selector: spec.map("selector"),
        external_traffic_policy: spec.text("externalTrafficPolicy"),
    };
    parsed.facts.push(Fact::new(spec.source(), data));
}

/// Endpoints of the API.
pub(super) fn endpoints(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (service, namespace) = named(record);
    let mut data = KubeEndpoints { service, namespace, ..KubeEndpoints::default() };
    for subset in record.list("subsets") {
        data.addresses.extend(subset.list("addresses").filter_map(|address| address.address("ip")));
        data.not_ready.extend(subset.list("notReadyAddresses").filter_map(|address| address.address("ip")));
        data.ports.extend(subset.list("ports").filter_map(declared_port));
    }
    let source = if record.get("subsets").is_present() {
        record.get("subsets").source()
    } else {
        record.source_of(&["metadata"])
    };
    parsed.facts.push(Fact::new(source, data));
}

/// A slice of the endpoints of a service; a large service has several.
pub(super) fn slice(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (name, namespace) = named(record);
    let service = record.object("metadata").object("labels").text("kubernetes.io/service-name").unwrap_or(name);
    let ports = record.list("ports").filter_map(declared_port).collect();
    let mut data = KubeEndpoints { service, namespace, ports, ..KubeEndpoints::default() };
    for endpoint in record.list("endpoints") {
        let ready = endpoint.object("conditions").bool("ready").unwrap_or(true);
        let list = if ready { &mut data.addresses } else { &mut data.not_ready };
        list.extend(endpoint.texts("addresses").iter().filter_map(|address| address.parse::<IpAddr>().ok()));
    }
    parsed.facts.push(Fact::new(record.source_of(&["endpoints", "ports"]), data));
}

/// `8080/tcp` of a port with a number.
pub(super) fn declared_port(port: Fields<'_, '_>) -> Option<Text> {
    let number = port.int::<u16>("containerPort").or_else(|| port.int("port"))?;
    Some(format!("{number}/{}", proto(port)).into())
}

/// An ingress of the API.
pub(super) fn ingress(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let spec = record.object("spec");
    let (name, namespace) = named(record);
    // v1 has `service: {name, port: {number, name}}`, v1beta1 `serviceName` and `servicePort`.
    let behind = |backend: Fields<'_, '_>, host: Option<Text>, path: Option<Text>| {
        let service = backend.object("service");
        let port = service.object("port");
        let number = number_or_name(port.get("number")).or_else(|| port.text("name"));
        IngressRule {
            host,
            path,
            service: service.text("name").or_else(|| backend.text("serviceName")),
            port: number.or_else(|| number_or_name(backend.get("servicePort"))),
        }
    };
    let mut rules = Vec::new();
    for rule in spec.list("rules") {
        let host = rule.text("host");
        for path in rule.object("http").list("paths") {
            rules.push(behind(path.object("backend"), host.clone(), path.text("path")));
        }
    }
    for key in ["defaultBackend", "backend"] {
        if spec.get(key).is_present() {
            rules.push(behind(spec.object(key), None, None));
        }
    }
    let annotated = || record.object("metadata").object("annotations").text("kubernetes.io/ingress.class");
    let data = KubeIngress {
        name,
        namespace,
        class: spec.text("ingressClassName").or_else(annotated),
        hosts: spec.list("rules").filter_map(|rule| rule.text("host")).collect(),
        addresses: balancers(record),
        rules,
        tls_secrets: spec.list("tls").filter_map(|tls| tls.text("secretName")).collect(),
    };
    parsed.facts.push(Fact::new(record.source(), data));
}

/// A network policy of the API.
pub(super) fn policy(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let spec = record.object("spec");
    let (name, namespace) = named(record);
    let data = NetworkPolicy {
        name,
        namespace,
        selector: spec.object("podSelector").map("matchLabels"),
        policy_types: spec.texts("policyTypes"),
        ingress: spec.get("ingress").value(),
        egress: spec.get("egress").value(),
    };
    parsed.facts.push(Fact::new(record.source_of(&["metadata", "spec"]), data));
}
