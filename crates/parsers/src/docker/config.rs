//! Settings of the daemon: daemon.json, `DOCKER_OPTS` of Debian's /etc/default/docker, `OPTIONS` of Red Hat's
//! /etc/sysconfig/docker, systemd units and drop-ins, and the command line of dockerd in a process list.
//!
//! Names in `settings` are those of daemon.json, so that a flag and a key of the same meaning are one
//! (`--insecure-registry x` and `"insecure-registries": ["x"]`). Defaults are Docker's.

use std::collections::BTreeMap;

use bundlescope_facts::{DaemonConfig, Fact, Source, Text, Value};

use crate::json::{self, Fields, Node};
use crate::{Document, Parsed};

/// Flags of dockerd that may be given several times, and the key of daemon.json for all their values.
const LISTS: &[(&str, &str)] = &[
    ("add-registry", "add-registry"),
    ("add-runtime", "runtimes"),
    ("authorization-plugin", "authorization-plugins"),
    ("block-registry", "block-registry"),
    ("default-address-pool", "default-address-pools"),
    ("default-ulimit", "default-ulimits"),
    ("dns", "dns"),
    ("dns-opt", "dns-opts"),
    ("dns-option", "dns-opts"),
    ("dns-search", "dns-search"),
    ("exec-opt", "exec-opts"),
    ("host", "hosts"),
    ("insecure-registry", "insecure-registries"),
    ("label", "labels"),
    ("log-opt", "log-opts"),
    ("registry-mirror", "registry-mirrors"),
    ("storage-opt", "storage-opts"),
];

/// Flags that take no value unless one follows a `=`.
const FLAGS: &[&str] = &[
    "debug",
    "experimental",
    "icc",
    "init",
    "ip-forward",
    "ip-masq",
    "iptables",
    "ip6tables",
    "ipv6",
    "live-restore",
    "no-new-privileges",
    "raw-logs",
    "rootless",
    "selinux-enabled",
    "tls",
    "tlsverify",
    "userland-proxy",
    "validate",
];

/// Keys of daemon.json.
const KEYS: &[&str] = &[
    "authorization-plugins",
    "bip",
    "bridge",
    "cgroup-parent",
    "containerd",
    "data-root",
    "debug",
    "default-address-pools",
    "default-cgroupns-mode",
    "default-runtime",
    "default-shm-size",
    "default-ulimits",
    "dns",
    "dns-opts",
    "dns-search",
    "exec-opts",
    "exec-root",
    "experimental",
    "features",
    "fixed-cidr",
    "fixed-cidr-v6",
    "graph",
    "hosts",
    "icc",
    "insecure-registries",
    "ip",
    "ip-forward",
    "ip-masq",
    "ip6tables",
    "iptables",
    "ipv6",
    "labels",
    "live-restore",
    "log-driver",
    "log-level",
    "log-opts",
    "max-concurrent-downloads",
    "max-concurrent-uploads",
    "metrics-addr",
    "mtu",
    "no-new-privileges",
    "proxies",
    "registry-mirrors",
    "runtimes",
    "selinux-enabled",
    "shutdown-timeout",
    "storage-driver",
    "storage-opts",
    "tls",
    "tlscacert",
    "tlscert",
    "tlskey",
    "tlsverify",
    "userland-proxy",
    "userland-proxy-path",
    "userns-remap",
];

/// Those among them that other programs' settings hardly have: `debug`, `hosts` and `labels` prove nothing.
const OWN: &[&str] = &[
    "bip",
    "data-root",
    "default-address-pools",
    "default-runtime",
    "default-ulimits",
    "exec-opts",
    "fixed-cidr",
    "icc",
    "insecure-registries",
    "ip-masq",
    "iptables",
    "live-restore",
    "log-driver",
    "log-opts",
    "registry-mirrors",
    "storage-driver",
    "storage-opts",
    "userland-proxy",
    "userns-remap",
];

/// True when an object has keys that only daemon.json has, and hardly any that it does not.
pub(super) fn is_config(node: &Node<'_>) -> bool {
    let among = |keys: &[&str]| node.members().iter().filter(|member| keys.contains(&member.key.as_ref())).count();
    among(OWN) > 0 && among(KEYS) * 2 > node.members().len()
}

/// Reads daemon.json. dockerd refuses to start with a damaged one, so that a problem here is worth a look.
pub(super) fn parse_json(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        let settings = record.entries().map(|(key, value)| (Text::from(key), value.value())).collect();
        let data = DaemonConfig {
            // Read typed, so that `"mtu": "big"` becomes a problem.
            mtu: record.int("mtu"),
            ..config(settings)
        };
        check(record);
        parsed.facts.push(Fact::new(record.source(), data));
    });
    parsed
}

