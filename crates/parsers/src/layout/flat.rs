//! Folders with any names: `network/addresses.txt`, `05-iptables-nat.txt`, `docker_logs_api.log`, `etc-etc_hosts`.

use bundlescope_facts::Text;

use super::Place;
use super::commands::command_line;

/// Folders that sort documents and do not stand for a host.
const FOLDERS: &[&str] = &[
    "cmd",
    "cmds",
    "command",
    "commands",
    "compose",
    "conf",
    "config",
    "configs",
    "container",
    "container-logs",
    "container_logs",
    "containers",
    "cri",
    "data",
    "diag",
    "disk",
    "docker",
    "docker-logs",
    "docker_logs",
    "etc",
    "exec",
    "execution-data",
    "files",
    "firewall",
    "fs",
    "host",
    "images",
    "info",
    "inspect",
    "journal",
    "journald",
    "k8s",
    "kubernetes",
    "log",
    "logs",
    "memory",
    "metadata",
    "misc",
    "net",
    "network",
    "networking",
    "networks",
    "notes",
    "operator_notes",
    "os",
    "out",
    "output",
    "outputs",
    "podman",
    "process",
    "processes",
    "run",
    "security",
    "services",
    "storage",
    "swarm",
    "sys",
    "system",
    "systemd",
    "tools",
    "var",
    "volumes",
];

/// Names that collectors give to commands, blanks for every separator.
const NAMES: &[(&str, &str)] = &[
    ("addresses", "ip addr"),
    ("address", "ip addr"),
    ("addr", "ip addr"),
    ("interfaces", "ip addr"),
    ("ip a", "ip addr"),
    ("ipaddr", "ip addr"),
    ("ip address stats", "ip -s -s addr"),
    ("ip interface stats", "ip -s link"),
    ("links", "ip link"),
    ("routes", "ip route"),
    ("ip r", "ip route"),
    ("iproute", "ip route"),
    ("ip route table", "ip route"),
    ("routing", "ip route"),
    ("netstat route table", "netstat -rn"),
    ("rules", "ip rule"),
    ("iprule", "ip rule"),
    ("neigh", "ip neigh"),
    ("neighbours", "ip neigh"),
    ("neighbors", "ip neigh"),
    ("ports", "netstat -tulpn"),
    ("netstat ports", "netstat -tulpn"),
    ("sockets", "ss"),
    ("ss all", "ss -an"),
    ("listeners", "ss -tulpn"),
    ("listening", "ss -tulpn"),
    ("bridge link", "bridge link"),
    ("bridges", "brctl show"),
    ("conntrack", "conntrack -L"),
    ("docker ps all", "docker ps -a"),
    ("ps", "ps"),
    ("docker networks", "docker network inspect"),
    ("networks", "docker network inspect"),
    ("docker container ls", "docker ps"),
    ("container ls", "docker ps"),
    ("docker images all", "docker images"),
    ("image ls", "docker images"),
    ("docker system df", "docker system df"),
    ("df inodes", "df -i"),
    ("df i", "df -i"),
    ("inodes", "df -i"),
    ("disk", "df"),
    ("disk usage", "df"),
    ("disk space", "df"),
    ("memory", "free"),
    ("meminfo", "/proc/meminfo"),
    ("proc meminfo", "/proc/meminfo"),
    ("cpuinfo", "/proc/cpuinfo"),
    ("loadavg", "/proc/loadavg"),
    ("load", "uptime"),
    ("mounts", "/proc/mounts"),
    ("mountinfo", "/proc/self/mountinfo"),
    ("kernel modules", "lsmod"),
    ("modules", "lsmod"),
    ("limits conf", "/etc/security/limits.conf"),
    ("limits", "/proc/self/limits"),
    ("environment", "env"),
    ("environment variables", "env"),
    ("selinux", "sestatus"),
    ("apparmor", "aa-status"),
    ("apparmor status", "aa-status"),
    ("open files", "lsof"),
    ("block devices", "lsblk"),
    ("cpu", "lscpu"),
    ("mem", "free"),
    ("processes", "ps"),
    ("iptables save", "iptables-save"),
    ("ip6tables save", "ip6tables-save"),
    ("iptables", "iptables"),
    ("iptables nat", "iptables -t nat -nvL"),
    ("iptables l", "iptables -L"),
    ("nft", "nft list ruleset"),
    ("nftables", "nft list ruleset"),
    ("nftables list", "nft list ruleset"),
    ("nft ruleset", "nft list ruleset"),
    ("resolv conf", "/etc/resolv.conf"),
    ("resolv", "/etc/resolv.conf"),
    ("hosts", "/etc/hosts"),
    ("os release", "/etc/os-release"),
    ("daemon json", "/etc/docker/daemon.json"),
    ("nsswitch conf", "/etc/nsswitch.conf"),
    ("nsswitch", "/etc/nsswitch.conf"),
    ("timezone", "/etc/timezone"),
    ("sshd config", "/etc/ssh/sshd_config"),
    ("ssh config", "/etc/ssh/ssh_config"),
    ("crontab", "crontab -l"),
    ("installed rpms", "rpm -qa"),
    ("installed debs", "dpkg -l"),
    ("package data", "rpm -qa"),
    ("units", "systemctl list-units"),
    ("systemctl failed", "systemctl list-units --failed"),
    ("unit files", "systemctl list-unit-files"),
    ("chrony sources", "chronyc sources"),
    ("chrony tracking", "chronyc tracking"),
    ("sysctl conf", "/etc/sysctl.conf"),
    ("hostname", "hostname"),
    ("kernel", "uname -a"),
    ("loadavg", "/proc/loadavg"),
    ("inspect", "docker inspect"),
    ("docker inspect", "docker inspect"),
    ("network ls", "docker network ls"),
    ("arp", "arp -an"),
    ("route", "route -n"),
];

