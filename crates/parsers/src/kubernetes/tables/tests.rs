//! What rows of real tables state.

use bundlescope_facts::Fact;

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

#[test]
fn custom_resources_are_objects_and_not_problems() {
    let text = "NAMESPACE   NAME   READY   SECRET     AGE\nshop        web    False   web-tls    5d\n\nNAME          READY   AGE\nletsencrypt   True    40d\n";
    let parsed =
        parse(&Document { subject: "kubectl get certificates -A".into(), ..Document::new("x", text.as_bytes()) });
    assert_eq!(parsed.problems, []);
    let shown: Vec<_> =
        parsed.facts.iter().map(|fact| (fact.kind().to_owned(), fact.get("name").to_string())).collect();
    assert_eq!(shown, [("kube_object".into(), "web".into()), ("kube_object".into(), "letsencrypt".into())]);
    assert_eq!(parsed.facts[0].get("kind"), "certificates".into());
}

#[test]
fn a_row_that_lost_its_alignment_is_told_by_its_blanks_or_is_a_problem() {
    let text = "NAME         READY   STATUS             RESTARTS   AGE\nweb-5d9c7f-x2k9p   0/1   CrashLoopBackOff   14 (2m ago)   3h\nweb  broken\n";
    let parsed = parse(&Document::new("x", text.as_bytes()));
    assert_eq!((parsed.facts.len(), parsed.problems.len()), (1, 1));
    assert_eq!(
        (parsed.facts[0].get("restarts"), parsed.facts[0].get("status").to_string()),
        (bundlescope_facts::Value::Int(14), "CrashLoopBackOff".into())
    );
}

#[test]
fn what_kubectl_could_not_get_is_told() {
    let text = "Warning: v1 ComponentStatus is deprecated in v1.19+\nNAME                 STATUS      MESSAGE                                ERROR\nscheduler            Unhealthy   Get \"http://127.0.0.1:10251/healthz\"   <none>\netcd-0               Healthy     {\"health\":\"true\"}\nError from server (NotFound): pods \"x\" not found\n";
    let parsed = parse(&Document::new("x", text.as_bytes()));
    assert_eq!(parsed.problems, []);
    let kinds: Vec<_> = parsed.facts.iter().map(Fact::kind).collect();
    assert_eq!(kinds, ["kube_component", "kube_component", "collection_error"]);
}

#[test]
fn rows_that_grep_left_without_their_titles_are_read() {
    let text = "      pod1   0/2     MatchNodeSelector   0          15h     <none>          172.30.41.13    <none>\n\
                kube-system   web-1   0/1   CrashLoopBackOff   5 (21s ago)   3m38s   10.1.0.4   node-1   <none>   <none>\n";
    assert!(is_table(text));
    let facts = parse(&Document::new("x", text.as_bytes())).facts;
    let of = |field: &str| facts.iter().map(|fact| fact.get(field).to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!((of("name"), of("namespace")), ("pod1 web-1".into(), " kube-system".into()));
    assert_eq!((of("status"), of("restarts")), ("MatchNodeSelector CrashLoopBackOff".into(), "0 5".into()));
    assert_eq!((of("node"), of("address")), ("172.30.41.13 node-1".into(), " 10.1.0.4".into()));
    assert!(!is_table("-rw-r--r-- 1/2 root 5 10m\n") && !is_table("web 1/2 running 0 5d\n"));
}

#[test]
fn nodes_of_old_versions_have_no_roles() {
    let fact = first("NAME       STATUS     AGE       VERSION\nmas3-214   NotReady   2d        v1.7.0\n");
    assert_eq!((fact.kind(), fact.get("ready").to_string()), ("kube_node", "false".into()));
}
