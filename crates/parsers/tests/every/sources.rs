//! Evidence: every scalar of a fact stands in the lines that the fact names. The exceptions are listed here, each with its
//! reason; a kind that is added is held to the rule with all its fields.

use std::collections::BTreeMap;

use bundlescope_facts::Fact;
use bundlescope_parsers::Parsed;

use crate::documents;
use crate::support::sources::{normal, scalars, states};

/// Fields that are concluded or converted and not written, by kind, with the reason. `*` is every kind.
const CONCLUDED: &[(&str, &[&str], &str)] = &[
    ("*", &["container"], "the view is told by the heading or the path, or the name stands in another record"),
    // Network.
    ("listener", &["proto"], "the heading of the list, or a flag of the command, tells it"),
    ("connection", &["proto", "state"], "as above; states are written in either of two spellings"),
    ("route", &["kind", "table"], "a table that is not printed is `main`, a kind `unicast`"),
    ("policy_rule", &["version", "action"], "the family is that of the command, `lookup` an action"),
    ("interface", &["link_kind", "peer"], "`tun type tap` and `Link encap:Ethernet` name it in other words"),
    ("neighbour", &["state"], "arp prints flags for it"),
    ("bridge_port", &["hairpin"], "`on` and `off`"),
    ("sysctl", &["key"], "the path of the file, or slashes for dots"),
    ("address", &["prefix", "scope"], "a mask with dots, a word of ifconfig for it"),
    ("counter", &["name", "scope"], "a sentence without its number; the device that the command names"),
    ("fdb_entry", &["bridge"], "the command names it"),
    ("ethernet_driver", &["interface"], "the command names it"),
    ("real_server", &["proto"], "in lower case"),
    // Reach.
    (
        "reachability",
        &["tool", "proto", "outcome", "host", "address", "hops"],
        "the words of the tool; the command names the target",
    ),
    ("name_lookup", &["tool", "outcome", "times", "name"], "the words of the tool; counted; the command names it"),
    ("conversation", &["proto", "requests", "replies", "syn", "syn_ack", "resets", "errors", "outcome"], "counted"),
    ("firewall_service", &["service"], "the format is of one service"),
    ("ufw_rule", &["number", "direction"], "counted, and `in`, where they are not printed"),
    ("packet_trace", &["steps", "verdict", "protocol"], "the document's words; a REJECT is printed as a DROP"),
    // System.
    ("collection_error", &["subject", "error"], "the path tells it; `skipped` for what sos words so"),
    ("bundle_tool", &["name"], "the file's name tells it"),
    ("collected_command", &["command"], "name and arguments, joined"),
    ("filesystem", &["size", "used", "available", "inodes", "inodes_free"], "bytes, whatever the unit printed"),
    ("capture_time", &["time"], "UTC, whatever the zone printed"),
    ("os_release", &["id"], "the name in lower case without its version"),
    // Services, packages, deployers, certificates.
    ("unit", &["name"], "`systemctl is-active` prints states alone"),
    ("unit", &["load"], "`could not be found`"),
    ("unit", &["sub"], "`failed (Result: …)` names the active state alone"),
    ("unit", &["since"], "UTC, whatever the zone printed"),
    ("unit", &["drop_ins"], "folder and name stand on two lines"),
    ("timer", &["next", "last"], "UTC, whatever the zone printed"),
    ("unit_file", &["name"], "`systemctl is-enabled` prints states alone"),
    ("unit_setting", &["unit", "section", "file"], "the path and the headings above tell them"),
    ("*", &["manager", "tool", "program"], "the command tells it"),
    ("clock_sync", &["source", "offset"], "the command; seconds, whatever the unit printed"),
    ("time_source", &["mode", "state", "offset", "error"], "a sign for it; seconds, whatever the unit printed"),
    ("time_source_statistics", &["offset", "deviation"], "seconds, whatever the unit printed"),
    ("ssh_setting", &["scope"], "the line `Match` or `Host` above"),
    ("cron_job", &["schedule", "user"], "blanks between the fields; the name of the table"),
    ("package", &["state"], "a letter for it"),
    ("package", &["name", "version", "epoch"], "the epoch may stand before either"),
    ("*", &["reason"], "one word whatever the program says"),
    ("ansible_failure", &["task", "role", "play"], "the headings above name them"),
    ("ansible_failure", &["message", "command", "stderr"], "decoded, folded lines and lists joined"),
    ("deploy_failure", &["message", "operation"], "folded lines joined"),
    ("compose_failure", &["message"], "joined with the line below"),
    (
        "certificate",
        &["subject", "common_name", "issuer", "dns_names", "addresses", "not_before", "not_after"],
        "encoded",
    ),
    ("certificate", &["serial", "fingerprint", "key", "signature", "position"], "encoded; counted"),
    ("process", &["virtual_size", "rss", "cpu_seconds"], "bytes and seconds, whatever the unit printed"),
    ("open_file_count", &["count"], "counted"),
    ("limit", &["item", "pid"], "one name for those of the kernel, shells and limits.conf; the path tells it"),
    ("limit", &["soft", "hard"], "bytes and seconds, whatever the unit printed"),
    ("environment", &["file"], "the path tells it"),
    ("environment", &["value"], "several lines are joined, escapes of the shell undone"),
    ("memory", &["total", "used", "free", "available", "buffers", "cached", "buffers_and_cache", "shared"], "bytes"),
    ("memory", &["swap_total", "swap_used", "swap_free", "commit_limit", "committed"], "bytes"),
    ("activity", &["swap_used", "free", "swap_in", "swap_out"], "bytes, whatever the unit printed"),
    ("load", &["one", "five", "fifteen"], "some languages write a comma"),
    ("qdisc", &["interface"], "`tc qdisc show dev` tells it in the command alone"),
    ("uptime", &["seconds"], "seconds of `2 days, 19:32`"),
    ("cpu", &["count", "sockets", "threads_per_core"], "counted in /proc/cpuinfo"),
    ("block_device", &["size", "parent"], "bytes, whatever the unit printed; the tree tells it"),
    ("kernel_module", &["uses"], "-1 for `-`"),
    ("security_module", &["module", "mode"], "the command tells it; a word for what is off"),
    // Firewall.
    ("*", &["family", "backend", "form"], "the command tells it"),
    ("firewall_rule", &["number"], "counted"),
    ("firewall_rule", &["comment"], "several comments are joined"),
    ("firewall_rule", &["text", "protocol", "steps"], "one wording for every command that lists rules"),
    ("firewall_chain", &["packets", "bytes"], "`125K` for thousands"),
    ("firewall_rule", &["packets", "bytes"], "`125K` for thousands"),
    ("*", &["table"], "`filter` where none is named"),
    ("firewall_chain", &["policy", "priority"], "`ACCEPT` where nft names none; `srcnat` for 100"),
    // Docker.
    ("container", &["status", "state_age"], "`docker ps` writes `Up 3 hours`, Docker before 1.9 only flags"),
    ("network", &["bridge"], "`br-` and twelve digits of the id, where no option names it"),
    ("image", &["size", "tags"], "bytes, whatever the unit printed; crictl has name and tag in two columns"),
    ("container_usage", &["memory", "memory_limit"], "bytes, whatever the unit printed"),
    ("docker_disk_usage", &["size", "reclaimable"], "bytes, whatever the unit printed"),
    (
        "compose_service",
        &["ports", "env", "extra_hosts", "volumes"],
        "of short and long forms, with the defaults of variables",
    ),
    ("swarm_node", &["reachability", "role"], "`Leader`, or nothing for a worker"),
    ("swarm_service", &["ports", "mode"], "`ingress` where no mode is named; `ReplicatedJob` for `replicated-job`"),
    ("swarm_object", &["object"], "the command tells it"),
    ("image_layer", &["image", "size"], "the command tells it; bytes, whatever the unit printed"),
    ("swarm_task", &["state_age"], "seconds of `5 hours`"),
    // Kubernetes.
    ("pod", &["message"], "the reason and the words of a condition, joined"),
    ("pod", &["status"], "`Init:0/4`, as kubectl counts it"),
    ("pod", &["restarts"], "a sum"),
    ("pod", &["owner"], "`ReplicaSet/NAME`"),
    ("kube_workload", &["kind", "message"], "told by the file's name in lists; joined"),
    ("kube_workload", &["ready"], "0 where it is left out"),
    ("kube_workload", &["updated", "available"], "0 where it is left out"),
    ("kube_workload", &["owner"], "`Deployment/NAME`"),
    ("kube_event", &["times"], "1 where it is left out"),
    ("*", &["age"], "seconds of `5d3h`"),
    ("pod", &["tolerations"], "`KEY=VALUE:EFFECT`"),
    ("kube_node", &["taints", "message"], "`KEY=VALUE:EFFECT`; joined"),
    ("kube_object", &["kind"], "the titles or the fields tell it"),
    ("kube_version", &["part"], "`clientVersion`, or the file"),
    ("etcd_endpoint", &["member_id"], "hexadecimal, decimal in JSON"),
    ("etcd_member", &["id"], "hexadecimal, decimal in JSON"),
    ("etcd_member", &["status"], "nothing but a mark for one that has started"),
    ("cri_container", &["created"], "nanoseconds since 1970"),
    ("cri_pod", &["created"], "nanoseconds since 1970"),
    ("helm_error", &["reason"], "a word of ours for the message"),
    ("helm_lint", &["chart"], "a heading above tells it"),
    ("helm_release", &["chart"], "name and version, joined"),
    ("helm_release", &["status"], "lower case with dashes, whatever the version"),
    ("check_result", &["check", "name", "outcome", "message"], "the path, or words of ours for the answer"),
    ("*", &["access_modes"], "in full for `RWO`"),
    ("kube_config_map", &["entries"], "counted"),
    ("kube_secret", &["entries"], "counted"),
    ("kube_usage", &["object_kind"], "told by the titles, or `PodMetrics`"),
];

