//! What a path says in the layouts of known collectors: which command or file, which container, which host.
//!
//! Layouts: classic Replicated bundles (`default/…`, `app/…`, `daemon/…`), troubleshoot.sh (`host-collectors/…`,
//! `cluster-resources/…`), sosreports (`sos_commands/PLUGIN/COMMAND`), copied files (`…/etc/hosts`), and flat folders with names such as
//! `05-iptables-nat.txt`. A path only suggests: names drift, and content decides.

mod commands;
mod flat;
mod log;

use bundlescope_facts::Text;

use crate::document::PodName;

pub(crate) use commands::{Command, command_line};
pub(crate) use log::looks_like_log;

/// The meaning of a path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Normalised command or absolute file path; empty where the layout tells nothing.
    pub(crate) subject: String,
    /// Container by name or id. `netns:NAME` for a network namespace that is not the host's.
    pub(crate) container: Option<Text>,
    /// Pod of that container.
    pub(crate) pod: Option<PodName>,
    /// Part of the path that stands for the host.
    pub(crate) root: Text,
    /// The path says that it is a log.
    pub(crate) log: bool,
}

/// Reads a path.
pub(crate) fn place(path: &str) -> Place {
    // Inside a nested archive the archive belongs to the host part.
    let inner = path.rfind("!/").map_or(0, |at| at + 2);
    // A lone compressed file is `x.log.gz!/x.log` or keeps its name.
    let segments: Vec<&str> = path[inner..].split('/').collect();
    let (mut place, host_segments) = known_layout(&segments).unwrap_or_else(|| flat::place(&segments));
    let host: usize = segments.iter().take(host_segments).map(|segment| segment.len() + 1).sum();
    place.root = path[..(inner + host).min(path.len())].into();
    place
}

/// Tries the collectors' layouts; also returns how many segments stand for the host.
fn known_layout(segments: &[&str]) -> Option<(Place, usize)> {
    (0..segments.len()).find_map(|at| {
        let rest = segments.get(at + 1..).filter(|rest| !rest.is_empty())?;
        let found = match *segments.get(at)? {
            "default" | "daemon" => classic(rest),
            "app" | "replicated" => vendor(rest),
            "scheduler" => scheduler(rest),
            "host-collectors" => {
                return Some(host_collector(rest)).map(|(place, deeper)| (place, if deeper { at + 2 } else { at }));
            }
            "cluster-resources" => Some(cluster(rest)),
            "sos_commands" => Some(sos_command(rest)),
            "sos_containers" => Some(sos_container(rest)),
            "sos_reports" | "sos_logs" | "sos_strings" => Some(Place::default()),
            "etc" | "proc" | "sys" | "usr" | "run" | "boot" | "lib" => return Some(copied(segments, at)),
            "var" if matches!(rest[0], "log" | "lib" | "run" | "spool" | "cache") => return Some(copied(segments, at)),
            _ => None,
        };
        found.map(|place| (place, at))
    })
}

/// A copied file below folders of any names: `docker/exec/db/etc/hosts` is the container's, `files/etc/hosts` the host's.
fn copied(segments: &[&str], at: usize) -> (Place, usize) {
    let place = file(&segments[at..]);
    let (folders, host) = flat::folders(&segments[..at]);
    (Place { container: place.container.or(folders), ..place }, host)
}