/// Notes values whose type dockerd would refuse.
fn check(record: Fields<'_, '_>) {
    for flag in FLAGS.iter().filter(|flag| record.has(flag)) {
        record.bool(flag);
    }
    for (_, key) in LISTS.iter().filter(|(_, key)| {
        record.has(key) && !matches!(*key, "log-opts" | "runtimes" | "default-ulimits" | "default-address-pools")
    }) {
        record.texts(key);
    }
}

/// Reads a file that holds the daemon's options in shell variables or in a systemd unit.
pub(crate) fn parse_options(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut lines = document.lines().peekable();
    let mut environment = BTreeMap::new();
    let mut evidence = None;
    while let Some(first) = lines.next() {
        let (mut last, mut text) = (first, first.text.to_owned());
        while text.ends_with('\\') {
            text.pop();
            let Some(next) = lines.next() else { break };
            text.push_str(next.text.trim());
            last = next;
        }
        let text = text.trim();
        let assignment = text.strip_prefix("export ").unwrap_or(text);
        let Some((name, value)) = assignment.split_once('=').filter(|_| !assignment.starts_with(['#', ';', '[']))
        else {
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        match name {
            "ExecStart" if is_daemon(value) => {
                push(&mut parsed, document.source(first, last), flags(value.split_whitespace().skip(1)));
            }
            "Environment" => {
                for pair in words(value) {
                    if let Some((name, value)) = pair.split_once('=') {
                        environment.insert(Text::from(name), Value::from(value));
                        evidence = Some((evidence.map_or(first, |(first, _)| first), last));
                    }
                }
            }
            _ if name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') => {
                let value = value.trim_matches(['"', '\'']);
                if value.starts_with('-') {
                    push(&mut parsed, document.source(first, last), flags(value.split_whitespace()));
                }
            }
            _ => {}
        }
    }
    if let Some((first, last)) = evidence {
        let settings = BTreeMap::from([(Text::from("environment"), Value::Map(environment))]);
        push(&mut parsed, document.source(first, last), settings);
    }
    parsed
}

fn push(parsed: &mut Parsed, source: Source, settings: BTreeMap<Text, Value>) {
    if !settings.is_empty() {
        parsed.facts.push(Fact::new(source, config(settings)));
    }
}

/// The settings on a command line of the daemon, as in a process list; `None` when it is not one, or sets nothing.
pub(super) fn of_command_line(command: &str) -> Option<DaemonConfig> {
    let settings = if is_daemon(command) { flags(command.split_whitespace().skip(1)) } else { return None };
    (!settings.is_empty()).then(|| config(settings))
}

/// `dockerd …`, and `docker daemon …` or `docker -d …` of Docker before 1.12.
fn is_daemon(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default().trim_start_matches(['-', '@', '+']);
    match program.rsplit('/').next().unwrap_or(program) {
        "dockerd" | "dockerd-current" | "dockerd-ce" => true,
        "docker" | "docker-current" => words.any(|word| matches!(word, "daemon" | "-d" | "--daemon")),
        _ => false,
    }
}

/// Reads flags into settings. Words that are no flags, such as `$OPTIONS`, are passed over.
fn flags<'a>(words: impl Iterator<Item = &'a str>) -> BTreeMap<Text, Value> {
    let mut settings: BTreeMap<Text, Value> = BTreeMap::new();
    let mut words = words.map(|word| word.trim_matches(['"', '\''])).peekable();
    while let Some(word) = words.next() {
        let Some(name) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|name| !name.is_empty())
        else {
            continue;
        };
        let (name, inline) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
        let name = match name {
            "H" => "host",
            "D" => "debug",
            "b" => "bridge",
            "g" => "data-root",
            "G" => "group",
            "l" => "log-level",
            "p" => "pidfile",
            "s" => "storage-driver",
            "d" | "daemon" => continue,
            other => other,
        };
        let value = match inline {
            Some(value) => value.trim_matches(['"', '\'']),
            None if FLAGS.contains(&name) => "true",
            None => match words.peek() {
                Some(next) if !next.starts_with('-') => words.next().unwrap_or_default(),
                _ => "true",
            },
        };
        if let Some((_, key)) = LISTS.iter().find(|(flag, _)| *flag == name) {
            let list = settings.entry(Text::from(*key)).or_insert_with(|| Value::List(Vec::new()));
            if let Value::List(values) = list {
                values.push(value.into());
            }
        } else {
            let typed = match value {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => value.parse().map_or_else(|_| value.into(), Value::Int),
            };
            settings.insert(name.into(), typed);
        }
    }
    settings
}

