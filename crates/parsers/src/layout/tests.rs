use super::*;

fn seen(path: &str) -> (String, String, String, bool) {
    let place = place(path);
    let container = place.container.map(|name| name.to_string()).unwrap_or_default();
    (place.root.to_string(), place.subject, container, place.log)
}

#[track_caller]
fn check(path: &str, root: &str, subject: &str, container: &str, log: bool) {
    assert_eq!(seen(path), (root.into(), subject.into(), container.into(), log), "{path}");
}

#[test]
fn classic_bundles() {
    check("default/commands/ip_addr_show", "", "ip addr show", "", false);
    check("default/commands/ip_route_show/stdout", "", "ip route show", "", false);
    check("default/commands/netstat/stderr", "", "netstat", "", false);
    check("b/default/etc/resolv.conf", "b/", "/etc/resolv.conf", "", false);
    check("default/proc/sys/net/ipv4/ip_forward", "", "/proc/sys/net/ipv4/ip_forward", "", false);
    check("default/commands/df_inodes", "", "df -i", "", false);
    check("default/commands/iptables_save", "", "iptables-save", "", false);
    check("default/docker/docker_ps_all.json", "", "docker ps -a", "", false);
    check("app/containers/northwind_db_1.json", "", "docker inspect", "northwind_db_1", false);
    check("app/logs/api.log", "", "", "api", true);
    check("app/container-logs/logs/worker.stderr.log.gz", "", "", "worker", true);
    check("default/var/log/docker.log", "", "/var/log/docker.log", "", true);
    check("10.0.0.7/default/commands/date", "10.0.0.7/", "date", "", false);
    check("replicated/logs/replicated-ui.journald.log/logs.raw", "", "", "", true);
    check("scheduler/container/ab12/inspect", "", "docker inspect", "ab12", false);
}

#[test]
fn troubleshoot_bundles() {
    let root = "support-bundle-2026-01-02T15_04_05/";
    check(&format!("{root}host-collectors/run-host/iptables-save.txt"), root, "iptables-save", "", false);
    check(&format!("{root}host-collectors/run-host/ip-route-table.txt"), root, "ip route", "", false);
    check(&format!("{root}host-collectors/run-host/netstat-ports.txt"), root, "netstat -tulpn", "", false);
    check(&format!("{root}host-collectors/run-host/netstat-ports-info.json"), root, "", "", false);
    let node = format!("{root}host-collectors/node-1/");
    check(&format!("{node}run-host/resolv-conf.txt"), &node, "/etc/resolv.conf", "", false);
    check(&format!("{root}cluster-resources/pods/logs/default/api-5d/api.log"), root, "", "api", true);
}

#[test]
fn logs_of_pods_name_their_pod() {
    let pod = |path: &str| {
        let place = place(path);
        let pod = place.pod.map(|pod| format!("{}/{}", pod.namespace.unwrap_or_default(), pod.name));
        (pod.unwrap_or_default(), place.container.unwrap_or_default().to_string(), place.log)
    };
    let of = |pod: &str, container: &str| (pod.to_owned(), container.to_owned(), true);
    assert_eq!(pod("b/cluster-resources/pods/logs/shop/api-5d/api-previous.log"), of("shop/api-5d", "api"));
    assert_eq!(
        pod("var/log/pods/shop_api-5d_1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed/api/0.log"),
        of("shop/api-5d", "api")
    );
    let id = "0123456789abcdef".repeat(4);
    assert_eq!(pod(&format!("var/log/containers/api-5d_shop_api-{id}.log")), of("shop/api-5d", "api"));
    let sos = "sosreport-a/sos_commands/kubernetes/cluster-info/shop/podlogs/api-5d/kubectl_--namespace_shop_logs_api-5d_-c_api";
    assert_eq!(pod(sos), of("shop/api-5d", "api"));
    assert_eq!(pod("kubectl_logs_api-5d_-n_shop.txt"), of("shop/api-5d", ""));
    assert_eq!(pod("kubectl_logs_-l_app=api.txt").0, "");
    assert_eq!(pod("kubectl_get_pods_-n_shop.txt").0, "");
}

