//! `docker info` and `docker version`: text of Docker 1.0 to 29, and JSON of the CLI and of the API.
//!
//! The text is a tree by indentation. Since Docker 19.03 the daemon's part stands under `Server:`, set in by one blank;
//! before, it began in the first column.

use bundlescope_facts::{CollectionError, DockerDaemon, Fact, Hostname, Text};

use crate::json::Fields;
use crate::{Document, Line, Parsed};

/// Reads the text of `docker info`.
pub(super) fn parse_info(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut daemon = DockerDaemon::default();
    // The lines that a triager wants to see: what is wrong, otherwise which version it is.
    let (mut wrong, mut version): (Option<(Line<'_>, Line<'_>)>, Option<Line<'_>>) = (None, None);
    let mut open: Vec<(usize, &str)> = Vec::new();
    let (mut client, mut base) = (false, 0);
    for line in document.lines() {
        let text = line.text.trim();
        if text.is_empty() {
            continue;
        }
        if let Some(warning) = text.strip_prefix("WARNING:") {
            daemon.warnings.push(warning.trim().into());
            match warning.trim() {
                "IPv4 forwarding is disabled" => daemon.ipv4_forwarding = Some(false),
                "bridge-nf-call-iptables is disabled" => daemon.bridge_nf_iptables = Some(false),
                _ => continue,
            }
            wrong = Some((wrong.map_or(line, |(first, _)| first), line));
            continue;
        }
        if is_failure(text) {
            failed(document, line, "docker info", &mut parsed);
            continue;
        }
        let depth = line.text.len() - line.text.trim_start_matches(' ').len();
        if depth == 0 && matches!(text, "Client:" | "Server:") || text.starts_with("Client: ") {
            (client, base) = (text != "Server:", usize::from(text == "Server:"));
            open.clear();
            continue;
        }
        if client {
            continue;
        }
        open.retain(|(outer, _)| *outer < depth);
        // `Key: value`, `Key:` with more below, or a bare list item.
        let (key, value) = text.split_once(':').map_or((text, ""), |(key, value)| (key, value.trim()));
        let parent = open.last().map_or("", |(_, key)| *key);
        let top = depth == base;
        setting(&mut daemon, &mut parsed, document, line, (parent, key, value, top));
        match key {
            "Server Version" => version = Some(line),
            "Error" if parent == "Swarm" => wrong = Some((line, line)),
            _ => {}
        }
        open.push((depth, key));
    }
    if daemon != DockerDaemon::default()
        && let Some((first, last)) = wrong.or_else(|| version.or(document.lines().next()).map(|line| (line, line)))
    {
        let source = document.source(first, last);
        parsed.facts.insert(0, Fact::new(source, daemon));
    }
    parsed
}

/// One line of the daemon's part: the key above it, its own key and value, and whether it stands in the first column.
fn setting(
    daemon: &mut DockerDaemon,
    parsed: &mut Parsed,
    document: &Document<'_>,
    line: Line<'_>,
    (parent, key, value, top): (&str, &str, &str, bool),
) {
    let text = || Some(value).filter(|value| !value.is_empty()).map(Text::from);
    // A list item is the whole line, colons included.
    let item = || Text::from(line.text.trim());
    match (parent, key) {
        ("Insecure Registries", _) if !top => daemon.insecure_registries.push(item()),
        ("Registry Mirrors", _) if !top => daemon.mirrors.push(item()),
        ("Manager Addresses", _) if !top => daemon.swarm_managers.push(item()),
        ("Swarm", "Is Manager") => daemon.swarm_manager = value.parse().ok(),
        ("Swarm", "Node Address") => daemon.swarm_address = value.parse().ok(),
        ("Swarm", "Error") => daemon.swarm_error = text(),
        ("Containers", "Running") => daemon.running = value.parse().ok(),
        _ if !top => {}
        (_, "Server Version") => daemon.version = text(),
        (_, "Swarm") => daemon.swarm = text(),
        (_, "Kernel Version") => daemon.kernel = text(),
        (_, "Operating System") => daemon.operating_system = text(),
        // `Http Proxy` before 18.09.
        (_, "HTTP Proxy" | "Http Proxy") => daemon.http_proxy = text(),
        (_, "HTTPS Proxy" | "Https Proxy") => daemon.https_proxy = text(),
        (_, "No Proxy") => daemon.no_proxy = text(),
        (_, "Firewall Backend") => daemon.firewall_backend = text(),
        (_, "Name") => {
            daemon.name = text();
            if let Some(name) = text() {
                parsed.line_fact(document, line, Hostname { name });
            }
        }
        _ => {}
    }
}

/// A record of `docker info --format json` or of the API's `GET /info`.
pub(super) fn info(record: Fields<'_, '_>, parsed: &mut Parsed) {
    for error in record.texts("ServerErrors") {
        let source = record.get("ServerErrors").source();
        parsed.facts.push(Fact::new(source, CollectionError { subject: "docker info".into(), error }));
    }
    let (swarm, registries) = (record.object("Swarm"), record.object("RegistryConfig"));
    let insecure = registries.object("IndexConfigs").entries().filter(|(_, index)| index.bool("Secure") == Some(false));
    let data = DockerDaemon {
        name: record.text("Name"),
        version: record.text("ServerVersion"),
        swarm: swarm.text("LocalNodeState"),
        swarm_address: swarm.address("NodeAddr"),
        swarm_manager: swarm.bool("ControlAvailable"),
        swarm_managers: swarm.list("RemoteManagers").filter_map(|manager| manager.text("Addr")).collect(),
        swarm_error: swarm.text("Error"),
        ipv4_forwarding: record.bool("IPv4Forwarding"),
        bridge_nf_iptables: record.bool("BridgeNfIptables"),
        http_proxy: record.text("HttpProxy"),
        https_proxy: record.text("HttpsProxy"),
        no_proxy: record.text("NoProxy"),
        insecure_registries: insecure
            .map(|(name, _)| name.into())
            .chain(registries.texts("InsecureRegistryCIDRs"))
            .collect(),
        mirrors: registries.texts("Mirrors"),
        warnings: record.texts("Warnings").iter().map(|text| text.trim_start_matches("WARNING: ").into()).collect(),
        running: record.int("ContainersRunning"),
        kernel: record.text("KernelVersion"),
        operating_system: record.text("OperatingSystem"),
        firewall_backend: record.object("FirewallBackend").text("Driver"),
    };
    if data.version.is_none() && data.name.is_none() && data.kernel.is_none() {
        return;
    }
    if let Some(name) = data.name.clone() {
        parsed.facts.push(Fact::new(record.get("Name").source(), Hostname { name }));
    }
    let disabled = data.ipv4_forwarding == Some(false) || data.bridge_nf_iptables == Some(false);
    let source = if disabled {
        record.source_of(&["IPv4Forwarding", "BridgeNfIptables"])
    } else if data.swarm_error.is_some() {
        swarm.source()
    } else {
        record.source_of(&["ServerVersion"])
    };
    parsed.facts.push(Fact::new(source, data));
}

/// Reads the text of `docker version`.
///
/// The daemon's version is the first `Version:` under `Server:` (since 18.09 of its engine), or `Server version:` before
/// Docker 1.8.
pub(super) fn parse_version(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let (mut server, mut told, mut podman) = (false, false, false);
    let mut bare: Option<(Line<'_>, &str)> = None;
    for line in document.lines() {
        let text = line.text.trim();
        if is_failure(text) {
            failed(document, line, "docker version", &mut parsed);
            continue;
        }
        let (key, value) = text.split_once(':').map_or((text, ""), |(key, value)| (key, value.trim()));
        if !line.text.starts_with(' ') && matches!(key, "Client" | "Server") {
            server = key == "Server";
        }
        // Podman has no daemon: the client does the work, and before version 3 its text has no heading.
        podman |= matches!(key, "Client" | "RemoteAPI Version") && (value == "Podman Engine" || key != "Client");
        if key == "Version" && !line.text.starts_with(' ') && !server {
            bare = Some((line, value));
        }
        let states = key == "Server version" || server && key == "Version";
        if states && !told && !value.is_empty() {
            told = true;
            parsed.line_fact(document, line, DockerDaemon { version: Some(value.into()), ..DockerDaemon::default() });
        }
    }
    if let (true, false, Some((line, value))) = (podman, told, bare) {
        parsed.line_fact(document, line, DockerDaemon { version: Some(value.into()), ..DockerDaemon::default() });
    }
    parsed
}

/// A record of `docker version --format json` or of the API's `GET /version`.
pub(super) fn version(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let client = record.object("Client");
    let server = match record.object("Server") {
        // Podman has no daemon unless it is asked from afar, and writes `APIVersion` for Docker's `ApiVersion`.
        server if !server.is_present() && client.has("APIVersion") => client,
        server if record.has("Client") => server,
        _ => record,
    };
    let Some(version) = server.text("Version") else { return };
    let source = server.get("Version").source();
    let kernel = server.text("KernelVersion");
    parsed.facts.push(Fact::new(source, DockerDaemon { version: Some(version), kernel, ..DockerDaemon::default() }));
}

/// What the CLI prints instead of an answer.
pub(super) fn is_failure(text: &str) -> bool {
    let text = text.strip_prefix("ERROR: ").or_else(|| text.strip_prefix("error during connect: ")).unwrap_or(text);
    const BEGINNINGS: &[&str] = &[
        "Cannot connect to the Docker daemon",
        "Error response from daemon:",
        "Got permission denied while trying to connect",
        "permission denied while trying to connect to the",
        "failed to connect to the docker API",
        "Is the docker daemon running",
        "dial unix ",
    ];
    BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
        || text.contains("docker: command not found")
        || text.contains("docker: not found")
}

/// A command of the CLI failed with this line.
pub(super) fn failed(document: &Document<'_>, line: Line<'_>, subject: &str, parsed: &mut Parsed) {
    let error = CollectionError { subject: subject.into(), error: line.text.trim().into() };
    parsed.line_fact(document, line, error);
}

/// Reads a document that holds nothing but a failure.
pub(super) fn parse_failure(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| is_failure(line.text.trim())) {
        failed(document, line, "docker", &mut parsed);
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Vec<Fact> {
        let parsed = parse_info(&Document::new("info", text.as_bytes()));
        assert_eq!(parsed.problems, []);
        parsed.facts
    }

    #[test]
    fn warnings_that_stop_packets_are_the_evidence() {
        let text = "Server:\n Server Version: 24.0.7\n Swarm: inactive\n HTTP Proxy: http://p:3128\n No Proxy: localhost\n Registry Mirrors:\n  https://m.example/\n Name: n1\n\nWARNING: No swap limit support\nWARNING: IPv4 forwarding is disabled\nWARNING: bridge-nf-call-iptables is disabled\n";
        let facts = facts(text);
        let of = |field: &str| facts[0].get(field).to_string();
        assert_eq!((of("ipv4_forwarding"), of("bridge_nf_iptables")), ("false".into(), "false".into()));
        assert_eq!((of("http_proxy"), of("mirrors")), ("http://p:3128".into(), "https://m.example/".into()));
        assert_eq!((facts[0].source.first_line, facts[0].source.last_line), (11, 12));
        assert_eq!((facts[1].kind(), facts[1].source.first_line), ("hostname", 8));
    }

    #[test]
    fn the_error_of_a_swarm_is_the_evidence_and_both_indentations_are_read() {
        for blank in ["", " "] {
            let head = if blank.is_empty() { "" } else { "Client:\n Name: not-this\n\nServer:\n" };
            let text = format!(
                "{head}{blank}Server Version: 17.06\n{blank}Swarm: error\n{blank} NodeID: x\n{blank} Error: rpc error: code = 14\n{blank} Manager Addresses:\n{blank}  10.0.0.1:2377\n{blank}  10.0.0.2:2377\n"
            );
            let facts = facts(&text);
            let of = |field: &str| facts[0].get(field).to_string();
            assert_eq!((of("swarm"), of("swarm_error")), ("error".into(), "rpc error: code = 14".into()));
            assert_eq!((of("swarm_managers"), of("name")), ("10.0.0.1:2377, 10.0.0.2:2377".into(), String::new()));
            assert_eq!(facts[0].source.first_line, head.lines().count() as u32 + 4);
        }
    }

    #[test]
    fn versions_of_every_age_are_read() {
        let forms = [
            "Client version: 1.5.0\nClient API version: 1.17\nServer version: 1.5.0\nServer API version: 1.17\n",
            "Client:\n Version:      9.9\n\nServer:\n Version:      1.5.0\n API version:  1.21\n",
            "Client: Docker Engine - Community\n Version:           9.9\n\nServer: Docker Engine - Community\n Engine:\n  Version:          1.5.0\n containerd:\n  Version:          1.6\n",
        ];
        for form in forms {
            let parsed = parse_version(&Document::new("version", form.as_bytes()));
            let versions: Vec<_> = parsed.facts.iter().map(|fact| fact.get("version").to_string()).collect();
            assert_eq!(versions, ["1.5.0"]);
        }
    }
}
