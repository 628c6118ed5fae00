//! `bundlescope ports`: the list for installation requirements, its proof, and the comparison with a declared list.

use std::fs;

use serde_json::Value;

use crate::{code, fixture, ok, run, stderr};

const BLOCKED: &str = "a-host-input-firewall-flagship1.flat.zip";

#[test]
fn the_list_is_written_as_requirements_are_and_its_rules_are_proved() {
    let text = ok(&["ports", &fixture(BLOCKED)]);
    assert!(
        text.contains("- inbound access to port 5432\n- internal communication on port 5432 on the server\n"),
        "{text}"
    );
    let used = "- medtrack-worker-1 to medtrack-db-1 (172.26.0.1) port 5432/tcp, postgres\n  - seen in log (";
    assert!(text.contains(used), "{text}");
    assert!(text.contains("  - now rejected: -A INPUT -j REJECT --reject-with icmp-port-unreachable ("), "{text}");
    let rule = "  iptables -I INPUT 1 -i docker0 -d 172.26.0.1 -p tcp --dport 5432 -j ACCEPT\n";
    assert!(text.contains(rule) && text.contains("\nProved: "), "{text}");
}

#[test]
fn ports_of_one_network_need_the_answers_as_well() {
    let text = ok(&["ports", &fixture("../healthy/h-dependency-down-HEALTHY_oneshot.flat.tar.gz")]);
    assert!(text.contains("- internal communication on ports 5432 and 6379 on the server\n"), "{text}");
    let bridge = "br-0a3f1607944b";
    let rule = format!("-i {bridge} -o {bridge} -p tcp -m multiport --dports 5432,6379 -j ACCEPT\n");
    assert!(text.contains(&rule) && text.contains("--ctstate RELATED,ESTABLISHED"), "{text}");
}

#[test]
fn json_says_the_same_with_places() {
    let value: Value = serde_json::from_str(&ok(&["ports", &fixture(BLOCKED), "--format", "json"])).unwrap();
    assert_eq!(value["format"], 1);
    let host = &value["hosts"][0];
    let used = &host["internal"][0];
    assert_eq!(
        (&used["from"], &used["port"], &used["verdict"]),
        (&"medtrack-worker-1".into(), &5432.into(), &"rejected".into())
    );
    assert!(used["blocked_by"]["line"].as_u64().is_some() && used["seen"][0]["document"].as_str().is_some());
    assert!(host["rules"].as_array().unwrap().iter().all(|rule| rule["proved"] == true), "{host}");
    assert!(value.get("comparison").is_none());
}

#[test]
fn a_declared_list_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("requirements.md");
    fs::write(&list, "- 16 GB of RAM\n- inbound access to ports 443 and 5432\n- internal communication on port 6379\n")
        .unwrap();
    let list = list.to_str().unwrap();
    let markdown = ok(&["ports", &fixture(BLOCKED), "--requirements", list, "--format", "markdown"]);
    for part in [
        "### Used, and not declared\n\n- internal 5432/tcp: medtrack-worker-1 to medtrack-db-1\n",
        "### Declared, and not used in this bundle\n\n- inbound 443/tcp, line 2 of the list\n- internal 6379/tcp, line 3 of the list\n",
        "  ```sh\n  iptables -I INPUT 1 -i docker0 -d 172.26.0.1 -p tcp --dport 5432 -j ACCEPT\n  ```\n",
    ] {
        assert!(markdown.contains(part), "{part}\n{markdown}");
    }
    let blocked = &ok(&["ports", &fixture(BLOCKED), "--requirements", list, "--format", "json"]);
    let blocked: Value = serde_json::from_str(blocked).unwrap();
    assert!(blocked["comparison"]["blocked"].as_array().unwrap().iter().any(|one| one["port"] == 5432), "{blocked}");
}

#[test]
fn a_list_without_ports_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("requirements.md");
    fs::write(&list, "- 16 GB of RAM\n").unwrap();
    let output = run(&["ports", &fixture(BLOCKED), "--requirements", list.to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("no line declares a port"), "{}", stderr(&output));
}