/// A copied file that keeps its path.
fn file(segments: &[&str]) -> Place {
    let subject = format!("/{}", segments.join("/"));
    let log = subject.starts_with("/var/log/") && !subject.ends_with("/lastlog") && !subject.ends_with("/wtmp");
    let mut place = Place { log, ..Place::default() };
    if let ["var", "lib", "docker", "containers", id, name] = segments {
        // `hosts`, `resolv.conf` and `hostname` that Docker made for the container, and its log.
        place.container = Some((*id).into());
        place.log = name.contains("-json.log");
        place.subject = match *name {
            "hosts" | "resolv.conf" | "hostname" => format!("/etc/{name}"),
            _ => subject,
        };
    } else if let ["var", "log", "containers", name] = segments {
        // `POD_NAMESPACE_CONTAINER-ID.log`.
        let mut parts = name.rsplit_once('-').map_or(*name, |(front, _)| front).rsplitn(3, '_');
        place.container = parts.next().map(Text::from);
        place.pod = parts.next().zip(parts.next()).map(|(namespace, pod)| PodName::new(namespace, pod));
        place.subject = subject;
    } else if let ["var", "log", "pods", pod, container, _] = segments {
        // `NAMESPACE_POD_UID`.
        let mut parts = pod.split('_');
        place.pod = parts.next().zip(parts.next()).map(|(namespace, pod)| PodName::new(namespace, pod));
        place.container = Some((*container).into());
        place.subject = subject;
    } else {
        place.subject = subject;
    }
    place
}

/// `default/…` of classic Replicated bundles, `daemon/…` of the oldest.
fn classic(rest: &[&str]) -> Option<Place> {
    match rest {
        ["commands", name] => Some(flat::document(name)),
        // `NAME/stdout`, `NAME/stderr`, `loadavg/loadavg`.
        ["commands", name, _] => Some(flat::document(name)),
        ["docker", name, ..] | ["kubernetes", name] => Some(flat::document(name)),
        ["etc" | "proc" | "usr" | "sys" | "run", _, ..] => Some(file(rest)),
        ["var", _, ..] => Some(file(rest)),
        ["journald", ..] => Some(Place { log: true, ..Place::default() }),
        ["replicated", inner @ ..] if !inner.is_empty() => vendor(inner).or_else(|| Some(Place::default())),
        _ => None,
    }
}

/// `app/…` and `replicated/…`: what belongs to the vendor's containers.
fn vendor(rest: &[&str]) -> Option<Place> {
    match rest {
        ["containers" | "inspect", name] | ["native", "inspect", name] => Some(Place {
            subject: "docker inspect".into(),
            container: Some(flat::container_name(name)),
            ..Place::default()
        }),
        ["logs", name, "logs.raw"] => Some(flat::log(name)),
        ["logs", name] | ["container-logs", "logs", name] | ["native", "logs", name] => Some(flat::log(name)),
        ["logs" | "container-logs", .., name] => Some(flat::log(name)),
        ["etc" | "var", _, ..] => Some(file(rest)),
        ["internal" | "custom" | "runtime", ..] => Some(Place::default()),
        _ => None,
    }
}

/// `scheduler/container/ID/…` of the oldest bundles.
fn scheduler(rest: &[&str]) -> Option<Place> {
    let ["container", id, what, ..] = rest else { return None };
    let container = Some(Text::from(*id));
    Some(match *what {
        "inspect" => Place { subject: "docker inspect".into(), container, ..Place::default() },
        name if name.ends_with(".log") => Place { log: true, container, ..Place::default() },
        _ => Place { container, ..flat::document(rest.last().copied().unwrap_or_default()) },
    })
}

/// `host-collectors/run-host/NAME.txt`, `host-collectors/NODE/run-host/…`, `host-collectors/system/NODE/…`. The second part is true
/// when the segment behind `host-collectors` is a node.
fn host_collector(rest: &[&str]) -> (Place, bool) {
    const COLLECTORS: &[&str] = &[
        "run-host",
        "journald",
        "system",
        "diskUsage",
        "tcpPortStatus",
        "udpPortStatus",
        "connect",
        "tcpLoadBalancer",
        "httpLoadBalancer",
        "subnetAvailable",
        "http",
        "certificate",
        "certificatesCollection",
        "filesystemPerformance",
        "registry-images",
        "dns",
        "errors",
        "sysctl",
        "hostos",
        "kernel-modules",
    ];
    let node = rest.len() > 2 && !COLLECTORS.contains(&rest[0]) && COLLECTORS.contains(&rest[1]);
    let inner = if node { &rest[1..] } else { rest };
    let place = match inner {
        ["run-host", name] if !is_companion(name) => flat::document(name),
        ["run-host", _, .., name] => flat::document(name),
        ["journald", name] if !is_companion(name) => Place { log: true, ..Place::default() },
        ["dns", .., "resolv.conf"] => Place { subject: "/etc/resolv.conf".into(), ..Place::default() },
        _ => Place::default(),
    };
    (place, node)
}

