//! Recognises a command line, as headings, prompts and file names have it.

use bundlescope_facts::Text;

use crate::document::PodName;

/// A recognised command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// The command without `sudo`, wrappers and redirections, or the absolute path of the file that it prints.
    pub(crate) subject: String,
    /// Container in which it was run (`docker exec db ss -tln`); `netns:NAME` for `ip netns exec NAME`.
    pub(crate) container: Option<Text>,
}

impl Command {
    /// It prints a log.
    pub(crate) fn is_log(&self) -> bool {
        let mut words = self.subject.split_ascii_whitespace();
        let first = words.next().unwrap_or_default();
        let log_of = matches!(first, "docker" | "podman" | "crictl" | "kubectl" | "docker-compose" | "nerdctl");
        // The list of boots is about the journal, and not of it.
        matches!(first, "journalctl" | "dmesg") && !self.subject.contains("--list-boots")
            || (log_of && words.any(|word| word == "logs"))
            || self.subject.starts_with("/var/log/")
    }

    /// The pod whose log it prints, and the container where it is named: `kubectl [-n NAMESPACE] logs POD [-c CONTAINER]`.
    pub(crate) fn pod_of_log(&self) -> Option<(PodName, Option<Text>)> {
        let mut words = self.subject.split_ascii_whitespace();
        if words.next() != Some("kubectl") {
            return None;
        }
        let (mut namespace, mut container, mut logs, mut names) = (None, None, false, Vec::new());
        while let Some(word) = words.next() {
            let (option, value) = word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
            let mut value = || value.or_else(|| words.next());
            match option {
                "-n" | "--namespace" => namespace = value(),
                "-c" | "--container" => container = value(),
                "-l" | "--selector" => return None,
                "--tail" | "--since" | "--since-time" | "--context" | "--kubeconfig" | "--limit-bytes" => {
                    value();
                }
                "logs" if !logs => logs = true,
                _ if option.starts_with('-') => {}
                _ if logs => names.push(word),
                _ => return None,
            }
        }
        let (name, second) = match names[..] {
            [name] => (name, None),
            [name, container] => (name, Some(container)),
            _ => return None,
        };
        let name = name.strip_prefix("pod/").or_else(|| name.strip_prefix("pods/")).unwrap_or(name);
        // `deploy/api` is no pod.
        let one = logs && !name.contains('/');
        one.then(|| (PodName::new(namespace.unwrap_or_default(), name), container.or(second).map(Text::from)))
    }

    /// The container whose log it prints: `docker logs [OPTIONS] CONTAINER`.
    pub(crate) fn log_of(&self) -> Option<Text> {
        let words: Vec<&str> = self.subject.split_ascii_whitespace().collect();
        let [engine, "logs", .., last] = words[..] else { return None };
        let one = matches!(engine, "docker" | "podman" | "crictl" | "nerdctl") && !last.starts_with('-');
        one.then(|| last.into())
    }
}

/// What may follow the name of a command.
#[derive(Clone, Copy)]
enum Arguments {
    /// Options, paths and anything else.
    Any,
    /// Nothing or an option; other words make it prose (`date of the incident`).
    Options,
    /// One of these words must come first, options aside.
    Sub(&'static [&'static str]),
}