/// Logs of the host in folders of logs.
const HOST_LOGS: &[&str] = &[
    "auth",
    "boot",
    "cloud-init",
    "containerd",
    "cron",
    "daemon",
    "dmesg",
    "docker",
    "dockerd",
    "dpkg",
    "firewalld",
    "journal",
    "journalctl",
    "kern",
    "kernel",
    "kubelet",
    "messages",
    "secure",
    "sos",
    "support-bundle",
    "syslog",
    "system",
    "ufw",
    "ui",
    "yum",
];

/// The host part ends before the first folder that sorts documents.
pub(super) fn place(segments: &[&str]) -> (Place, usize) {
    let folders = segments.len().saturating_sub(1);
    let name = segments.last().copied().unwrap_or_default();
    let sorted =
        segments[..folders].iter().position(|segment| FOLDERS.contains(&segment.to_ascii_lowercase().as_str()));
    let host = sorted.unwrap_or(folders);
    (sorted_document(&segments[host..folders], name), host)
}

/// The container and the number of segments for the host that the folders above a copied file tell.
pub(super) fn folders(folders: &[&str]) -> (Option<Text>, usize) {
    let lower = |segment: &&str| segment.to_ascii_lowercase();
    let host = folders.iter().position(|segment| FOLDERS.contains(&lower(segment).as_str())).unwrap_or(folders.len());
    let at = folders
        .iter()
        .position(|segment| matches!(lower(segment).as_str(), "exec" | "docker-exec" | "docker_exec" | "containers"));
    (at.and_then(|at| folders.get(at + 1)).map(|name| (*name).into()), host)
}

/// A document in folders such as `docker/exec/NAME/`.
fn sorted_document(folders: &[&str], name: &str) -> Place {
    let lower: Vec<String> = folders.iter().map(|folder| folder.to_ascii_lowercase()).collect();
    let folder = |at: usize| lower.get(at).map(String::as_str).unwrap_or_default();
    let exec = lower.iter().position(|folder| matches!(folder.as_str(), "exec" | "docker-exec" | "docker_exec"));
    if let Some(at) = exec {
        return match folders.get(at + 1) {
            // `exec/NAME/ss_-lntup.txt`, `exec/NAME/etc/hosts`.
            Some(container) => Place { container: Some((*container).into()), ..document(name) },
            // `exec/NAME.txt` holds several outputs, `exec/NAME_ss_-tln.txt` one.
            None => match command_line(&format!("docker exec {}", stem(name).replace('_', " "))) {
                Some(command) if command.container.is_some() => {
                    Place { subject: command.subject, container: command.container, ..Place::default() }
                }
                _ => Place { container: Some(stem(name).into()), ..Place::default() },
            },
        };
    }
    let last = folders.len().saturating_sub(1);
    if matches!(folder(last), "inspect") && name.ends_with(".json") {
        return Place { subject: "docker inspect".into(), container: Some(container_name(name)), ..Place::default() };
    }
    if let Some(at) = lower.iter().position(|folder| matches!(folder.as_str(), "containers" | "container")) {
        if let Some(container) = folders.get(at + 1) {
            return Place { container: Some((*container).into()), ..document(name) };
        }
        if name.ends_with(".json") {
            return Place {
                subject: "docker inspect".into(),
                container: Some(container_name(name)),
                ..Place::default()
            };
        }
    }
    // `logs/iptables-save.txt` is what its name says; `logs/routes.log` may be of a container.
    let named = document(name);
    if !named.subject.is_empty() && !named.log && !name.contains(".log") {
        return named;
    }
    let in_logs = lower.iter().any(|folder| {
        matches!(folder.as_str(), "logs" | "log" | "docker-logs" | "docker_logs" | "container-logs" | "container_logs")
    });
    if in_logs && !name.ends_with(".json") {
        return log(name);
    }
    document(name)
}

/// The name without its ending, and without the number that sorts it.
fn stem(name: &str) -> &str {
    const ENDINGS: &[&str] = &[
        ".gz", ".xz", ".bz2", ".zst", ".txt", ".log", ".out", ".json", ".stdout", ".stderr", ".cmd", ".raw", ".yaml",
        ".yml",
    ];
    let mut stem = name;
    while let Some(shorter) =
        ENDINGS.iter().find_map(|ending| stem.strip_suffix(ending)).filter(|shorter| !shorter.is_empty())
    {
        stem = shorter;
    }
    stem
}

