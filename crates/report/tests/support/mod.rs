//! Diagnoses that the tests of every form render.
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its part, and fails by panicking")]

use bundlescope_engine::{
    BundleInfo, Clock, Diagnosis, DocumentInfo, Evidence, Finding, Fix, MapContainer, MapHost, MapNetwork, Missing,
    Moment, NetworkMap, ProbeAnswer, ProbePath, ProbeQuestion, Role, Timeline, Undecided, Unexplained,
};
use bundlescope_facts::{Excerpt, Problem, Source, Text, Value};

fn bundle() -> BundleInfo {
    BundleInfo {
        masked: 0,
        name: "supportbundle-2026-11-20.tar.gz".into(),
        sha256: "5f3c0d6be3a1a2f4a7f1f0b84d3b5f1c2c0f5fd1f4cf6c6e5f21f0c9b1f6a7d2".into(),
        captured_at: Some("2026-11-20T09:14:02+01:00".into()),
        hosts: vec!["node-1".into()],
        documents: 57,
        bytes: 1_234_567,
        complete: true,
        limits: Vec::new(),
    }
}

fn document(path: &str, taken_for: &str, bytes: u64, facts: u64, problems: u64) -> DocumentInfo {
    DocumentInfo { path: path.into(), node: "node-1".into(), taken_for: taken_for.into(), bytes, facts, problems }
}

fn documents() -> Vec<DocumentInfo> {
    vec![
        document("app/logs/api.log", "log", 48_211, 14, 0),
        document("default/commands/iptables-save.txt", "iptables-save", 2_104, 31, 0),
        document("default/commands/netstat.txt", "netstat", 1_022, 11, 1),
        document("default/notes.txt", "text", 120, 0, 0),
    ]
}

fn excerpt(first_line: u32, lines: &[&str]) -> Option<Excerpt> {
    Some(Excerpt { first_line, lines: lines.iter().map(|line| Text::from(*line)).collect() })
}

