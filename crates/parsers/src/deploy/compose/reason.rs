//! Which failure a line states.

use bundlescope_facts::{ComposeFailure, ComposeFailureReason as Reason, Text};

/// What is behind the words with which Docker and Compose begin an error, and the service that they name.
fn error(line: &str) -> Option<(Option<&str>, &str)> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("ERROR: for ") {
        let (service, rest) = rest.split_once(' ')?;
        return Some((Some(service), rest.trim()));
    }
    let starts = [
        "Error response from daemon: ",
        "docker: Error response from daemon: ",
        "ERROR: ",
        "Error: ",
        "dependency failed to start: ",
        "failed to create network ",
        "unable to get image ",
        "docker: ",
    ];
    for start in starts {
        if let Some(rest) = line.strip_prefix(start) {
            let kept = matches!(start, "failed to create network " | "unable to get image ");
            return Some((None, if kept { line } else { rest.trim() }));
        }
    }
    // Compose 2 writes these without any word before them.
    let own = line.starts_with("service \"") && line.ends_with(": invalid compose project")
        || line.starts_with("no such service: ")
        || line.starts_with("no configuration file provided")
        || line.starts_with("yaml: line ")
        || line.starts_with("yaml: unmarshal errors")
        || line.starts_with("parsing ") && line.contains("yaml: ")
        || line.starts_with("validating ")
            && (line.contains("additional properties")
                || line.contains("Additional property")
                || line.contains("must be"))
        || line.starts_with("network ") && line.contains(" declared as external, but could not be found")
        || line.starts_with("external volume \"")
        || line.starts_with("env file ") && line.contains(" not found")
        || line.starts_with("invalid interpolation format")
        || line.starts_with("Cannot connect to the Docker daemon")
        || line.starts_with("permission denied while trying to connect to the ")
        || line.starts_with("unable to prepare context: ")
        || line.starts_with("failed to solve: ")
        || line.starts_with("failed to register layer: ");
    own.then_some((None, line))
}

/// The failure of a line; `next` is the line below it.
pub(super) fn failure(line: &str, next: Option<&str>) -> Option<ComposeFailure> {
    if line.len() > 8000 {
        return None;
    }
    let (service, text) = error(line)?;
    // Old Compose writes some reasons on the line below.
    let below = next.map(str::trim).filter(|next| !next.is_empty() && (text.ends_with("because:") || text.is_empty()));
    // Errors may be wrapped in each other: `dependency failed to start: Error response from daemon: …`.
    let text = text.trim_start_matches("Error response from daemon: ");
    if text.is_empty() && below.is_none() || text == "Encountered errors while bringing up the project." {
        return None;
    }
    let whole = match below {
        Some(below) => format!("{text} {below}"),
        None => text.to_owned(),
    };
    let text = whole.trim();
    let reason = reason(text);
    // `Error: ` begins messages of any program; only known ones count.
    if reason == Reason::Other
        && (line.trim().starts_with("Error: ") || line.trim().starts_with("docker: ") && !line.contains("daemon"))
    {
        return None;
    }
    let (address, port) = endpoint(text);
    Some(ComposeFailure {
        service: service.map(Text::from).or_else(|| service_in(text)),
        container: container(text),
        object: object(text, reason),
        address,
        port,
        reason,
        message: text.into(),
    })
}

fn reason(text: &str) -> Reason {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    // The more particular first: a message may quote others.
    if has(&["port is already allocated", "address already in use"]) {
        Reason::PortInUse
    } else if has(&["is unhealthy"]) {
        Reason::Unhealthy
    } else if text.contains("ontainer ") && has(&[" exited (", "didn't complete successfully: exit"]) {
        Reason::Exited
    } else if has(&[
        "cannot join network of a non running container",
        "is not running",
        "has no healthcheck configured",
    ]) {
        Reason::NotRunning
    } else if has(&[
        "ools overlap",
        "ool overlaps with other one",
        "non-overlapping IPv4 address pool",
        "predefined address pools have been fully subnetted",
        "conflicts with network",
        "networks have overlapping",
    ]) {
        Reason::NetworkOverlap
    } else if has(&["No chain/target/match by that name", "iptables failed", "Unable to enable ", "iptables: "]) {
        Reason::FirewallFailed
    } else if text.contains("etwork ") && has(&["not found", "could not be found", "undefined network"]) {
        Reason::NetworkNotFound
    } else if text.contains("olume ")
        && has(&["not found", "could not be found", "undefined volume", "no declaration was found"])
    {
        Reason::VolumeNotFound
    } else if has(&["o such service", "undefined service"]) {
        Reason::ServiceNotFound
    } else if has(&["toomanyrequests", "rate limit"]) {
        Reason::RateLimited
    } else if has(&[
        "pull access denied",
        "denied: ",
        "unauthorized: ",
        "no basic auth credentials",
        "authentication required",
    ]) {
        Reason::PullDenied
    } else if has(&[
        "manifest unknown",
        "manifest for ",
        "o such image",
        "not found: manifest",
        "repository does not exist",
    ]) || text.starts_with("image ") && text.contains(" not found")
    {
        Reason::ImageNotFound
    } else if has(&[
        "Cannot connect to the Docker daemon",
        "Couldn't connect to Docker daemon",
        "Is the docker daemon running",
    ]) {
        Reason::DaemonUnreachable
    } else if has(&["is already in use by container", "already in use by"]) {
        Reason::NameInUse
    } else if has(&["no space left on device"]) {
        Reason::NoSpace
    } else if (text.starts_with("Get ")
        || text.starts_with("Head ")
        || text.contains("failed to resolve reference")
        || text.contains("failed to do request"))
        && has(&[
            "dial tcp",
            "lookup ",
            "timeout",
            "x509",
            "request canceled",
            "connection refused",
            "EOF",
            "server gave HTTP response",
            "no route to host",
            "proxyconnect",
        ])
    {
        Reason::RegistryUnreachable
    } else if has(&["Read timed out", "timed out", "deadline exceeded", "HTTP request took too long"]) {
        Reason::TimedOut
    } else if has(&[
        "error mounting",
        "invalid mount config",
        "bind source path does not exist",
        "error while mounting volume",
        "failed to mount",
        "not a directory: unknown",
        "error while creating mount source path",
    ]) {
        Reason::MountFailed
    } else if has(&[
        "executable file not found",
        "exec format error",
        "OCI runtime create failed",
        "failed to create shim",
        "failed to create task",
        "unable to start container process",
    ]) {
        Reason::CannotExecute
    } else if has(&["permission denied"]) {
        Reason::PermissionDenied
    } else if has(&[
        "no configuration file provided",
        "suitable configuration file",
        "no such file or directory",
        "env file ",
    ]) {
        Reason::FileNotFound
    } else if has(&[
        "yaml",
        "is invalid because",
        "invalid compose project",
        "is unsupported",
        "validating ",
        "nterpolation",
        "dditional propert",
        "Unsupported config option",
    ]) {
        Reason::InvalidFile
    } else {
        Reason::Other
    }
}