fn without_number(stem: &str) -> &str {
    let rest = stem.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() < stem.len() && rest.len() > 1 && stem.len() - rest.len() <= 3 {
        rest.strip_prefix(['-', '_', '.']).filter(|rest| !rest.is_empty()).unwrap_or(stem)
    } else {
        stem
    }
}

/// A container's name from the name of its document.
pub(super) fn container_name(name: &str) -> Text {
    stem(name).into()
}

/// A log by its name: of a container, unless the name is one of the host's own logs.
pub(super) fn log(name: &str) -> Place {
    if let Some(place) = named_log(name) {
        return place;
    }
    let stem = stem(name).trim_end_matches("-previous").trim_end_matches(".journald");
    let host = name.contains(".journald")
        || HOST_LOGS.iter().any(|known| {
            stem == *known || stem.strip_prefix(known).is_some_and(|rest| rest.starts_with(['.', '-', '_']))
        });
    Place { container: (!host && !stem.is_empty()).then(|| stem.into()), log: true, ..Place::default() }
}

/// `docker_logs_NAME.log`, `docker_logs_-t_ID`, `ID-json.log`.
fn named_log(name: &str) -> Option<Place> {
    let id = name
        .split_once("-json.log")
        .map(|(id, _)| id)
        .filter(|id| id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let stem = without_number(stem(name));
    let container = id.or_else(|| {
        let rest = ["docker_logs_", "docker-logs-", "podman_logs_", "logs-", "log-", "container-log-"]
            .iter()
            .find_map(|start| stem.strip_prefix(start))?;
        Some(rest.trim_start_matches("-t_").trim_start_matches("--timestamps_"))
            .filter(|rest| !rest.is_empty() && !rest.starts_with('-'))
    })?;
    Some(Place { container: Some(container.into()), log: true, ..Place::default() })
}

/// A document by its name alone.
pub(super) fn document(name: &str) -> Place {
    if let Some(place) = named_log(name) {
        return place;
    }
    let full = without_number(name);
    if let Some(path) = copied_file(full) {
        let log = path.starts_with("/var/log/");
        return Place { subject: path, log, ..Place::default() };
    }
    let stem = without_number(stem(name));
    let inspect = ["docker_inspect_", "docker-inspect-", "inspect-", "inspect_"]
        .iter()
        .find_map(|start| stem.strip_prefix(start));
    if let Some(container) = inspect.filter(|rest| !rest.is_empty()) {
        return Place { subject: "docker inspect".into(), container: Some(container.into()), ..Place::default() };
    }
    let words = stem.replace(['_', '-', '.', ' '], " ").to_ascii_lowercase();
    let words = words.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((_, subject)) = NAMES
        .iter()
        .find(|(known, _)| *known == words || words.strip_suffix(" show").is_some_and(|words| words == *known))
    {
        return Place { subject: (*subject).into(), ..Place::default() };
    }
    // Options keep their dashes where blanks became underscores; elsewhere dashes are blanks too.
    let kept = stem.replace('_', " ");
    let spread = stem.replace(['_', '-'], " ");
    // `netstat-rn`, `df-i`.
    let option = stem.replacen('-', " -", 1).replace('_', " ");
    let command = command_line(&kept).or_else(|| command_line(&spread)).or_else(|| command_line(&option));
    // `docker_exec_NAME.txt` holds several outputs.
    let exec = ["docker_exec_", "docker-exec-"].iter().find_map(|start| stem.strip_prefix(start));
    match command {
        Some(command) if command.container.is_some() || exec.is_none() => {
            let (pod, of_pod) = command.pod_of_log().unzip();
            Place {
                log: command.is_log(),
                container: command.container.or(of_pod.flatten()),
                subject: command.subject,
                pod,
                ..Place::default()
            }
        }
        _ => Place {
            container: exec.map(Text::from),
            log: exec.is_none() && (name.ends_with(".log") || name.contains(".log.")),
            ..Place::default()
        },
    }
}

/// `etc_resolv.conf`, `etc-etc_hosts`, `files_proc_mounts`: the path of the copied file.
fn copied_file(name: &str) -> Option<String> {
    let starts = [
        "etc_",
        "etc-etc_",
        "proc_",
        "etc-proc_",
        "var_log_",
        "etc-var_log_",
        "files_etc_",
        "_etc_",
        "_proc_",
        "sys_",
        "etc-sys_",
        "usr_lib_",
    ];
    let start = starts.iter().find(|start| name.starts_with(**start))?;
    let path = if let Some(rest) =
        start.strip_prefix("etc-").or_else(|| start.strip_prefix("files_")).map(|kept| start.len() - kept.len())
    {
        &name[rest..]
    } else {
        name.trim_start_matches('_')
    };
    let path = format!("/{}", path.replace('_', "/"));
    Some(path.strip_suffix(".txt").map_or(path.clone(), str::to_owned))
}
