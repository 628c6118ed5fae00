//! The shapes that the collectors' sources give, with the paths that they write to.

use crate::{Document, Identity, identify};

/// Format, and `check name outcome message` of each result.
fn read(path: &str, text: &str) -> (&'static str, Vec<String>) {
    let Identity::Format(format) = identify(path, text.as_bytes()).identity else { panic!("{path} is not recognised") };
    let parsed = format.read(&Document::new(path, text.as_bytes()));
    assert_eq!(parsed.problems, [], "{path}");
    let field = |fact: &bundlescope_facts::Fact, name: &str| fact.get(name).to_string();
    let shown = parsed
        .facts
        .iter()
        .map(|fact| ["check", "name", "outcome", "message"].map(|name| field(fact, name)).join(" | "));
    (format.name, shown.collect())
}

#[test]
fn analysis_and_preflights_are_read() {
    let text = r#"[{"name":"cluster.version","labels":{"desiredPosition":"1"},"insight":{"name":"cluster.version","labels":{},
        "primary":"Required Kubernetes Version","detail":"This requires at least Kubernetes 1.22.0","severity":"error"},"severity":"error","analyzerSpec":""},
        {"name":"ok","insight":{"primary":"Memory","detail":"enough","severity":"debug"},"severity":"debug","analyzerSpec":""}]"#;
    let (format, found) = read("support-bundle/analysis.json", text);
    assert_eq!(format, "troubleshoot-analysis");
    assert_eq!(
        found,
        [
            "analysis | Required Kubernetes Version | fail | This requires at least Kubernetes 1.22.0",
            "analysis | Memory | pass | enough",
        ]
    );
    let text = r#"{"pass":[{"title":"Docker","message":"installed"}],"fail":[{"title":"Memory","message":"4 GiB are needed"}]}"#;
    assert_eq!(
        read("x.json", text),
        (
            "troubleshoot-preflight",
            vec!["preflight | Memory | fail | 4 GiB are needed".into(), "preflight | Docker | pass | installed".into()]
        )
    );
}

#[test]
fn probes_are_read() {
    for (path, text, wanted) in [
        (
            "host-collectors/tcpPortStatus/api.json",
            r#"{"status":"connection-refused","message":"dial refused"}"#,
            "tcpPortStatus | api | fail | connection-refused: dial refused",
        ),
        (
            "b/host-collectors/tcpPortStatus/node1/api.json",
            r#"{"status":"connected","message":""}"#,
            "tcpPortStatus | api | pass | connected",
        ),
        (
            "postgres/main.json",
            r#"{"isConnected":false,"error":"dial tcp: lookup db: no such host"}"#,
            "postgres | main | fail | dial tcp: lookup db: no such host",
        ),
        ("redis/cache.json", r#"{"isConnected":true,"version":"7.2.1"}"#, "redis | cache | pass | version 7.2.1"),
        (
            "healthz/result.json",
            r#"{"response":{"status":503,"body":"","headers":{}}}"#,
            "http | healthz | fail | status 503",
        ),
        (
            "http/healthz.json",
            r#"{"error":{"message":"Get \"https://x\": EOF"}}"#,
            r#"http | healthz | fail | Get "https://x": EOF"#,
        ),
        (
            "registry/images.json",
            r#"{"images":{"r.example/a:1":{"exists":false,"error":"unauthorized"}}}"#,
            "registryImages | r.example/a:1 | fail | unauthorized",
        ),
        (
            "secrets/shop/db.json",
            r#"{"namespace":"shop","name":"db","key":"","secretExists":false,"keyExists":false}"#,
            "secret | shop/db | fail | it does not exist",
        ),
        (
            "goldpinger/check_all.json",
            r#"{"hosts":[{"hostIP":"10.0.0.1","podIP":"10.244.0.2"}],"responses":{"gp-a":{"OK":true,"response":{"podResults":{"gp-b":{"OK":false,"error":"timeout","status-code":504}}}}}}"#,
            "goldpinger | gp-a to gp-b | fail | timeout",
        ),
        (
            "skipped-collectors.json",
            r#"[{"collector":"cluster-resources","errors":["cannot list nodes"]}]"#,
            "collector | cluster-resources | skip | cannot list nodes",
        ),
    ] {
        assert_eq!(read(path, text).1, [wanted], "{path}");
    }
}

#[test]
fn the_version_of_the_tool_is_read() {
    let text = "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\nmetadata:\n  name: b\nspec:\n  versionNumber: v0.93.1\n";
    let Identity::Format(format) = identify("b/version.yaml", text.as_bytes()).identity else {
        panic!("not recognised")
    };
    let parsed = format.read(&Document::new("b/version.yaml", text.as_bytes()));
    assert_eq!(parsed.facts[0].get("version"), "v0.93.1".into());
}