/// Kinds of which other lines of the document state all fields but these, because the fact names the lines that show what
/// matters of it: the state of a container, what is wrong with a daemon.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("container", &["exit_code", "error", "health", "status_text"]),
    ("docker_daemon", &[]),
    ("daemon_config", &[]),
    ("image", &["id"]),
    ("compose_service", &["name", "container_name"]),
    ("swarm_node", &["state", "message", "address"]),
    ("swarm_service", &["name"]),
    ("swarm_task", &["state", "desired_state", "error"]),
    ("network", &["name", "id", "driver", "scope", "subnets", "gateways"]),
    ("endpoint", &["address", "prefix", "address6", "mac", "aliases", "dns_names"]),
    ("firewall_rule", &["source", "destination", "in_interface", "out_interface", "destination_ports", "target"]),
    ("firewall_chain", &["chain"]),
    ("conversation", &["client", "server", "port", "interface"]),
    ("name_lookup", &["server"]),
    ("pod", &[]),
    ("kube_node", &[]),
    ("kube_service", &[]),
    ("kube_endpoints", &[]),
    ("kube_event", &["reason"]),
    ("kube_workload", &[]),
    ("kube_claim", &[]),
    // Not the lines of the values.
    ("kube_secret", &["name", "namespace"]),
    ("kube_usage", &["cpu", "memory"]),
    ("network_policy", &[]),
];