#[test]
fn sosreports() {
    let root = "sosreport-web1-2026-11-21-cqzxkiz/";
    check(&format!("{root}sos_commands/networking/ip_-o_addr"), root, "ip -o addr", "", false);
    check(
        &format!("{root}sos_commands/networking/ip_-6_route_show_table_all"),
        root,
        "ip -6 route show table all",
        "",
        false,
    );
    check(
        &format!("{root}sos_commands/docker/containers/docker_logs_-t_18cb6aee2e16"),
        root,
        "docker logs -t 18cb6aee2e16",
        "18cb6aee2e16",
        true,
    );
    check(
        &format!("{root}sos_commands/docker/containers/docker_inspect_18cb6aee2e16"),
        root,
        "docker inspect 18cb6aee2e16",
        "18cb6aee2e16",
        false,
    );
    check(
        &format!("{root}sos_commands/networking/namespaces/cni-1/ip_netns_exec_cni-1_ip_-d_address_show"),
        root,
        "ip -d addr show",
        "netns:cni-1",
        false,
    );
    check(&format!("{root}sos_containers/web/etc/hosts"), root, "/etc/hosts", "web", false);
    check(&format!("{root}etc/hosts"), root, "/etc/hosts", "", false);
    check(&format!("{root}var/log/messages"), root, "/var/log/messages", "", true);
    check(&format!("{root}sos_commands/kernel/dmesg"), root, "dmesg", "", true);
}

#[test]
fn flat_folders() {
    check("diag_web/network/addresses.txt", "diag_web/", "ip addr", "", false);
    check("support-srv/05-iptables-nat.txt", "support-srv/", "iptables -t nat -nvL", "", false);
    check("07-netstat-rn.txt", "", "netstat -rn", "", false);
    check("etc-etc_hosts", "", "/etc/hosts", "", false);
    check("files/etc_sysctl.d_10-ptrace.conf", "", "/etc/sysctl.d/10-ptrace.conf", "", false);
    check("etc-var_log_docker.log", "", "/var/log/docker.log", "", true);
    check("docker/exec/northwind_db_1.txt", "", "", "northwind_db_1", false);
    check("docker/exec/northwind_db_1/ss_-lntup.txt", "", "ss -lntup", "northwind_db_1", false);
    check("docker_exec_northwind_db_1_ss_-lntup.txt", "", "ss -lntup", "northwind_db_1", false);
    check("docker_logs_atlas_pg_1.log", "", "", "atlas_pg_1", true);
    check("docker_exec_db.txt", "", "", "db", false);
    check("x/docker/exec/db/etc/hosts", "x/", "/etc/hosts", "db", false);
    check("x/files/etc/hosts", "x/", "/etc/hosts", "", false);
    check("logs/iptables-save.txt", "", "iptables-save", "", false);
    check("logs/api.log", "", "", "api", true);
    check("logs/docker.log", "", "", "", true);
    check("docker_inspect_atlas_pg_1.json", "", "docker inspect", "atlas_pg_1", false);
    let id = "0462cca7d1c34dcb9a50859fa21984e656e5d8375870a04872562bb8079794ad";
    check(&format!("support/{id}-json.log"), "support/", "", id, true);
    check(&format!("var/lib/docker/containers/{id}/resolv.conf"), "", "/etc/resolv.conf", id, false);
    check("whatever.txt", "", "", "", false);
}

#[test]
fn commands_of_the_network_are_told_by_their_names() {
    for (path, subject) in [
        ("ping_db.txt", "ping db"),
        ("ping_-c1_10.0.0.9.txt", "ping -c1 10.0.0.9"),
        ("network/ping6_-c1_fe80__1.txt", "ping6 -c1 fe80 1"),
        ("traceroute_-n_db.txt", "traceroute -n db"),
        ("tracepath-db.txt", "tracepath db"),
        ("mtr_-r_-n_db.txt", "mtr -r -n db"),
        ("arping_-I_eth0_10.0.0.9.txt", "arping -I eth0 10.0.0.9"),
        ("dig_db.example.txt", "dig db.example"),
        ("tcpdump-docker0.txt", "tcpdump docker0"),
        ("tcpdump_-ni_docker0.txt", "tcpdump -ni docker0"),
        ("ufw_status.txt", "ufw status"),
        ("ufw-status-verbose.txt", "ufw status verbose"),
        ("ufw_app_info_all.txt", "ufw app info all"),
        ("firewall-cmd_--list-all-zones.txt", "firewall-cmd --list-all-zones"),
        ("nmcli_device_show.txt", "nmcli device show"),
        ("nmcli-device.txt", "nmcli device"),
        ("sosreport-web1-2026-11-21-cqzxkiz/sos_commands/networking/ethtool_-S_eth0", "ethtool -S eth0"),
        ("ethtool_eth0.txt", "ethtool eth0"),
        ("tc_-s_qdisc.txt", "tc -s qdisc"),
        ("conntrack_-L.txt", "conntrack -L"),
        ("ipset_list.txt", "ipset list"),
        ("nft_list_ruleset.txt", "nft list ruleset"),
        ("bridge_fdb_show.txt", "bridge fdb show"),
        ("wg_show.txt", "wg show"),
        ("ip_mroute_show.txt", "ip mroute show"),
    ] {
        let (_, found, container, log) = seen(path);
        assert_eq!((found.as_str(), container.as_str(), log), (subject, "", false), "{path}");
    }
    check("docker_exec_api_ping_-c1_db.txt", "", "ping -c1 db", "api", false);
    check("docker/exec/api/tracepath_db.txt", "", "tracepath db", "api", false);
}