/// The words of a systemd value, of which each may stand in quotes.
fn words(value: &str) -> Vec<&str> {
    let (mut words, mut rest) = (Vec::new(), value.trim());
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '\'' => rest[1..].split_once(first).unwrap_or((&rest[1..], "")),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// The settings with Docker's defaults for what is not set.
fn config(settings: BTreeMap<Text, Value>) -> DaemonConfig {
    let flag = |name: &str, default: bool| match settings.get(name) {
        Some(Value::Bool(value)) => *value,
        _ => default,
    };
    let text = |name: &str| match settings.get(name) {
        Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let list = |name: &str| match settings.get(name) {
        Some(Value::List(values)) => values.iter().filter_map(|value| value.as_text().map(Text::from)).collect(),
        Some(Value::Text(text)) => vec![text.clone()],
        _ => Vec::new(),
    };
    DaemonConfig {
        iptables: flag("iptables", true),
        ip_masq: flag("ip-masq", true),
        icc: flag("icc", true),
        ip_forward: flag("ip-forward", true),
        userland_proxy: flag("userland-proxy", true),
        bip: text("bip"),
        bridge: text("bridge"),
        mtu: settings.get("mtu").and_then(Value::as_int).and_then(|mtu| u32::try_from(mtu).ok()),
        dns: list("dns"),
        hosts: list("hosts"),
        tlsverify: flag("tlsverify", false),
        insecure_registries: list("insecure-registries"),
        settings: Value::Map(settings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(parsed: &Parsed) -> &DaemonConfig {
        match parsed.facts.as_slice() {
            [Fact { data: bundlescope_facts::Data::DaemonConfig(config), .. }] => config,
            other => panic!("one daemon_config expected: {other:?}"),
        }
    }

    #[test]
    fn what_is_not_set_has_dockers_default() {
        let parsed = parse_json(&Document::new("daemon.json", b"{\n  \"icc\": false,\n  \"dns\": [\"10.0.0.2\"]\n}\n"));
        let config = only(&parsed);
        assert!(!config.icc && config.iptables && config.ip_masq && config.ip_forward && config.userland_proxy);
        assert_eq!(config.dns, [Text::from("10.0.0.2")]);
        assert_eq!(config.settings.at("icc"), Value::Bool(false));
        assert_eq!((parsed.facts[0].source.first_line, parsed.facts[0].source.last_line), (1, 4));
        assert_eq!(parsed.problems, []);
    }

    #[test]
    fn a_damaged_daemon_json_is_a_problem_that_names_the_line() {
        let parsed = parse_json(&Document::new(
            "daemon.json",
            b"{\n  \"mtu\": \"big\",\n  \"iptables\": \"no\"\n  \"bip\": \"10.1.0.1/24\"\n",
        ));
        assert_eq!(only(&parsed).bip.as_deref(), Some("10.1.0.1/24"));
        let problems: Vec<_> = parsed.problems.iter().map(|p| (p.line, p.message.as_str())).collect();
        assert_eq!(
            problems,
            [
                (4, "a comma is missing before this name"),
                (5, "the document ends where `,` or `}` is expected"),
                (2, "mtu is `big`, expected a whole number in range"),
                (3, "iptables is `no`, expected true or false"),
            ]
        );
    }

    #[test]
    fn options_of_a_shell_file_and_of_a_unit_are_read() {
        let text = b"# DOCKER_OPTS=\"--dns 9.9.9.9\"\nDOCKER_OPTS=\"--dns 8.8.8.8 --dns=8.8.4.4 -H unix:///x -H tcp://0.0.0.0:2375 --iptables=false --mtu 1400\"\n";
        let parsed = parse_options(&Document::new("etc/default/docker", text));
        let config = only(&parsed);
        assert_eq!(config.dns, [Text::from("8.8.8.8"), Text::from("8.8.4.4")]);
        assert_eq!((config.hosts.len(), config.iptables, config.mtu), (2, false, Some(1400)));
        assert_eq!(parsed.facts[0].source.first_line, 2);
        let unit = b"[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// \\\n  --bip 10.9.0.1/24\nEnvironment=\"HTTP_PROXY=http://p:3128\" NO_PROXY=a,b\n";
        let parsed = parse_options(&Document::new("x.conf", unit));
        let settings: Vec<_> = parsed
            .facts
            .iter()
            .map(|fact| (fact.source.first_line, fact.source.last_line, fact.get("settings").to_string()))
            .collect();
        assert_eq!(
            settings,
            [
                (3, 4, "bip=10.9.0.1/24, hosts=fd://".to_owned()),
                (5, 5, "environment=HTTP_PROXY=http://p:3128, NO_PROXY=a,b".to_owned())
            ]
        );
    }

    #[test]
    fn a_command_line_of_the_daemon_is_told() {
        let config = of_command_line("/usr/bin/dockerd -H fd:// --containerd=/run/c.sock --icc=false").unwrap();
        assert!(!config.icc);
        assert_eq!(config.hosts, [Text::from("fd://")]);
        assert!(of_command_line("docker -d --dns 1.1.1.1").is_some());
        assert_eq!(of_command_line("docker run -it alpine"), None);
        assert_eq!(of_command_line("/usr/bin/docker-proxy -proto tcp"), None);
    }
}