/// The commands that support bundles hold.
const COMMANDS: &[(&str, Arguments)] = &[
    (
        "ip",
        Arguments::Sub(&[
            "a",
            "ad",
            "add",
            "addr",
            "address",
            "l",
            "li",
            "link",
            "r",
            "ro",
            "rou",
            "route",
            "ru",
            "rule",
            "n",
            "ne",
            "nei",
            "neigh",
            "neighbor",
            "neighbour",
            "netns",
            "maddr",
            "mroute",
            "vrf",
            "macsec",
            "tunnel",
            "xfrm",
        ]),
    ),
    ("ss", Arguments::Options),
    ("netstat", Arguments::Options),
    ("iptables", Arguments::Options),
    ("ip6tables", Arguments::Options),
    ("iptables-legacy", Arguments::Options),
    ("ip6tables-legacy", Arguments::Options),
    ("iptables-nft", Arguments::Options),
    ("ip6tables-nft", Arguments::Options),
    ("iptables-save", Arguments::Options),
    ("ip6tables-save", Arguments::Options),
    ("iptables-legacy-save", Arguments::Options),
    ("ip6tables-legacy-save", Arguments::Options),
    ("iptables-nft-save", Arguments::Options),
    ("ip6tables-nft-save", Arguments::Options),
    ("nft", Arguments::Sub(&["list", "monitor"])),
    ("ipset", Arguments::Sub(&["list", "save"])),
    ("ipvsadm", Arguments::Options),
    ("ufw", Arguments::Sub(&["status", "show", "app"])),
    ("firewall-cmd", Arguments::Options),
    ("ebtables", Arguments::Options),
    ("conntrack", Arguments::Options),
    ("bridge", Arguments::Sub(&["link", "fdb", "vlan", "mdb"])),
    ("brctl", Arguments::Sub(&["show", "showmacs", "showstp"])),
    ("ifconfig", Arguments::Options),
    ("route", Arguments::Options),
    ("arp", Arguments::Options),
    ("ethtool", Arguments::Any),
    ("tc", Arguments::Any),
    ("nstat", Arguments::Options),
    ("sysctl", Arguments::Options),
    ("cat", Arguments::Any),
    ("tail", Arguments::Any),
    ("head", Arguments::Any),
    ("grep", Arguments::Any),
    ("ls", Arguments::Any),
    ("tree", Arguments::Any),
    (
        "docker",
        Arguments::Sub(&[
            "ps",
            "info",
            "inspect",
            "network",
            "images",
            "image",
            "version",
            "logs",
            "exec",
            "events",
            "stats",
            "system",
            "node",
            "service",
            "stack",
            "volume",
            "compose",
            "container",
            "top",
            "port",
            "diff",
            "history",
            "swarm",
            "context",
            "config",
            "secret",
            "plugin",
            "pull",
            "run",
            "start",
            "restart",
            "up",
        ]),
    ),
    (
        "podman",
        Arguments::Sub(&[
            "ps",
            "info",
            "inspect",
            "network",
            "images",
            "version",
            "logs",
            "exec",
            "container",
            "volume",
            "pod",
            "events",
            "stats",
            "system",
            "image",
            "history",
            "port",
            "top",
        ]),
    ),
    ("docker-compose", Arguments::Any),
    ("crictl", Arguments::Any),
    ("nerdctl", Arguments::Any),
    ("kubectl", Arguments::Any),
    ("helm", Arguments::Any),
    ("etcdctl", Arguments::Any),
    ("kubeadm", Arguments::Sub(&["init", "join", "upgrade", "config", "version", "certs", "reset"])),
    ("uname", Arguments::Options),
    ("hostname", Arguments::Options),
    ("hostnamectl", Arguments::Any),
    ("date", Arguments::Options),
    ("timedatectl", Arguments::Any),
    ("uptime", Arguments::Options),
    ("w", Arguments::Options),
    ("df", Arguments::Any),
    ("du", Arguments::Any),
    ("free", Arguments::Options),
    ("ps", Arguments::Any),
    ("top", Arguments::Options),
    ("mount", Arguments::Options),
    ("findmnt", Arguments::Options),
    ("lsblk", Arguments::Options),
    ("lscpu", Arguments::Options),
    ("lsmod", Arguments::Options),
    ("lsof", Arguments::Options),
    ("vmstat", Arguments::Any),
    ("iostat", Arguments::Any),
    ("dmesg", Arguments::Options),
    ("journalctl", Arguments::Any),
    ("systemctl", Arguments::Any),
    ("resolvectl", Arguments::Any),
    ("getenforce", Arguments::Options),
    ("sestatus", Arguments::Options),
    ("aa-status", Arguments::Options),
    ("apparmor_status", Arguments::Options),
    ("ulimit", Arguments::Options),
    ("prlimit", Arguments::Options),
    ("env", Arguments::Options),
    ("printenv", Arguments::Options),
    ("id", Arguments::Options),
    ("whoami", Arguments::Options),
    ("ping", Arguments::Any),
    ("ping4", Arguments::Any),
    ("ping6", Arguments::Any),
    ("arping", Arguments::Any),
    ("fping", Arguments::Any),
    ("traceroute", Arguments::Any),
    ("traceroute6", Arguments::Any),
    ("tracepath", Arguments::Any),
    ("tracepath6", Arguments::Any),
    ("mtr", Arguments::Any),
    ("nmcli", Arguments::Any),
    ("networkctl", Arguments::Any),
    ("wg", Arguments::Sub(&["show"])),
    ("teamdctl", Arguments::Any),
    ("ovs-vsctl", Arguments::Any),
    ("ovs-ofctl", Arguments::Any),
    ("firewall-offline-cmd", Arguments::Options),
    ("xtables-monitor", Arguments::Options),
    ("curl", Arguments::Any),
    ("wget", Arguments::Any),
    ("nc", Arguments::Any),
    ("telnet", Arguments::Any),
    ("dig", Arguments::Any),
    ("nslookup", Arguments::Any),
    ("getent", Arguments::Any),
    ("host", Arguments::Any),
    ("chronyc", Arguments::Any),
    ("ntpq", Arguments::Options),
    ("ntpstat", Arguments::Options),
    ("ntptime", Arguments::Options),
    ("systemd-resolve", Arguments::Options),
    ("crontab", Arguments::Options),
    ("sshd", Arguments::Options),
    ("openssl", Arguments::Sub(&["x509", "s_client", "crl2pkcs7", "pkcs7", "req", "verify"])),
    ("rpm", Arguments::Options),
    ("dpkg", Arguments::Options),
    ("dpkg-query", Arguments::Options),
    ("apt", Arguments::Sub(&["list", "install", "update", "upgrade", "policy"])),
    ("apt-get", Arguments::Sub(&["install", "update", "upgrade", "dist-upgrade"])),
    ("apt-cache", Arguments::Sub(&["policy"])),
    ("apk", Arguments::Sub(&["info", "list", "add", "update", "upgrade"])),
    ("yum", Arguments::Sub(&["install", "update", "list", "makecache", "repolist", "upgrade"])),
    ("dnf", Arguments::Sub(&["install", "update", "list", "makecache", "repolist", "upgrade"])),
    ("zypper", Arguments::Sub(&["install", "in", "refresh", "ref", "search", "se"])),
    ("ansible-playbook", Arguments::Any),
    ("ansible", Arguments::Any),
    ("mdt", Arguments::Any),
    ("mdt-cli", Arguments::Any),
    ("tcpdump", Arguments::Options),
    ("psql", Arguments::Any),
    ("redis-cli", Arguments::Any),
];

