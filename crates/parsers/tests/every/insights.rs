//! The samples of insights-core, many of them broken on purpose: each of a format that is claimed here is read without a problem, or
//! with one that names the broken line.

use std::collections::BTreeMap;
use std::fmt::Write;

use bundlescope_parsers::{Document, Identity, identify};

use crate::documents::shared;
use crate::support::corpus::tell;

/// Parsers of insights-core for formats that are read here, and where a sample would lie in a bundle.
const CLAIMED: &[(&str, &str)] = &[
    ("brctl_show", "brctl_show"),
    ("certificates_enddate", "openssl_x509.txt"),
    ("cni_podman_bridge_conf", "etc/cni/net.d/87-podman-bridge.conflist"),
    ("containers_inspect", "docker_inspect.json"),
    ("cpuinfo", "proc/cpuinfo"),
    ("crictl_ps", "crictl_ps"),
    ("date", "timedatectl.txt"),
    ("df", "df"),
    ("docker_info", "docker_info"),
    ("docker_list", "docker_list"),
    ("ethtool", "ethtool_eth0"),
    ("findmnt", "findmnt"),
    ("firewall_cmd", "firewall-cmd_--list-all-zones"),
    ("hosts", "etc/hosts"),
    ("ip", "ip"),
    ("ip_netns_exec_namespace_lsof", "lsof"),
    ("iptables", "iptables"),
    ("limits_conf", "etc/security/limits.conf"),
    ("lsblk", "lsblk"),
    ("lscpu", "lscpu"),
    ("lsmod", "lsmod"),
    ("lsof", "lsof"),
    ("meminfo", "proc/meminfo"),
    ("mount", "mount"),
    ("netstat", "netstat"),
    ("nftables", "nft_list_ruleset"),
    ("ntp_sources", "document"),
    ("openshift_get", "oc_get"),
    ("openshift_get_with_config", "oc_get"),
    ("os_release", "etc/os-release"),
    ("podman_list", "podman_ps"),
    ("proc_limits", "proc/1/limits"),
    ("ps", "ps"),
    ("resolv_conf", "etc/resolv.conf"),
    ("route", "route_-n"),
    ("selinux_config", "etc/selinux/config"),
    ("sestatus", "sestatus"),
    ("ssl_certificate", "openssl_x509.txt"),
    ("sysconfig_docker", "etc/sysconfig/docker"),
    ("sysctl", "sysctl_-a"),
    ("systemctl_show", "systemctl_show.txt"),
    ("systemctl_status_all", "systemctl_status_--all"),
    ("system_time", "etc/chrony.conf"),
    ("uname", "uname_-a"),
    ("unitfiles", "document"),
];

/// Parsers of logs, which are searched for events and not read row by row.
const LOGS: &[&str] = &[
    "audit_log",
    "crictl_logs",
    "dmesg",
    "dmesg_log",
    "httpd_log",
    "journalctl",
    "messages",
    "mysql_log",
    "nginx_log",
    "openshift_kube_log",
    "postgresql_log",
    "rabbitmq_log",
    "vmcore_dmesg",
];

/// Every other parser: formats of no kind in the vocabulary.
const OTHERS: usize = 56;

/// What each sample is taken for, how many facts it gives, and every problem with the line that it names.
#[test]
fn samples_of_insights_are_read_or_their_broken_lines_named() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("corpus/insights");
    let manifest = std::fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let mut samples: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in manifest.lines().skip(1) {
        let mut columns = line.split('\t');
        let (Some(parser), Some(file)) = (columns.next(), columns.next()) else { continue };
        samples.entry(parser).or_default().push(file);
    }
    let mut told = String::new();
    let (mut read, mut broken, mut empty) = (0, 0, 0);
    for (parser, path) in CLAIMED {
        for file in &samples[parser] {
            let bytes = std::fs::read(folder.join(file)).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let count = text.lines().filter(|line| !line.trim().is_empty()).count();
            let (name, parsed) = match identify(path, &bytes).identity {
                Identity::Format(format) => (format.name, format.read(&Document::new(*path, &bytes))),
                other => {
                    writeln!(told, "{file}: {count} lines, {}", format!("{other:?}").to_lowercase()).unwrap();
                    empty += 1;
                    continue;
                }
            };
            writeln!(told, "{file}: {count} lines, {} facts as {name}", parsed.facts.len()).unwrap();
            for problem in &parsed.problems {
                let line = text.lines().nth((problem.line as usize).saturating_sub(1)).unwrap_or_default();
                writeln!(told, "    {}: {}: {}", problem.line, problem.message, line.trim()).unwrap();
            }
            match (parsed.problems.is_empty(), parsed.facts.is_empty()) {
                (false, _) => broken += 1,
                (true, false) => read += 1,
                (true, true) => empty += 1,
            }
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots", omit_expression => true }, {
        insta::assert_snapshot!("insights", told);
    });
    tell("insights", &[read + broken + empty, read, broken, empty]);
    let other = samples
        .keys()
        .filter(|parser| !LOGS.contains(parser) && !CLAIMED.iter().any(|(claimed, _)| claimed == *parser));
    assert_eq!(other.count(), OTHERS);
}
