//! Events: facts with a time that signatures read from logs.
//!
//! A signature may emit an event of any kind; the ones here are those that the built-in rules join on, so that a
//! vendor's signature for a new client library feeds the same rules.

use crate::{FieldSpec, FieldType, KindSpec};

const TEXT: FieldType = FieldType::Text;

const fn field(name: &'static str, ty: FieldType, doc: &'static [&'static str]) -> FieldSpec {
    FieldSpec { name, ty, doc }
}

const CONTAINER: FieldSpec =
    field("container", TEXT, &[" Name of the container whose log it is; absent for the host's own logs."]);

/// Fields that events of every kind may have besides those of their kind: whose record it is.
pub const ORIGIN_FIELDS: &[FieldSpec] = &[
    field("namespace", TEXT, &[" For events: namespace of the pod whose log it is, where the path tells it."]),
    field("pod", TEXT, &[" For events: pod whose log it is, where the path tells it."]),
    field(
        "unit",
        TEXT,
        &[" For events: systemd unit that wrote the first record, in the journal's json and export forms."],
    ),
    field(
        "program",
        TEXT,
        &[" For events: program that wrote the first record, as syslog and the journal name it, such as `dockerd`."],
    ),
    field(
        "program_pid",
        FieldType::Integer,
        &[" For events: process id of that program. Records of several programs that say the same make one event."],
    ),
];

const ONGOING: FieldSpec = field(
    "ongoing",
    FieldType::Bool,
    &[
        " True when it lasts until the end of the log or the program gave up, false when the log goes on without it or",
        " says that it works again; absent when the log does not tell.",
    ],
);

const INFERRED: FieldSpec =
    field("inferred", TEXT, &[" Where host or port were taken from when the record did not name them."]);

/// What went wrong with a connection, one word whatever the client library calls it.
const CONNECTION_ERRORS: &[&str] = &[
    "refused",
    "timed_out",
    "no_route",
    "network_unreachable",
    "prohibited",
    "reset",
    "closed",
    "name_not_found",
    "name_lookup_failed",
    "address_in_use",
    "address_not_available",
    "other",
];

/// Named groups of a signature that fill several fields: `url` (`redis://cache:6380/0`) and `endpoint` (`cache:6379`)
/// give `host` and `port`.
pub const COMPOUND_GROUPS: &[&str] = &["url", "endpoint"];

/// The documented event kinds.
pub const EVENTS: &[KindSpec] = &[
    KindSpec {
        name: "connection_failure",
        doc: &[" A client could not connect: psql, redis-cli, curl, Go, Java, Python, Node, Ruby and others alike."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" Host as the client wrote it: a name or an address; absent where not logged."]),
            field("address", FieldType::Address, &[" Address that the host resolved to, where it can be told."]),
            field("port", FieldType::Integer, &[" Destination port."]),
            field("error", FieldType::Word(CONNECTION_ERRORS), &[" What the client saw."]),
            field(
                "phase",
                FieldType::Word(&["connect", "exchange"]),
                &[
                    " Whether it failed before the connection stood or while data was exchanged over it; absent where the wording",
                    " does not tell.",
                ],
            ),
            field("client", TEXT, &[" Client library or program, such as `libpq` or `go-net`."]),
            field(
                "service",
                TEXT,
                &[
                    " `database`, `cache`, `broker`, `upstream`, `directory` or `search`, where host and port are not logged.",
                ],
            ),
            field("resolver", TEXT, &[" DNS server that was asked, where logged."]),
            field("ongoing", FieldType::Bool, &[" False when the log goes on without it and without giving up."]),
            field(
                "target",
                TEXT,
                &[" Container that is meant, by name, alias, address or published port, even a stopped one."],
            ),
            field(
                "target_by",
                TEXT,
                &[
                    " By what the container was found: name, alias, compose service, hostname, address, published port, exposed port.",
                ],
            ),
            field("inferred", TEXT, &[" Where host or port were taken from when the record did not name them."]),
        ],
    },
    KindSpec {
        name: "connection_success",
        doc: &[" A client says that its connection works."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" Host as the client wrote it, where logged."]),
            field("port", FieldType::Integer, &[" Destination port, where logged."]),
            field("address", FieldType::Address, &[" Address that the host resolved to, where it can be told."]),
            field("service", TEXT, &[" What it connected to in its own words, such as `database`."]),
        ],
    },
    KindSpec {
        name: "tls_failure",
        doc: &[" A TLS handshake failed because a certificate was not accepted."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" Host as the client wrote it, where logged."]),
            field("port", FieldType::Integer, &[" Destination port, where logged."]),
            field("address", FieldType::Address, &[" Address that the host resolved to, where it can be told."]),
            field(
                "reason",
                FieldType::Word(&["unknown_authority", "expired", "not_yet_valid", "name_mismatch", "other"]),
                &[" Why the certificate was not accepted."],
            ),
            field("issuer", TEXT, &[" Issuer, where logged."]),
            field("client", TEXT, &[" Client library or program."]),
            ONGOING,
            INFERRED,
        ],
    },
    KindSpec {
        name: "client_rejected",
        doc: &[" A server was reached and refused the client by its own rules: access lists, credentials."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" Host as the client wrote it, where logged."]),
            field("port", FieldType::Integer, &[" Destination port, where logged."]),
            field("address", FieldType::Address, &[" Address that the host resolved to, where it can be told."]),
            field("reason", TEXT, &[" The server's words."]),
            field("client", TEXT, &[" Client library or program."]),
            ONGOING,
            INFERRED,
        ],
    },
    KindSpec {
        name: "server_error",
        doc: &[" A server was reached and could not serve: it is starting, stopping, loading, or failed by itself."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" Host as the client wrote it, where logged."]),
            field("port", FieldType::Integer, &[" Destination port, where logged."]),
            field("address", FieldType::Address, &[" Address that the host resolved to, where it can be told."]),
            field(
                "state",
                FieldType::Word(&["starting", "stopping", "failing"]),
                &[" Whether the server will get over it by itself: `starting` and `stopping` pass."],
            ),
            field("reason", TEXT, &[" The server's words."]),
            field("client", TEXT, &[" Client library or program."]),
            ONGOING,
            INFERRED,
        ],
    },
    KindSpec {
        name: "server_rejection",
        doc: &[" The log of a server says that it refused a client: access lists, credentials, limits."],
        fields: &[
            CONTAINER,
            field("address", FieldType::Address, &[" Address of the client, where logged."]),
            field("user", TEXT, &[" User that the client named, where logged."]),
            field("database", TEXT, &[" Database that the client asked for, where logged."]),
            field("reason", TEXT, &[" The server's words."]),
        ],
    },
    KindSpec {
        name: "connection_target",
        doc: &[" A program says where it is about to connect; failures that do not name their target mean this one."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" Host as the program wrote it: a name or an address."]),
            field("address", FieldType::Address, &[" The host, when it is an address."]),
            field("port", FieldType::Integer, &[" Destination port."]),
        ],
    },
    KindSpec {
        name: "gave_up",
        doc: &[" A program says that it stops trying to connect."],
        fields: &[
            CONTAINER,
            field("service", TEXT, &[" What it wanted to connect to in its own words, such as `database`."]),
        ],
    },
    KindSpec {
        name: "service_listening",
        doc: &[" A server says at which address and port it listens."],
        fields: &[
            CONTAINER,
            field("address", TEXT, &[" Address as logged: `0.0.0.0`, `127.0.0.1`, `::`, `localhost`."]),
            field("port", FieldType::Integer, &[" Port."]),
        ],
    },
    KindSpec {
        name: "port_conflict",
        doc: &[
            " A program could not listen because something else holds the port: dockerd, nginx, PostgreSQL and others.",
        ],
        fields: &[
            CONTAINER,
            field("address", FieldType::Address, &[" Address that was to be bound, where logged."]),
            field("port", FieldType::Integer, &[" Port that was to be bound."]),
            field("proto", FieldType::Word(&["tcp", "udp", "sctp"]), &[" Transport, where logged."]),
        ],
    },
    KindSpec {
        name: "oom_kill",
        doc: &[" The kernel killed a process for memory."],
        fields: &[
            CONTAINER,
            field("process", TEXT, &[" Name of the process, as the kernel cuts it to 15 characters."]),
            field("pid", FieldType::Integer, &[" Process id on the host."]),
            field("cgroup", TEXT, &[" Control group that the limit belongs to or the process was in, where logged."]),
            field(
                "scope",
                FieldType::Word(&["host", "cgroup"]),
                &[" Whether the whole host was out of memory, or a limit of a control group was hit; where logged."],
            ),
        ],
    },
    KindSpec {
        name: "memory_limit_hit",
        doc: &[" The kernel's report on a control group that reached its memory limit; an OOM kill follows."],
        fields: &[
            CONTAINER,
            field("usage_kb", FieldType::Integer, &[" Memory in use, in kilobytes as logged."]),
            field("limit_kb", FieldType::Integer, &[" The limit, in kilobytes as logged."]),
            field("failures", FieldType::Integer, &[" How often the limit was hit."]),
        ],
    },
    KindSpec {
        name: "process_crash",
        doc: &[" A program was stopped by the kernel: it touched memory that is not its own, or ran wrong code."],
        fields: &[
            CONTAINER,
            field("process", TEXT, &[" Name of the process, as the kernel cuts it to 15 characters."]),
            field("pid", FieldType::Integer, &[" Process id on the host."]),
            field("reason", TEXT, &[" `segfault`, `general_protection`, `core_dumped` or the kernel's words."]),
        ],
    },
    KindSpec {
        name: "hung_task",
        doc: &[" A task waits in the kernel for longer than it should, mostly for a disk or a network file system."],
        fields: &[
            CONTAINER,
            field("process", TEXT, &[" Name of the task."]),
            field("pid", FieldType::Integer, &[" Its id on the host."]),
            field("seconds", FieldType::Integer, &[" For how long, at least."]),
        ],
    },
    KindSpec {
        name: "kernel_table_full",
        doc: &[" A table of the kernel is full, and packets are dropped."],
        fields: &[
            CONTAINER,
            field(
                "table",
                FieldType::Word(&["conntrack", "neighbour"]),
                &[" Connections, or addresses of neighbours."],
            ),
        ],
    },
    KindSpec {
        name: "link_change",
        doc: &[" A network link went down or came up."],
        fields: &[
            CONTAINER,
            field("interface", TEXT, &[" Name of the interface."]),
            field("state", FieldType::Word(&["up", "down"]), &[" What it is now."]),
        ],
    },
    KindSpec {
        name: "filesystem_error",
        doc: &[" A file system or its disk reports errors."],
        fields: &[
            CONTAINER,
            field("device", TEXT, &[" Name of the device."]),
            field(
                "error",
                FieldType::Word(&["damaged", "remounted_read_only", "input_output"]),
                &[" Damaged data, made read-only because of it, or a block that cannot be read or written."],
            ),
        ],
    },
    KindSpec {
        name: "no_space",
        doc: &[" A program could not write: no space (or no inode) left on a device, or a quota was exceeded."],
        fields: &[CONTAINER, field("path", TEXT, &[" File or directory, where logged."])],
    },
    KindSpec {
        name: "open_files_exhausted",
        doc: &[" A program ran out of file descriptors."],
        fields: &[CONTAINER, field("process", TEXT, &[" Program, where the wording tells it."])],
    },
    KindSpec {
        name: "packet_logged",
        doc: &[" A firewall rule (LOG of iptables, `log` of nft) wrote a packet into the kernel's log."],
        fields: &[
            CONTAINER,
            field("prefix", TEXT, &[" What the rule puts before it; absent where nothing."]),
            field("in_interface", TEXT, &[" Input interface; absent for packets of the host itself."]),
            field("out_interface", TEXT, &[" Output interface; absent for packets to the host itself."]),
            field("source", FieldType::Address, &[" Source address."]),
            field("destination", FieldType::Address, &[" Destination address."]),
            field("protocol", TEXT, &[" Protocol as logged: `TCP`, `UDP`, `ICMP`, a number."]),
            field("destination_port", FieldType::Integer, &[" Destination port."]),
        ],
    },
    KindSpec {
        name: "trace_step",
        doc: &[" A TRACE line of iptables-legacy in the kernel's log; `packet_trace` has the packet's whole way."],
        fields: &[
            CONTAINER,
            field("table", TEXT, &[" Table."]),
            field("chain", TEXT, &[" Chain."]),
            field("step", FieldType::Word(&["rule", "policy", "return"]), &[" What the packet met."]),
            field("number", FieldType::Integer, &[" Number of the rule in its chain."]),
            field("in_interface", TEXT, &[" Input interface."]),
            field("out_interface", TEXT, &[" Output interface."]),
            field("source", FieldType::Address, &[" Source address."]),
            field("destination", FieldType::Address, &[" Destination address."]),
            field("id", TEXT, &[" Identification of the IPv4 packet."]),
            field("protocol", TEXT, &[" Protocol as logged."]),
            field("source_port", FieldType::Integer, &[" Source port."]),
            field("destination_port", FieldType::Integer, &[" Destination port."]),
        ],
    },
    KindSpec {
        name: "pod_failure",
        doc: &[
            " A log or a note says what keeps a pod from running: the kubelet and the scheduler in their logs, and the events",
            " of a pod where they were copied without the name of their object.",
        ],
        fields: &[
            CONTAINER,
            field("pod", TEXT, &[" Name of the pod, where told; `(unnamed)` where it is not."]),
            field(
                "reason",
                FieldType::Word(&["image", "scheduling", "network", "volume", "crash", "probe", "config", "start"]),
                &[" What failed."],
            ),
            field("message", TEXT, &[" The words for it."]),
            ONGOING,
        ],
    },
    KindSpec {
        name: "component_failure",
        doc: &[
            " A part of a cluster says in its log that it does not work: kubelet, etcd, CoreDNS, flannel, Calico, kube-proxy.",
        ],
        fields: &[
            CONTAINER,
            field(
                "component",
                FieldType::Word(&[
                    "kubelet",
                    "etcd",
                    "coredns",
                    "flannel",
                    "calico",
                    "kube-proxy",
                    "kube-apiserver",
                    "kube-scheduler",
                    "kube-controller-manager",
                    "runtime",
                ]),
                &[" The part."],
            ),
            field("reason", TEXT, &[" One word for what is wrong, such as `network_plugin`, `no_space`, `loop`."]),
            field(
                "subject",
                TEXT,
                &[" What it is about: the other member of etcd, the zone or the server of CoreDNS."],
            ),
            field("message", TEXT, &[" Its words."]),
            ONGOING,
        ],
    },
    KindSpec {
        name: "swarm_failure",
        doc: &[" A Swarm node could not reach another one."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" The other node as logged."]),
            field("address", FieldType::Address, &[" Its address."]),
            field("port", FieldType::Integer, &[" Port: 2377 managers, 7946 gossip, 4789 data."]),
            field("error", FieldType::Word(CONNECTION_ERRORS), &[" What the node saw."]),
            field("peer", TEXT, &[" Name or id of the other node, where logged."]),
            ONGOING,
        ],
    },
];

/// The documentation of an event kind, when it is one of the documented ones.
pub fn event_spec(name: &str) -> Option<&'static KindSpec> {
    EVENTS.iter().find(|spec| spec.name == name)
}