/// Commands whose name is an English word too: any sentence may begin with them.
const PROSE: &[&str] =
    &["cat", "tail", "head", "host", "top", "mount", "free", "find", "env", "id", "w", "date", "route", "arp"];

/// Reads a command line. `None` for anything that is not clearly one.
pub(crate) fn command_line(text: &str) -> Option<Command> {
    read(text.trim(), 0)
}

fn read(text: &str, depth: u8) -> Option<Command> {
    if text.len() > 300 || depth > 4 {
        return None;
    }
    // What is redirected or piped away does not change what was asked, unless a filter cuts the output.
    let text =
        text.split(" 2>").next().unwrap_or(text).split(" | ").next().unwrap_or(text).split(" || ").next()?.trim();
    let mut words: Vec<&str> = text.split_ascii_whitespace().collect();
    while words.first().is_some_and(|word| {
        matches!(*word, "sudo" | "-n" | "nice" | "time" | "env") || word.contains('=') && !word.starts_with('/')
    }) {
        if words.len() == 1 {
            break;
        }
        words.remove(0);
    }
    let first = *words.first()?;
    if first.starts_with('/') {
        let name = first.rsplit('/').next().unwrap_or_default();
        let is_program = ["/bin/", "/sbin/"].iter().any(|folder| first.contains(folder));
        if is_program {
            words[0] = name;
            return read(&words.join(" "), depth + 1);
        }
        let known = ["/etc/", "/proc/", "/sys/", "/var/", "/run/"].iter().any(|folder| first.starts_with(folder));
        return (known && words.len() == 1 && !name.is_empty())
            .then(|| Command { subject: first.into(), container: None });
    }
    if let Some(command) = wrapped(&words, depth) {
        return Some(command);
    }
    if let Some(rest) = kubectl(&words) {
        let mut same = vec!["kubectl"];
        same.extend(rest);
        words = same;
    }
    let first = *words.first()?;
    let (_, arguments) = COMMANDS.iter().find(|(name, _)| *name == first)?;
    let rest = &words[1..];
    // Prose ends words with punctuation; no argument here does.
    if rest.iter().any(|word| word.ends_with(['.', ',', ';', ':', '!', '?']) && word.len() > 1) {
        return None;
    }
    let fits = match arguments {
        Arguments::Any => {
            rest.iter().all(|word| !PROSE_WORDS.contains(word))
                && (!PROSE.contains(&first) || rest.iter().any(|word| word.starts_with(['/', '-'])))
        }
        Arguments::Options => {
            rest.first().is_none_or(|word| word.starts_with(['-', '+']) || !PROSE.contains(&first) && is_value(word))
        }
        Arguments::Sub(subs) => rest.iter().find(|word| !word.starts_with('-')).is_some_and(|word| {
            subs.contains(word)
                && !rest.iter().skip_while(|other| *other != word).skip(1).any(|word| PROSE_WORDS.contains(word))
        }),
    };
    if !fits {
        return None;
    }
    // `cat /etc/hosts` is the file.
    if let ("cat", [path]) = (first, rest)
        && path.starts_with('/')
    {
        return Some(Command { subject: (*path).into(), container: None });
    }
    if matches!(first, "tail" | "head")
        && let Some(path) = rest.last().filter(|path| path.starts_with('/'))
    {
        return Some(Command { subject: (*path).into(), container: None });
    }
    let mut subject = words.join(" ");
    if let ("ip", Some(at)) = (first, words.iter().position(|word| !word.starts_with('-') && *word != "ip")) {
        let long = match words[at] {
            "a" | "ad" | "add" | "address" => "addr",
            "l" | "li" => "link",
            "r" | "ro" | "rou" => "route",
            "ru" => "rule",
            "n" | "ne" | "nei" | "neighbor" | "neighbour" => "neigh",
            other => other,
        };
        words[at] = long;
        subject = words.join(" ");
    }
    Some(Command { subject, container: None })
}