/// Whether it is concluded, and whether other lines may state it.
fn excepted(kind: &str, field: &str) -> (bool, bool) {
    let concluded = CONCLUDED.iter().any(|(of, fields, _)| (*of == kind || *of == "*") && fields.contains(&field));
    (concluded, ELSEWHERE.iter().any(|(of, near)| *of == kind && !near.contains(&field)))
}

/// The first scalar that is not stated, by kind and field.
type Missing = BTreeMap<(String, String), String>;

/// Checks every fact of a document; returns the number of scalars that were found.
fn check(name: &str, bytes: &[u8], parsed: &Parsed, missing: &mut Missing) -> usize {
    let text = normal(bytes);
    let lines: Vec<&str> = text.split('\n').collect();
    let mut found = 0;
    for Fact { source, data, .. } in &parsed.facts {
        let Some(spec) = data.spec() else { continue };
        let within = lines.get(source.first_line as usize - 1..source.last_line as usize);
        let within = within.unwrap_or_else(|| panic!("{name}: {source:?} of {} lines", lines.len()));
        let evidence = within.join("\n");
        for field in spec.fields {
            let (concluded, anywhere) = excepted(spec.name, field.name);
            if concluded {
                continue;
            }
            let mut wanted = Vec::new();
            scalars(&data.get(field.name), &mut wanted);
            for scalar in wanted {
                if states(&evidence, &scalar) || anywhere && states(&text, &scalar) {
                    found += 1;
                    continue;
                }
                let shown: String = evidence.chars().take(300).collect();
                missing
                    .entry((spec.name.to_owned(), field.name.to_owned()))
                    .or_insert_with(|| format!("{name}:{}: {scalar:?} is not in:\n{shown}", source.first_line));
            }
        }
    }
    found
}

fn none(missing: Missing) {
    let told: Vec<String> =
        missing.iter().map(|((kind, field), example)| format!("{kind}.{field}: {example}\n")).collect();
    assert!(told.is_empty(), "{} fields are not in their lines:\n{}", told.len(), told.join("\n"));
}

fn run(documents: impl FnOnce(&mut dyn FnMut(&str, &[u8])), least: usize) {
    let (mut missing, mut found) = (Missing::new(), 0);
    documents(&mut |path, bytes| {
        if let Some((_, parsed)) = documents::read(path, bytes) {
            found += check(path, bytes, &parsed, &mut missing);
        }
    });
    none(missing);
    assert!(found >= least, "only {found} scalars were looked for");
}

#[test]
fn every_value_of_a_fixture_stands_in_its_lines() {
    run(|mut each| documents::fixtures(&mut each), 2_000);
}

#[test]
fn every_value_of_other_projects_outputs_stands_in_its_lines() {
    if documents::shared().is_some() {
        run(|mut each| documents::corpus(&mut each), 50_000);
    }
}

#[test]
fn every_value_of_a_bundle_stands_in_its_lines() {
    if documents::shared().is_some() {
        run(|mut each| documents::bundles(&mut each), 50_000);
    }
}
