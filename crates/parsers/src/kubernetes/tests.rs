//! What the JSON reader concludes from objects of the API.

use bundlescope_facts::{Fact, Value};

use super::objects::parse;
use crate::Document;

fn facts(text: &str) -> Vec<Fact> {
    let parsed = parse(&Document::new("x.json", text.as_bytes()));
    assert_eq!(parsed.problems, []);
    parsed.facts
}

fn pod_with(status: &str) -> Fact {
    let text = format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"web"}},
        "spec":{{"containers":[{{"name":"a"}},{{"name":"b"}}],"initContainers":[{{"name":"i"}}]}},
        "status":{{{status}}}}}"#
    );
    facts(&text).remove(0)
}

#[test]
fn the_status_of_a_pod_is_the_one_that_kubectl_prints() {
    let of = |status: &str| pod_with(status).get("status").to_string();
    let done = r#""initContainerStatuses":[{"name":"i","ready":true,"state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]"#;
    assert_eq!(of(&format!(r#""phase":"Running",{done}"#)), "Running");
    assert_eq!(
        of(&format!(
            r#""phase":"Running",{done},"containerStatuses":[{{"name":"a","state":{{"waiting":{{"reason":"CrashLoopBackOff"}}}}}}]"#
        )),
        "CrashLoopBackOff"
    );
    assert_eq!(
        of(&format!(
            r#""phase":"Failed",{done},"containerStatuses":[{{"name":"b","state":{{"terminated":{{"exitCode":3}}}}}}]"#
        )),
        "ExitCode:3"
    );
    assert_eq!(
        of(
            r#""phase":"Pending","initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":"ImagePullBackOff"}}}]"#
        ),
        "Init:ImagePullBackOff"
    );
    assert_eq!(of(r#""phase":"Pending","initContainerStatuses":[{"name":"i","state":{"running":{}}}]"#), "Init:0/1");
    assert_eq!(of(&format!(r#""phase":"Failed","reason":"Evicted",{done}"#)), "Evicted");
}

#[test]
fn the_evidence_of_a_pod_is_what_is_wrong_with_it() {
    let text = r#"{
  "items": [
    {
      "metadata": {"name": "web"},
      "spec": {"containers": [{"name": "a"}]},
      "status": {
        "conditions": [],
        "containerStatuses": [
          {"name": "a", "restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
        ],
        "phase": "Running"
      }
    }
  ],
  "kind": "PodList",
  "apiVersion": "v1"
}"#;
    let facts = facts(text);
    assert_eq!((facts[0].source.first_line, facts[0].source.last_line), (8, 10));
    assert_eq!(facts[0].get("restarts"), Value::Int(4));
}

#[test]
fn a_slice_tells_ready_addresses_from_others() {
    let text = r#"{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice",
        "metadata":{"name":"web-x7","namespace":"shop","labels":{"kubernetes.io/service-name":"web"}},
        "endpoints":[{"addresses":["10.1.0.4"],"conditions":{"ready":true}},{"addresses":["10.1.0.5"],"conditions":{"ready":false}}],
        "ports":[{"port":8080,"protocol":"TCP"}]}"#;
    let fact = facts(text).remove(0);
    let of = |field: &str| fact.get(field).to_string();
    assert_eq!(
        (of("service"), of("addresses"), of("not_ready"), of("ports")),
        ("web".into(), "10.1.0.4".into(), "10.1.0.5".into(), "8080/tcp".into())
    );
}

#[test]
fn services_policies_and_nodes_of_one_list_are_read() {
    let text = r#"{"apiVersion":"v1","kind":"List","items":[
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"type":"ClusterIP","clusterIP":"None","ports":[{"port":80,"targetPort":"http","protocol":"UDP"}],"selector":{"app":"web"}}},
        {"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"deny"},"spec":{"podSelector":{},"policyTypes":["Ingress"]}},
        {"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},"spec":{"taints":[{"key":"k","effect":"NoSchedule"}]},
         "status":{"conditions":[{"type":"DiskPressure","status":"True"},{"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown","message":"Kubelet stopped posting node status."}]}},
        {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}]}"#;
    let facts = facts(text);
    let kinds: Vec<_> = facts.iter().map(Fact::kind).collect();
    assert_eq!(kinds, ["kube_service", "network_policy", "kube_node"]);
    assert_eq!((facts[0].get("cluster_address"), facts[0].get("selector.app")), (Value::Null, "web".into()));
    assert_eq!((facts[1].get("policy_types").to_string(), facts[1].get("ingress")), ("Ingress".into(), Value::Null));
    assert_eq!((facts[2].get("ready"), facts[2].get("pressures").to_string()), (Value::Null, "DiskPressure".into()));
    assert_eq!(facts[2].get("message").to_string(), "NodeStatusUnknown: Kubelet stopped posting node status.");
    assert_eq!(facts[2].get("taints").to_string(), "k:NoSchedule");
}