/// What follows another name of kubectl: its usual aliases, OpenShift's client, and the copies that distributions bring.
fn kubectl<'a, 'w>(words: &'w [&'a str]) -> Option<&'w [&'a str]> {
    const VERBS: &[&str] = &["get", "describe", "logs", "top", "version", "cluster-info", "api-versions"];
    let rest = match words {
        ["microk8s" | "k3s" | "rke2" | "minikube" | "k0s", "kubectl", "--", rest @ ..]
        | ["microk8s" | "k3s" | "rke2" | "minikube" | "k0s", "kubectl", rest @ ..]
        | ["k" | "kc" | "oc" | "microk8s.kubectl", rest @ ..] => rest,
        [program, rest @ ..] if program.ends_with("/kubectl") || program.ends_with("/kubectl.sh") => rest,
        _ => return None,
    };
    rest.iter().any(|word| VERBS.contains(word)).then_some(rest)
}

/// An argument and not an English word: a device, a key with dots, an address.
fn is_value(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'/'))
        || word == "lo"
        || word == "show"
}

/// Words that no command line here has.
const PROSE_WORDS: &[&str] =
    &["is", "are", "the", "of", "for", "this", "that", "to", "will", "was", "in", "and", "with", "should", "not", "a"];

/// What `ssh [options] HOST command` runs on the other machine.
fn remote<'a, 'w>(words: &'w [&'a str]) -> Option<&'w [&'a str]> {
    // Options of ssh(1) that take an argument, which may follow without a blank.
    const WITH_ARGUMENT: &str = "BbcDEeFIiJLlmOopQRSWw";
    let mut words = words;
    while let [option, rest @ ..] = words
        && option.starts_with('-')
    {
        let apart = option.len() == 2 && option.ends_with(|letter| WITH_ARGUMENT.contains(letter));
        words = rest.get(usize::from(apart)..)?;
    }
    let (host, command) = words.split_first()?;
    let plain = !host.starts_with(['\'', '"']) && !PROSE_WORDS.contains(host);
    (plain && !command.is_empty()).then_some(command)
}

/// `docker exec [-it] NAME command`, `ssh HOST command`, `ip netns exec NAME command`, `nsenter -t PID -n command`, `sh -c "command"`.
fn wrapped(words: &[&str], depth: u8) -> Option<Command> {
    let skip_options = |words: &[&str]| words.iter().take_while(|word| word.starts_with('-')).count();
    match words {
        ["docker" | "podman" | "nerdctl", "exec", rest @ ..] | ["docker", "container", "exec", rest @ ..] => {
            let rest = &rest[skip_options(rest)..];
            // File names have blanks for the underscores of the container's name too: the first command that follows wins.
            (1..rest.len()).find_map(|at| {
                let inner = read(&rest[at..].join(" "), depth + 1)?;
                Some(Command { container: Some(rest[..at].join("_").into()), ..inner })
            })
        }
        ["docker", "compose", "exec", rest @ ..] | ["docker-compose", "exec", rest @ ..] => {
            let rest = &rest[skip_options(rest)..];
            let inner = read(&rest.get(1..)?.join(" "), depth + 1)?;
            Some(Command { container: Some(rest[0].into()), ..inner })
        }
        ["ip", "netns", "exec", name, rest @ ..] => {
            let inner = read(&rest.join(" "), depth + 1)?;
            Some(Command { container: Some(format!("netns:{name}").into()), ..inner })
        }
        ["sh" | "bash" | "/bin/sh" | "/bin/bash", "-c" | "-lc", rest @ ..] => {
            read(rest.join(" ").trim_matches(['\'', '"']), depth + 1)
        }
        ["ssh", rest @ ..] => read(remote(rest)?.join(" ").trim_matches(['\'', '"']), depth + 1),
        ["timeout", limit, rest @ ..] if limit.starts_with(|c: char| c.is_ascii_digit()) => {
            read(&rest.join(" "), depth + 1)
        }
        _ => None,
    }
}
