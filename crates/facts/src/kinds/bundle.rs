//! What the bundle says about its own making, and what the analysis derives.

use jiff::Timestamp;

use crate::{Text, fact_kind};

fact_kind! {
    /// A command that the collector ran: sosreport's manifest.json, troubleshoot's `*-info.json`, the classic index.json.
    "collected_command": CollectedCommand {
        /// The command line.
        command: Text,
        /// Its exit code.
        exit_code: Option<i64>,
        /// Document that holds its output.
        output: Option<Text>,
        /// The output was cut.
        truncated: bool,
        /// Error of the collector.
        error: Option<Text>,
    }
}

fact_kind! {
    /// Something that the collector could not collect: error.json, `*-errors.json`, `collector-errors/*`, sosreport's sos.log.
    "collection_error": CollectionError {
        /// What should have been collected.
        subject: Text,
        /// Why it was not.
        error: Text,
    }
}

fact_kind! {
    /// A check that a tool made itself: troubleshoot.sh's analysis.json and its collectors that probe (http, tcpPortStatus,
    /// postgres, registry, goldpinger, …), preflight checks of kubeadm and its table of certificates (`kubeadm-certs`).
    "check_result": CheckResult {
        /// What was checked.
        name: Text,
        /// `pass`, `warn`, `fail`; `skip` where it could not be made.
        outcome: Text,
        /// What it found.
        message: Option<Text>,
        /// Who checked, such as `analysis`, `tcpPortStatus`, `kubeadm`.
        check: Text,
    }
}

fact_kind! {
    /// The program that made the bundle: troubleshoot.sh's version.yaml, the classic VERSION.json, sosreport's manifest.json and
    /// version.txt.
    "bundle_tool": BundleTool {
        /// Name, such as `troubleshoot`, `support-bundle` or `sos`.
        name: Text,
        /// Version.
        version: Option<Text>,
    }
}

fact_kind! {
    /// A log document: container logs, the daemon's log, syslog, journal.
    "log": Log {
        /// Container whose log it is; absent for the host's own logs.
        container: Option<Text>,
        /// Namespace of the container's pod, where the path tells it.
        namespace: Option<Text>,
        /// Pod of the container, where the path tells it.
        pod: Option<Text>,
        /// Time of the first record.
        first_time: Option<Timestamp>,
        /// Time of the last record.
        last_time: Option<Timestamp>,
        /// Lines read.
        lines: u64,
        /// Bytes read.
        bytes: u64,
    }
}

fact_kind! {
    /// A service that a container is configured to use: its environment, command line, links, or what it logs at start.
    "dependency": Dependency {
        /// Container that needs it.
        container: Text,
        /// Host as configured: a name or an address.
        host: Text,
        /// Address that the host resolves to for this container, where it can be told.
        address: Option<std::net::IpAddr>,
        /// Port, configured or implied by the URL's scheme.
        port: Option<u16>,
        /// Scheme or service, such as `postgres`, `redis`, `http`.
        service: Option<Text>,
        /// Where it is configured, such as `env DATABASE_URL`.
        origin: Text,
    }
}