#[test]
fn hosts_in_nested_archives_and_folders_stay_apart() {
    check("node1.tar.gz!/etc/hosts", "node1.tar.gz!/", "/etc/hosts", "", false);
    check("all/node2.tgz!/node2/default/commands/date", "all/node2.tgz!/node2/", "date", "", false);
    check("nodes/node3/ip_addr.txt", "nodes/node3/", "ip addr", "", false);
}

#[test]
fn a_command_line_is_told_from_prose() {
    let subject = |text: &str| command_line(text).map(|command| command.subject);
    assert_eq!(subject("ip a").as_deref(), Some("ip addr"));
    assert_eq!(subject("sudo /usr/sbin/ss -tlnp 2>/dev/null").as_deref(), Some("ss -tlnp"));
    assert_eq!(subject("cat /etc/hosts").as_deref(), Some("/etc/hosts"));
    assert_eq!(subject("ssh -o BatchMode=yes -i ~/.ssh/id root@node1 sudo ip a").as_deref(), Some("ip addr"));
    assert_eq!(subject("ssh -tq node1 'iptables-save -c'").as_deref(), Some("iptables-save -c"));
    assert_eq!(
        command_line("docker exec -it db cat /etc/hosts").and_then(|command| command.container).as_deref(),
        Some("db")
    );
    for prose in [
        "ip forwarding is needed",
        "ssh is the way in",
        "ssh node1",
        "Generated by iptables-save v1.8.4 on Mon Jan  1",
        "sysctl settings are defined through files in",
        "route all traffic",
        "ss is the new netstat",
        "date of the incident",
        "hostname of the database",
        "Completed on Mon",
        "df.",
        "ip addresses of hosts",
        "mount the disk",
        "/etc/hosts is the table",
        "docker host entries",
        "kubectl apply this in the cluster",
    ] {
        assert_eq!(subject(prose), None, "{prose}");
    }
}

#[test]
fn logs_are_told_from_command_output() {
    for log in [
        "2024-01-02T15:04:05.123Z starting\n2024-01-02T15:04:06Z ready\n",
        "Jan  2 15:04:05 web1 kernel: x\nJan  2 15:04:06 web1 kernel: y\n",
        "{\"log\":\"x\\n\",\"stream\":\"stdout\",\"time\":\"2024-01-02T15:04:05Z\"}\n",
        "time=\"2024-01-02T15:04:05Z\" level=info msg=x\n",
        "I0102 15:04:05.000001       1 main.go:10] x\n",
        "1:M 02 Jan 2024 15:04:05.123 * Ready\n1:M 02 Jan 2024 15:04:06.123 * x\n",
        "[    0.000000] Linux version 5\n[    0.100000] x\n",
        "2024-01-02 15:04:05.123 UTC [1] LOG:  x\nTraceback:\n  File x\n  y\n2024-01-02 15:04:06.123 UTC [1] LOG:  y\n",
        "[2024-01-02 15:04:05 +0000] [1] [INFO] x\n",
    ] {
        assert!(looks_like_log(log), "{log}");
    }
    for other in [
        "1: lo: <LOOPBACK,UP> mtu 65536\n",
        "default via 10.0.0.1 dev eth0\n",
        "Sat Nov 21 01:46:55 UTC 2026 is the date of this text\nand so on\nmore\nmore\n",
        "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n",
        "",
    ] {
        assert!(!looks_like_log(other), "{other}");
    }
}
