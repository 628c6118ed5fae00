//! Forms that options and languages give to known commands: outputs of net-tools 2.10, iproute2 6.1, util-linux 2.38 and procps 4.0,
//! cut to a few rows.

use bundlescope_facts::Value;
use bundlescope_parsers::{Document, Identity, identify};

/// Facts of one kind with some of their fields, and the number of problems.
#[track_caller]
fn read(path: &str, text: &str, kind: &str, fields: &[&str]) -> (Vec<String>, usize) {
    let Identity::Format(format) = identify(path, text.as_bytes()).identity else { panic!("{path} is not recognised") };
    let parsed = format.read(&Document::new(path, text.as_bytes()));
    let shown = |field: &&str, fact: &bundlescope_facts::Fact| match fact.data.get(field) {
        Value::Null => "-".to_owned(),
        value => value.to_string(),
    };
    let facts = parsed.facts.iter().filter(|fact| fact.kind() == kind);
    let facts = facts.map(|fact| fields.iter().map(|field| shown(field, fact)).collect::<Vec<_>>().join(" "));
    (facts.collect(), parsed.problems.len())
}

#[test]
fn netstat_speaks_other_languages() {
    let french = "Connexions Internet actives (seulement serveurs)\n\
        Proto Recv-Q Send-Q Adresse locale          Adresse distante        Etat        PID/Program name    \n\
        tcp        1      0 0.0.0.0:8080            0.0.0.0:*               LISTEN      7586/python3        \n\
        udp        0      0 127.0.0.1:5432          0.0.0.0:*                           7585/python3        \n";
    let portuguese = "Conexões Internet Ativas (sem os servidores)\n\
        Proto Recv-Q Send-Q Endereço Local          Endereço Remoto         Estado      PID/Program name    \n\
        tcp        1      0 0.0.0.0:8080            0.0.0.0:*               OUÇA       7586/python3        \n\
        udp        0      0 127.0.0.1:5432          0.0.0.0:*                           7585/python3        \n";
    for text in [french, portuguese] {
        for path in ["netstat_-tulpn.txt", "ports of the host"] {
            let (listeners, problems) = read(path, text, "listener", &["proto", "address", "port", "process", "pid"]);
            assert_eq!(listeners, ["tcp 0.0.0.0 8080 python3 7586", "udp 127.0.0.1 5432 python3 7585"], "{path}");
            assert_eq!(problems, 0, "{path}");
        }
    }
    assert_eq!(read("netstat_-tulpn.txt", french, "listener_list", &["tcp", "udp"]).0, ["true true"]);
    // The words for listening sockets are those for connections too, so the list is not known to be whole.
    assert!(read("netstat_-tulpn.txt", portuguese, "listener_list", &[]).0.is_empty());
    let german = "Aktive Internetverbindungen (Server und stehende Verbindungen)\n\
        Proto Recv-Q Send-Q Local Address           Foreign Address         State      \n\
        tcp        0      0 10.9.0.1:44838          10.9.0.1:8080           VERBUNDEN  \n";
    assert_eq!(read("netstat_-tan.txt", german, "connection", &["remote_port", "state"]).0, ["8080 ESTABLISHED"]);
    assert_eq!(read("netstat_-tan.txt", german, "listener_list", &["tcp"]).0, ["true"]);
    let aliases = "Kernel-Schnittstellentabelle\n\
        Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n\
        dum0             1500        9      0      0 0            10      0      0      0 BMRU\n\
        dum0:web         1500      - keine Statistiken verfügbar -                   BMRU\n";
    assert_eq!(read("netstat_-i.txt", aliases, "interface_traffic", &["interface"]), (vec!["dum0".into()], 0));
}

#[test]
fn ip_writes_numbers_for_names() {
    let rules = "0:\tfrom all lookup 255\n1002:\tfrom all to 10.99.0.0/16 6\n\
        1003:\tfrom all ipproto ipproto-6 dport 5432 lookup 200\n32766:\tfrom all lookup 254\n";
    let (facts, problems) = read("ip_-N_rule.txt", rules, "policy_rule", &["priority", "action", "table", "protocol"]);
    assert_eq!(facts, ["0 lookup local -", "1002 blackhole - -", "1003 lookup 200 6", "32766 lookup main -"]);
    assert_eq!(problems, 0);
    let routes = "10.70.0.0/16 dev dum0 table 200 scope 253 src 192.0.2.1 mtu 1400 advmss 1360 \n\
        default via 10.9.0.254 dev br0 proto 4 metric 100 linkdown \n6 10.66.0.0/16 \n7 10.67.0.0/16 metric 5 \n\
        2 10.9.0.1 dev br0 table 255 proto 2 scope 254 src 10.9.0.1 \n";
    let (facts, problems) =
        read("ip_-N_route_show_table_all.txt", routes, "route", &["kind", "destination", "interface", "table"]);
    assert_eq!(
        facts,
        [
            "unicast 10.70.0.0/16 dum0 200",
            "unicast 0.0.0.0/0 br0 main",
            "blackhole 10.66.0.0/16 - main",
            "unreachable 10.67.0.0/16 - main",
            "local 10.9.0.1/32 br0 local",
        ]
    );
    assert_eq!(problems, 0);
    let brief = "10.9.0.9                                br0              02:42:0a:09:00:09\n\
        10.9.0.10                               br0              \n";
    let (facts, problems) = read("ip_-4_-br_neigh.txt", brief, "neighbour", &["address", "interface", "mac", "state"]);
    assert_eq!(facts, ["10.9.0.9 br0 02:42:0a:09:00:09 -", "10.9.0.10 br0 - -"]);
    assert_eq!(problems, 0);
}

