//! What is concluded from objects of the API and from descriptions.

use bundlescope_facts::{Fact, Value};

use super::{describe, objects::parse};
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
    assert_eq!(kinds, ["kube_service", "network_policy", "kube_node", "kube_object"]);
    assert_eq!((facts[0].get("cluster_address"), facts[0].get("selector.app")), (Value::Null, "web".into()));
    assert_eq!((facts[1].get("policy_types").to_string(), facts[1].get("ingress")), ("Ingress".into(), Value::Null));
    assert_eq!((facts[2].get("ready"), facts[2].get("pressures").to_string()), (Value::Null, "DiskPressure".into()));
    assert_eq!(facts[2].get("message").to_string(), "NodeStatusUnknown: Kubelet stopped posting node status.");
    assert_eq!(facts[2].get("taints").to_string(), "k:NoSchedule");
}

/// The shape of a description, with names of our own.
const DESCRIPTION: &str = "\
Name:         web-5d9-x2k
Namespace:    shop
Priority:     0
Node:         n1/10.0.0.9
Labels:       app=web
              tier=front
Status:       Running
IP:           10.1.0.4
IPs:
  IP:           10.1.0.4
Controlled By:  ReplicaSet/web-5d9
Containers:
  web:
    Image:          shop/web:1
    Port:           8080/TCP (http)
    Host Port:      0/TCP
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
    Ready:          False
    Restart Count:  14
    Limits:
      memory:  128Mi
    Environment:
      DB_HOST:  db
      DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false
Conditions:
  Type              Status
  Initialized       True
  Ready             False
Events:
  Type     Reason   Age                  From     Message
  ----     ------   ----                 ----     -------
  Warning  BackOff  80s (x370 over 81m)  kubelet  Back-off restarting failed container


Name:                     web
Namespace:                shop
Labels:                   <none>
Selector:                 app=web
Type:                     NodePort
IP:                       10.96.0.9
Port:                     http  80/TCP
TargetPort:               http/TCP
NodePort:                 http  30882/TCP
Endpoints:                10.1.0.4:8080,10.1.0.5:8080
Session Affinity:         None
Events:                   <none>


Name:               n1
Roles:              control-plane
Labels:             a=b
Taints:             k=v:NoSchedule
                    other:NoExecute
Unschedulable:      true
Conditions:
  Type             Status    LastHeartbeatTime   LastTransitionTime   Reason              Message
  ----             ------    -----------------   ------------------   ------              -------
  DiskPressure     True      a                   b                    KubeletHasPressure  kubelet has disk pressure
  Ready            Unknown   a                   b                    NodeStatusUnknown   Kubelet stopped posting node status.
Addresses:
  InternalIP:  10.0.0.9
System Info:
  Kernel Version:             6.1.0
  Kubelet Version:            v1.30.1
Events:              <none>
";

#[test]
fn descriptions_are_read() {
    assert!(describe::is_description(DESCRIPTION));
    let parsed = describe::parse(&Document::new("describe.txt", DESCRIPTION.as_bytes()));
    assert_eq!(parsed.problems, []);
    let kinds: Vec<_> = parsed.facts.iter().map(Fact::kind).collect();
    assert_eq!(kinds, ["pod", "kube_event", "kube_service", "kube_endpoints", "kube_node"]);
    let of = |index: usize, field: &str| parsed.facts[index].get(field).to_string();
    assert_eq!(
        (of(0, "status"), of(0, "phase"), of(0, "ready"), of(0, "restarts")),
        ("CrashLoopBackOff".into(), "Running".into(), "false".into(), "14".into())
    );
    assert_eq!(
        (of(0, "node"), of(0, "address"), of(0, "labels")),
        ("n1".into(), "10.1.0.4".into(), "app=web, tier=front".into())
    );
    assert_eq!(
        of(0, "containers"),
        "command=, cpu_limit=, cpu_request=, env=DB_HOST=db, exit_code=, finished=, host_ports=, image=shop/web:1, init=false, \
         last_exit_code=137, last_message=, last_reason=OOMKilled, liveness=, memory_limit=128Mi, memory_request=, message=, name=web, \
         ports=8080/tcp, readiness=, ready=false, reason=CrashLoopBackOff, restarts=14, started=, startup=, state=waiting"
    );
    assert_eq!((parsed.facts[0].source.first_line, parsed.facts[0].source.last_line), (17, 23));
    assert_eq!((of(1, "times"), of(1, "age"), of(1, "object_kind")), ("370".into(), "80".into(), "pod".into()));
    assert_eq!(of(2, "ports"), "name=http, node_port=30882, port=80, proto=tcp, target=http");
    assert_eq!(
        (of(3, "service"), of(3, "addresses"), of(3, "ports")),
        ("web".into(), "10.1.0.4, 10.1.0.5".into(), "8080".into())
    );
    assert_eq!(
        (of(4, "ready"), of(4, "unschedulable"), of(4, "pressures")),
        (String::new(), "true".into(), "DiskPressure".into())
    );
    assert_eq!((of(4, "taints"), of(4, "version")), ("k=v:NoSchedule, other:NoExecute".into(), "v1.30.1".into()));
    assert_eq!(of(4, "message"), "NodeStatusUnknown: Kubelet stopped posting node status.");
}

#[test]
fn events_copied_without_their_object_are_read_row_by_row() {
    let text = "Events:\n  Type     Reason                  Age   From                     Message\n  \
                ----     ------                  ----  ----                     -------\n  \
                Warning  FailedAttachVolume      71s   attachdetach-controller  Multi-Attach error for volume \"pvc-7a81d56f\"\n  \
                Normal   SuccessfulAttachVolume  55s   attachdetach-controller  AttachVolume.Attach succeeded for volume \"pvc-7a81d56f\"\n";
    let identified = crate::identify("note.txt", text.as_bytes());
    let crate::Identity::Format(format) = identified.identity else { panic!("not known") };
    let parsed = format.read(&crate::Document::new("note.txt", text.as_bytes()));
    assert_eq!(parsed.problems, []);
    let [failed, attached] = &parsed.facts[..] else { panic!("{:?}", parsed.facts) };
    assert_eq!(
        [failed, attached].map(|event| [
            event.get("object").to_string(),
            event.get("reason").to_string(),
            event.get("age").to_string()
        ]),
        [["(unnamed)", "FailedAttachVolume", "71"], ["(unnamed)", "SuccessfulAttachVolume", "55"]]
            .map(|row| row.map(str::to_owned))
    );
}

#[test]
fn the_events_alone_belong_to_the_object_that_was_asked_for() {
    let text = "$ kubectl describe pod worker-0 -n data | grep -A4 Events\nEvents:\n  Type     Reason            Age   From               Message\n  \
                ----     ------            ----  ----               -------\n  \
                Warning  FailedScheduling  12s   default-scheduler  0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.\n";
    let identified = crate::identify("session.txt", text.as_bytes());
    let crate::Identity::Format(format) = identified.identity else { panic!("not known") };
    let parsed = format.read(&crate::Document::new("session.txt", text.as_bytes()));
    assert_eq!(parsed.problems, []);
    let [event] = &parsed.facts[..] else { panic!("{:?}", parsed.facts) };
    let field = |name: &str| event.get(name).to_string();
    assert_eq!((field("object_kind"), field("object"), field("age")), ("pod".into(), "worker-0".into(), "12".into()));
    assert_eq!(event.source.first_line, 5);
}
