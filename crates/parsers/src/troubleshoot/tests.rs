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

/// Kind and fields of each fact.
fn told(path: &str, text: &str, fields: &[&str]) -> Vec<String> {
    let Identity::Format(format) = identify(path, text.as_bytes()).identity else { panic!("{path} is not recognised") };
    assert_eq!(format.name, "troubleshoot-host", "{path}");
    let parsed = format.read(&Document::new(path, text.as_bytes()));
    assert_eq!(parsed.problems, [], "{path}");
    let shown = |fact: &bundlescope_facts::Fact| {
        let values: Vec<_> = fields.iter().map(|field| fact.get(field).to_string()).collect();
        format!("{} {}", fact.kind(), values.join(" ")).trim_end().to_owned()
    };
    parsed.facts.iter().map(shown).collect()
}

#[test]
fn what_host_collectors_tell_is_told_in_the_hosts_kinds() {
    let system = "host-collectors/system";
    let one = |path: &str, text: &str, fields: &[&str]| told(&format!("{system}/{path}"), text, fields);
    let cpu = r#"{"logicalCount":4,"physicalCount":2,"flags": ["cmov", "cx8", "fpu", "fxsr" ],"machineArch":"x86_64"}"#;
    assert_eq!(one("cpu.json", cpu, &["count", "architecture"]), ["cpu 4 x86_64"]);
    assert_eq!(one("memory.json", r#"{"total":8589934592}"#, &["total"]), ["memory 8589934592"]);
    assert_eq!(one("node1/memory.json", r#"{"total":1073741824}"#, &["total"]), ["memory 1073741824"]);
    let time = r#"{"timezone":"UTC","ntp_synchronized":false,"ntp_active":true}"#;
    assert_eq!(
        one("time.json", time, &["source", "synchronized", "service_active"]),
        ["clock_sync troubleshoot false true"]
    );
    let system_info = r#"{
 "name": "web1",
 "kernelVersion": "5.15.0-91-generic",
 "platformVersion": "22.04",
 "platform": "ubuntu"
}"#;
    assert_eq!(
        one("hostos_info.json", system_info, &["release", "name", "id", "version"]),
        ["kernel 5.15.0-91-generic", "hostname  web1", "os_release   ubuntu 22.04"]
    );
    let devices = r#"[{"name":"sda1","kernel_name":"sda1","parent_kernel_name":"sda","type":"part","major":8,"minor":1,"size":1073741824,
        "filesystem_type":"ext4","mountpoint":"/","serial":"","read_only":false,"removable":false}]"#;
    assert_eq!(
        one("block_devices.json", devices, &["name", "device_type", "parent", "size", "fs_type"]),
        ["block_device sda1 part sda 1073741824 ext4"]
    );
    let modules = r#"{"br_netfilter":{"size":0,"instances":0,"status":"loadable"},"overlay":{"size":151552,"instances":8,"status":"loaded"}}"#;
    assert_eq!(
        one("kernel_modules.json", modules, &["name", "size", "uses", "state"]),
        ["kernel_module overlay 151552 8 Live"]
    );
    let usage = r#"{"total_bytes":1000,"used_bytes":951}"#;
    assert_eq!(
        told("host-collectors/diskUsage/var-lib-docker.json", usage, &["source", "size", "used", "used_percent"]),
        ["filesystem var-lib-docker 1000 951 96"]
    );
}

/// The shapes of `net.Interface`, of `host_dns.go` and of `dns.go`.
#[test]
fn the_network_as_collectors_see_it() {
    let interfaces = r#"[{"Index":2,"MTU":1500,"Name":"eth0","HardwareAddr":"AkIKCQAJ","Flags":51}]"#;
    assert_eq!(
        told("host-collectors/system/ipv4Interfaces.json", interfaces, &["name", "index", "mtu", "up"]),
        ["interface eth0 2 1500 true"]
    );
    let fields = ["name", "record_type", "outcome", "answers"];
    let answers = r#"{"*":"","db.example.com":"db.example.com.\t300\tIN\tA\t192.0.2.9"}"#;
    assert_eq!(
        told("host-collectors/dns/results.json", answers, &fields),
        ["name_lookup *  other", "name_lookup db.example.com A answered 192.0.2.9"]
    );
    let debug = r#"{"kubernetesClusterIP":"10.96.0.1","podResolvConf":"nameserver 10.96.0.10\n","query":{"kubernetes":{"name":
        "kubernetes","address":"10.96.0.1"},"nonResolvableDomain":{"name":"non-existent-domain","address":""}},"kubeDNSPods":[""],
        "kubeDNSService":"10.96.0.10","kubeDNSEndpoints":""}"#;
    assert_eq!(
        told("dns/debug.json", debug, &fields),
        ["name_lookup kubernetes  answered 10.96.0.1", "name_lookup non-existent-domain  other"]
    );
    assert!(!matches!(identify("app/names.json", br#"{"a":"b"}"#).identity, Identity::Format(_)));
}

#[test]
fn a_total_alone_may_be_of_anything() {
    for path in ["orders.json", "cart/memory.json"] {
        assert!(
            !matches!(identify(path, br#"{"total":12}"#).identity, Identity::Format(format) if format.name == "troubleshoot-host")
        );
    }
}