fn strings(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn texts(lines: &[&str]) -> Vec<Text> {
    lines.iter().map(|line| Text::from(*line)).collect()
}

/// A finding with nothing but its names.
pub(crate) fn finding(id: &str, role: Role, severity: &str, title: &str) -> Finding {
    Finding {
        id: id.into(),
        rule: id.split('#').next().unwrap_or(id).into(),
        cause: id.split('#').next().unwrap_or(id).into(),
        role,
        severity: severity.into(),
        confidence: "high".into(),
        title: title.into(),
        message: String::new(),
        about: String::new(),
        customer: String::new(),
        references: Vec::new(),
        node: "node-1".into(),
        subjects: Default::default(),
        evidence: Vec::new(),
        fix: Vec::new(),
        explains: Vec::new(),
        probes: Vec::new(),
    }
}

/// A container cannot reach the database on its host: the firewall's last rule drops what came from the bridge.
pub(crate) fn story() -> Diagnosis {
    let mut cause = finding(
        "host-firewall-blocks-container#4be1",
        Role::Cause,
        "critical",
        "Host firewall blocks api from 172.17.0.1:5432",
    );
    cause.message = "`-A INPUT -j DROP` (rule 7 of INPUT in the filter table) stops every new connection from \
        container api to the host's port 5432; postgres listens there and would have answered."
        .into();
    cause.about = "Traffic from a container to an address of its own host passes the INPUT chain, which Docker does \
        not manage: a firewall that drops by default cuts every container off from the services of the host."
        .into();
    cause.customer = "Your server's firewall does not let the application's container reach the database on the same \
        server. Please run the command below on node-1 and tell us whether the application recovers."
        .into();
    cause.references = texts(&["https://docs.docker.com/engine/network/packet-filtering-firewalls/"]);
    cause.subjects =
        [("container".into(), "api".into()), ("host".into(), "172.17.0.1".into()), ("port".into(), Value::Int(5432))]
            .into();
    cause.evidence = vec![
        Evidence {
            document: "default/commands/iptables-save.txt".into(),
            line: 12,
            end_line: 12,
            excerpt: "-A INPUT -j DROP".into(),
            context: excerpt(
                9,
                &[
                    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                    "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
                    "-A INPUT -s 10.20.0.0/16 -p tcp -m tcp --dport 5432 -j ACCEPT",
                    "-A INPUT -j DROP",
                    "-A FORWARD -j DOCKER-USER",
                    "-A FORWARD -j DOCKER-ISOLATION-STAGE-1",
                    "-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                ],
            ),
            label: "firewall rule that decides".into(),
            count: 1,
            also: Vec::new(),
            sought: Vec::new(),
        },
        Evidence {
            document: "default/commands/netstat.txt".into(),
            line: 4,
            end_line: 4,
            excerpt: "tcp        0      0 0.0.0.0:5432            0.0.0.0:*               LISTEN      911/postgres"
                .into(),
            context: excerpt(
                3,
                &[
                    "tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      702/sshd",
                    "tcp        0      0 0.0.0.0:5432            0.0.0.0:*               LISTEN      911/postgres",
                    "tcp6       0      0 :::22                   :::*                    LISTEN      702/sshd",
                ],
            ),
            label: "listener that would have answered".into(),
            count: 1,
            also: Vec::new(),
            sought: Vec::new(),
        },
    ];
    cause.fix = vec![
        Fix {
            say: "Let the bridge reach the port.".into(),
            run: Some(
                "iptables -I INPUT 7 -i docker0 -p tcp -m tcp --dport 5432 -m comment --comment \"containers to postgres\" -j ACCEPT"
                    .into(),
            ),
            proved: true,
            reason: None,
        },
        Fix { say: "Make it permanent in the firewall's own configuration.".into(), run: None, proved: false, reason: Some("with the command the connection would still be dropped".into()) },
    ];
    cause.explains = texts(&["connection-failure#91aa"]);
    cause.probes = vec![ProbePath {
        alias: "path".into(),
        answer: ProbeAnswer {
            question: ProbeQuestion {
                node: "node-1".into(),
                from: "api".into(),
                to: "172.17.0.1".into(),
                proto: "tcp".into(),
                port: 5432,
            },
            verdict: "dropped".into(),
            value: Value::Map([("verdict".into(), "dropped".into())].into()),
            evidence: vec![Source::lines("default/commands/iptables-save.txt", 12, 12)],
            path: strings(&[
                "fwd [api]: 172.17.0.5:49152 -> 172.17.0.1:5432",
                "  route 0.0.0.0/0 via 172.17.0.1 by eth0",
                "  PREROUTING nat PREROUTING policy ACCEPT  (default/commands/iptables-save.txt:30)",
                "  route 172.17.0.1 is an own address",
                "  INPUT filter INPUT 7: -A INPUT -j DROP  (default/commands/iptables-save.txt:12)",
            ]),
            related: Vec::new(),
            missing: Vec::new(),
            assumed: strings(&["bridge-nf-call-iptables is 1: the bundle holds no sysctl output"]),
            ..ProbeAnswer::default()
        },
    }];
    let mut symptom = finding(
        "connection-failure#91aa",
        Role::Symptom,
        "high",
        "api cannot reach 172.17.0.1:5432: connection timed out",
    );
    symptom.message = "psql in container api gave up 14 times between 08:51:10 and 09:13:58.".into();
    symptom.evidence = vec![Evidence {
        document: "app/logs/api.log".into(),
        line: 33,
        end_line: 34,
        excerpt: "could not connect to server: Connection timed out\n\tIs the server running on host \"172.17.0.1\" and accepting".into(),
        context: excerpt(
            32,
            &[
                "2026-11-20T08:51:08Z starting api 4.2.0",
                "2026-11-20T08:51:10Z could not connect to server: Connection timed out",
                "\tIs the server running on host \"172.17.0.1\" and accepting",
                "\tTCP/IP connections on port 5432?",
            ],
        ),
        label: "connection failure".into(),
        count: 14,
        also: texts(&["app/container-logs/api.stderr.log.gz:12"]),
        sought: Vec::new(),
    }];
    let mut note = finding("clock-skew#0", Role::Note, "low", "Clock of node-1 is 94 s behind the application's");
    note.confidence = "medium".into();
    Diagnosis {
        bundle: bundle(),
        rules: "core 0.1.0 (1f3a9c)".into(),
        findings: vec![cause, symptom, note],
        undecided: Vec::new(),
        suppressed: Vec::new(),
        not_applicable: Vec::new(),
        drafts: Vec::new(),
        clear: texts(&["dependency-down", "networks-isolated", "port-already-in-use", "service-binds-loopback"]),
        problems: [9, 10, 14]
            .map(|line| Problem {
                document: "default/commands/netstat.txt".into(),
                line,
                message: "expected six columns, found \"tcp 0\"".into(),
            })
            .into(),
        documents: documents(),
        network: network(),
        timeline: timeline(),
        unexplained: vec![Unexplained {
            template: "ERROR cannot write block <*> to <*> disk quota exceeded".into(),
            example: "ERROR cannot write block 17 to /data/a: disk quota exceeded".into(),
            count: 31,
            first: "2026-11-20T08:40:00Z".parse().ok(),
            last: "2026-11-20T09:10:00Z".parse().ok(),
            host: "node-1".into(),
            containers: texts(&["api"]),
            document: "app/logs/api.log".into(),
            line: 7,
            signature: "id: disk-quota\nsignature:\n  event: disk_quota\n".into(),
        }],
    }
}

fn network() -> NetworkMap {
    let container = |name: &str, address: &str, status: &str, ports: &[&str]| MapContainer {
        name: name.into(),
        address: address.into(),
        status: status.into(),
        ports: texts(ports),
    };
    let network = |name: &str, bridge: &str, subnet: &str, containers: Vec<MapContainer>| MapNetwork {
        name: name.into(),
        driver: "bridge".into(),
        bridge: bridge.into(),
        subnets: texts(&[subnet]),
        internal: name == "backend",
        containers,
    };
    NetworkMap {
        hosts: vec![MapHost {
            host: "node-1".into(),
            addresses: texts(&["docker0 172.17.0.1/16", "eth0 10.20.0.5/24"]),
            routes: texts(&["0.0.0.0/0 via 10.20.0.1 dev eth0"]),
            networks: vec![
                network("backend", "br-1f3a9c0d2e4b", "172.18.0.0/16", vec![container("cache", "", "exited", &[])]),
                network(
                    "bridge",
                    "docker0",
                    "172.17.0.0/16",
                    vec![
                        container("api", "172.17.0.5", "running", &["0.0.0.0:8080 -> 80/tcp"]),
                        container("web", "172.17.0.6", "running", &[]),
                    ],
                ),
            ],
        }],
    }
}

fn timeline() -> Timeline {
    let moment = |time: &str, until: &str, kind: &str, container: &str, text: &str, line: u32, finding: &str| Moment {
        first: time.parse().unwrap(),
        last: until.parse().unwrap(),
        count: 1 + u64::from(time != until),
        host: if kind == "captured" { Text::default() } else { "node-1".into() },
        container: container.into(),
        kind: kind.into(),
        text: text.into(),
        document: if kind == "captured" { Text::default() } else { "app/logs/api.log".into() },
        line,
        finding: finding.into(),
    };
    let (failed, until) = ("2026-11-20T07:51:10Z", "2026-11-20T08:13:58Z");
    let captured = "2026-11-20T08:14:02Z";
    Timeline {
        clocks: vec![Clock {
            host: "node-1".into(),
            ahead_ms: Some(-94_000),
            synchronized: Some(false),
            document: "default/commands/chronyc.txt".into(),
            line: 4,
        }],
        moments: vec![
            moment("2026-11-20T07:51:08Z", "2026-11-20T07:51:08Z", "started", "api", "api started", 1, ""),
            moment(failed, until, "event", "api", "connection failure 172.17.0.1:5432", 33, "connection-failure#91aa"),
            moment("2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z", "stopped", "cache", "cache stopped", 3, ""),
            moment(captured, captured, "captured", "", "bundle captured", 0, ""),
        ],
        left_out: 2,
    }
}

/// A bundle on which every check ran and none fired.
pub(crate) fn healthy() -> Diagnosis {
    Diagnosis {
        bundle: bundle(),
        rules: "core 0.1.0 (1f3a9c)".into(),
        clear: texts(&["dependency-down", "host-firewall-blocks-container", "networks-isolated"]),
        documents: documents(),
        ..Diagnosis::default()
    }
}

/// A connection fails and the bundle shows nothing of the firewall.
pub(crate) fn undecided() -> Diagnosis {
    let mut symptom = finding(
        "connection-failure#91aa",
        Role::Symptom,
        "high",
        "api cannot reach 172.17.0.1:5432, cause not established",
    );
    symptom.message = "The log says `Connection timed out`; nothing in the bundle says why.".into();
    symptom.probes = vec![ProbePath {
        alias: "path".into(),
        answer: ProbeAnswer {
            question: ProbeQuestion {
                node: "node-1".into(),
                from: "api".into(),
                to: "172.17.0.1".into(),
                proto: "tcp".into(),
                port: 5432,
            },
            verdict: "unknown".into(),
            path: strings(&[
                "fwd [api]: 172.17.0.5:49152 -> 172.17.0.1:5432",
                "  route 172.17.0.1 is an own address",
                "  INPUT filter INPUT",
            ]),
            missing: vec![("iptables-save".into(), "iptables-save -c".into())],
            ..ProbeAnswer::default()
        },
    }];
    let firewall = Missing {
        kind: "iptables-save".into(),
        collect: "iptables-save -c".into(),
        why: Some("iptables-save was run and is not installed".into()),
    };
    let undecided = |rule: &str, because: &str, missing: &[&Missing]| Undecided {
        rule: rule.into(),
        cause: rule.into(),
        because: because.into(),
        missing: missing.iter().map(|missing| (*missing).clone()).collect(),
    };
    Diagnosis {
        bundle: bundle(),
        rules: "core 0.1.0 (1f3a9c)".into(),
        findings: vec![symptom],
        undecided: vec![
            undecided("forward-firewall-blocks-container", "", &[&firewall]),
            undecided(
                "host-firewall-blocks-container",
                "api timed out on an address of its own host, which passes the INPUT chain",
                &[&firewall],
            ),
            undecided(
                "networks-isolated",
                "",
                &[&Missing {
                    kind: "docker-network".into(),
                    collect: "docker network inspect $(docker network ls -q)".into(),
                    why: None,
                }],
            ),
        ],
        clear: texts(&["port-already-in-use"]),
        documents: documents(),
        ..Diagnosis::default()
    }
}

/// An archive that ends in the middle: what was not found may have been in the rest.
pub(crate) fn truncated() -> Diagnosis {
    let mut diagnosis = healthy();
    diagnosis.bundle.complete = false;
    diagnosis.bundle.captured_at = None;
    diagnosis.bundle.hosts.clear();
    diagnosis.bundle.limits = strings(&[
        "the archive ends after 1234567 bytes in the middle of app/logs/api.log: ask for the bundle again",
        "secrets.zip is encrypted: nothing in it was read",
    ]);
    diagnosis
}

/// The four of them with their names.
pub(crate) fn all() -> [(&'static str, Diagnosis); 4] {
    [("story", story()), ("healthy", healthy()), ("undecided", undecided()), ("truncated", truncated())]
}

/// Keeps a page to look at, where `REPORT_PAGES` names a folder.
pub(crate) fn keep(name: &str, html: &str) {
    if let Some(folder) = std::env::var_os("REPORT_PAGES") {
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), html).unwrap();
    }
}