/// `Bind for 0.0.0.0:5432 failed`, `listen tcp4 0.0.0.0:80: bind`, `failed to bind host port for 0.0.0.0:80:172.18.0.2:80/tcp`, `failed to bind host port 0.0.0.0:80/tcp`.
fn endpoint(text: &str) -> (Option<std::net::IpAddr>, Option<u16>) {
    let starts = [
        "Bind for ",
        "listen tcp ",
        "listen tcp4 ",
        "listen tcp6 ",
        "listen udp ",
        "failed to bind host port for ",
        "failed to bind host port ",
        "exposing port TCP ",
        "exposing port UDP ",
    ];
    let rest = starts.iter().find_map(|start| text.split_once(start).map(|(_, rest)| rest));
    let Some(word) = rest.and_then(|rest| rest.split([' ', '/']).next()) else { return (None, None) };
    let word = word.trim_end_matches(':');
    let (address, rest) = match word.strip_prefix('[').and_then(|inner| inner.split_once("]:")) {
        Some(parts) => parts,
        None => match word.strip_prefix(":::") {
            Some(port) => ("::", port),
            None => word.split_once(':').unwrap_or((word, "")),
        },
    };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    (address.parse().ok(), rest[..digits].parse().ok())
}

/// What stands in the first quotes behind these words, or the next word.
fn named<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    let rest = rest.trim_start_matches([':', ' ']);
    let name = match rest.strip_prefix(['"', '\'']) {
        Some(inner) => inner.split(['"', '\'']).next()?,
        None => rest.split([' ', ',', ':']).next()?,
    };
    Some(name.trim_matches(['"', '\'', '/', '.'])).filter(|name| !name.is_empty())
}

fn service_in(text: &str) -> Option<Text> {
    let starts =
        ["Cannot start service ", "Cannot create container for service ", "o such service: ", "service ", "Service "];
    starts.iter().find_map(|start| named(text, start)).map(Text::from)
}

fn container(text: &str) -> Option<Text> {
    let starts =
        ["Cannot restart container ", "Cannot start container ", "on endpoint ", "ontainer name ", "ontainer "];
    let found = starts.iter().find_map(|start| named(text, start))?;
    // `a container`, `container process`: words, not names.
    let word = matches!(found, "process" | "that" | "is" | "init" | "for" | "command" | "name" | "with" | "path");
    (!word).then(|| found.into())
}

fn object(text: &str, reason: Reason) -> Option<Text> {
    let found = match reason {
        Reason::NotRunning => named(text, "non running container"),
        Reason::NetworkNotFound => named(text, "undefined network").or_else(|| named(text, "etwork ")),
        Reason::VolumeNotFound => named(text, "undefined volume").or_else(|| named(text, "olume ")),
        Reason::ServiceNotFound => named(text, "undefined service"),
        Reason::NameInUse => named(text, "in use by container"),
        Reason::PullDenied => named(text, "pull access denied for "),
        // The image's tag stands behind a colon.
        Reason::ImageNotFound => {
            let rest = ["manifest for ", "o such image: ", "image "]
                .iter()
                .find_map(|start| text.split_once(start).map(|(_, rest)| rest));
            rest.and_then(|rest| rest.split_whitespace().next())
                .map(|name| name.trim_matches(['"', '\'', ',']).trim_end_matches(':'))
        }
        Reason::RegistryUnreachable => {
            let url = text.split_once("://").map(|(_, rest)| rest);
            url.and_then(|rest| rest.split(['/', '"']).next())
        }
        _ => None,
    };
    found.filter(|name| !name.is_empty()).map(Text::from)
}