#[test]
fn a_rule_of_iptables_alone_is_no_schedule() {
    let rule = "3        0     0 WEB        6    --  *      *       0.0.0.0/0            0.0.0.0/0            multiport dports 80,443\n";
    assert!(!matches!(identify("rule.txt", rule.as_bytes()).identity, Identity::Format(_)));
    let (jobs, problems) = read("jobs", "5 4 * jan-mar mon,fri /usr/bin/backup\n", "cron_job", &["schedule"]);
    assert_eq!((jobs, problems), (vec!["5 4 * jan-mar mon,fri".to_owned()], 0));
}

#[test]
fn top_leaves_no_blank_before_a_hundred() {
    let text = "top - 04:04:49 up  7:49,  0 user,  load average: 7.85, 8.07, 7.33\n\
        Threads: 150 total,   4 running, 146 sleeping,   0 stopped,   0 zombie\n\
        %Cpu(s):  0.0 us,100.0 sy,  0.0 ni,  0.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st \n\
        MiB Mem :  24105.6 total,   9667.7 free,   1009.0 used,  13865.6 buff/cache     \n\
        MiB Swap:      0.0 total,      0.0 free,      0.0 used.  23096.5 avail Mem \n";
    let fields = ["user", "system", "idle", "io_wait"];
    assert_eq!(read("top_-b_-n1_-H.txt", text, "activity", &fields).0, ["0 100 0 0"]);
    let idle = text.replace("100.0 sy,  0.0 ni,  0.0 id", "  0.0 sy,  0.0 ni,100.0 id");
    assert_eq!(read("top.txt", &idle, "activity", &fields).0, ["0 0 100 0"]);
}

#[test]
fn vmstat_counts_in_other_languages() {
    let german = "     24684084 K Gesamtspeicher\n      1226704 K benutzter Speicher\n      9881028 K freier Speicher\n\
        \x20       92980 K Pufferspeicher\n            0 K Gesamt-Auslagerungsspeicher\n";
    let portuguese = "     24684084 K de memória total\n      1226704 K de memória usada\n      9881028 K de memória livre\n\
        \x20       92980 K de memória em buffer\n            0 K de swap total\n";
    for text in [german, portuguese] {
        let fields = ["total", "used", "free", "buffers", "swap_total"];
        let (facts, problems) = read("vmstat_-s.txt", text, "memory", &fields);
        assert_eq!(facts, ["25276502016 1256144896 10118172672 95211520 0"]);
        assert_eq!(problems, 0);
    }
}

#[test]
fn tables_of_util_linux_have_the_columns_that_were_asked_for() {
    let fields = ["name", "size", "read_only", "mounts"];
    let bare = "zram0 253:0    0    0B  0 disk \nvda   254:0    0  256G  0 disk /run/netns\n                               /\n";
    let both = ["zram0 0 false ", "vda 274877906944 false /run/netns, /"];
    assert_eq!(read("lsblk_-n.txt", bare, "block_device", &fields), (both.map(str::to_owned).to_vec(), 0));
    let raw = "NAME MAJ:MIN RM SIZE RO TYPE MOUNTPOINTS\nzram0 253:0 0 0B 0 disk \nvda 254:0 0 256G 0 disk /run/netns\\x0a/\n";
    assert_eq!(read("lsblk_-r.txt", raw, "block_device", &fields), (both.map(str::to_owned).to_vec(), 0));
    let chosen = "NAME  ROTA  SIZE\nzram0    0    0B\nvda      1  256G\n";
    let (facts, problems) = read("lsblk_-d_-o_NAME_ROTA_SIZE.txt", chosen, "block_device", &fields);
    assert_eq!((facts, problems), (vec!["zram0 0 - ".to_owned(), "vda 274877906944 - ".to_owned()], 0));
    let mounts = "/                                         /dev/vda                ext4     rw,relatime,discard\n\
        ├─/proc                                   proc                    proc     ro,relatime\n";
    let (facts, problems) = read("findmnt_-n.txt", mounts, "mount", &["target", "fs_type", "read_only"]);
    assert_eq!((facts, problems), (vec!["/ ext4 false".to_owned(), "/proc proc true".to_owned()], 0));
}