/// The files that troubleshoot.sh writes beside an output.
fn is_companion(name: &str) -> bool {
    name.ends_with("-info.json") || name.ends_with("-stderr.txt") || name.ends_with("-errors.json")
}

fn cluster(rest: &[&str]) -> Place {
    match rest {
        ["pods", "logs", namespace, pod, name] => Place { pod: Some(PodName::new(namespace, pod)), ..flat::log(name) },
        _ => Place::default(),
    }
}

/// A command of a sosreport: blanks are `_`, slashes `.`.
fn sos_command(rest: &[&str]) -> Place {
    let name = rest.last().copied().unwrap_or_default();
    let mut place = Place::default();
    // A second output of the same name has a number behind it.
    let base = name
        .rsplit_once('.')
        .filter(|(_, number)| number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit()))
        .map_or(name, |(base, _)| base);
    let text = printed_file(base).unwrap_or_else(|| base.replace('_', " "));
    if let Some(at) = rest.iter().position(|segment| *segment == "namespaces") {
        place.container = rest.get(at + 1).map(|name| format!("netns:{name}").into());
    }
    let Some(command) = command_line(&text) else {
        place.subject = text;
        return place;
    };
    place.container = command.container.clone().or(place.container);
    place.log = command.is_log();
    place.pod = command.pod_of_log().map(|(pod, container)| {
        place.container = place.container.take().or(container);
        pod
    });
    place.subject = command.subject;
    // A log or an inspect is of one container, and the file's name has it last.
    let one = place.subject.starts_with("docker logs")
        || place.subject.starts_with("podman logs")
        || place.subject.starts_with("crictl logs");
    let inspect =
        ["docker inspect", "podman inspect", "crictl inspect"].iter().any(|start| place.subject.starts_with(start));
    if one || (inspect && rest.contains(&"containers")) {
        // Names keep their underscores, which the blanks may be.
        let id =
            place.subject.split(' ').skip(2).skip_while(|word| word.starts_with('-')).collect::<Vec<_>>().join("_");
        place.container = Some(id.into()).filter(|id: &Text| !id.is_empty());
    }
    place
}

/// `cat_.proc.net.softnet_stat` is `cat /proc/net/softnet_stat`: blanks became `_`, and slashes `.`, as dots of names are.
fn printed_file(name: &str) -> Option<String> {
    const ENDINGS: &[&str] = &["conf", "json", "yaml", "yml", "cfg", "xml", "txt", "log", "d"];
    let path = name.strip_prefix("cat_.")?;
    let known = ["etc.", "proc.", "sys.", "run.", "var."].iter().any(|folder| path.starts_with(folder));
    let (front, ending) = path.rsplit_once('.').filter(|(_, ending)| ENDINGS.contains(ending)).unwrap_or((path, ""));
    let dot = if ending.is_empty() { "" } else { "." };
    known.then(|| format!("cat /{}{dot}{ending}", front.replace('.', "/")))
}

/// What a sosreport ran or copied inside a container.
fn sos_container(rest: &[&str]) -> Place {
    let [name, inner @ ..] = rest else { return Place::default() };
    let place = match inner {
        ["sos_commands", command @ ..] if !command.is_empty() => sos_command(command),
        [_, ..] => file(inner),
        [] => Place::default(),
    };
    Place { container: Some((*name).into()), ..place }
}

#[cfg(test)]
mod tests;
