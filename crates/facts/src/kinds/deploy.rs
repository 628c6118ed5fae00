//! What deployers print: Ansible, Docker Compose, mdt, and the registry that they load images from.

use std::net::IpAddr;

use crate::{Text, fact_kind, fact_words};

fact_kind! {
    /// A task that failed on a host, or a host that could not be reached: `ansible-playbook`, `ansible`, and what kubespray and mdt log
    /// of them.
    "ansible_failure": AnsibleFailure {
        /// Host by its name in the inventory.
        host: Text,
        /// Host on which the task was run instead, where delegated.
        delegated_to: Option<Text>,
        /// Task, without its role.
        task: Option<Text>,
        /// Role.
        role: Option<Text>,
        /// Play.
        play: Option<Text>,
        /// Item of a loop.
        item: Option<Text>,
        /// `unreachable` or `failed`.
        reason: Text,
        /// `msg` of the result, or what stands in its place.
        message: Text,
        /// Variable or attribute that is not defined, where that is why.
        undefined: Option<Text>,
        /// Exit code of the command.
        exit_code: Option<i64>,
        /// Command.
        command: Option<Text>,
        /// `stderr` of the command.
        stderr: Option<Text>,
        /// Attempts that were made.
        attempts: Option<u64>,
        /// The play goes on in spite of it (`...ignoring`).
        ignored: bool,
    }
}

fact_kind! {
    /// The recap of one host at the end of a play.
    "ansible_recap": AnsibleRecap {
        /// Host by its name in the inventory.
        host: Text,
        /// Tasks that went well.
        ok: u64,
        /// Tasks that changed something.
        changed: u64,
        /// Times that the host could not be reached.
        unreachable: u64,
        /// Tasks that failed.
        failed: u64,
        /// Tasks that were skipped; absent before Ansible 2.8.
        skipped: Option<u64>,
        /// Failures that a rescue block handled; absent before Ansible 2.8.
        rescued: Option<u64>,
        /// Failures that were ignored; absent before Ansible 2.8.
        ignored: Option<u64>,
    }
}

fact_kind! {
    /// An error that stopped Ansible itself: a playbook that cannot be read, a missing role, an unknown host pattern.
    "ansible_error": AnsibleError {
        /// The error's first line.
        message: Text,
        /// File that it names.
        file: Option<Text>,
        /// Line in that file.
        line: Option<u64>,
    }
}

fact_words! {
    /// Why Docker or Compose could not bring something up, one word whatever the version says.
    ComposeFailureReason {
        /// Something else holds the port.
        PortInUse = "port_in_use",
        /// A container that others wait for is unhealthy.
        Unhealthy = "unhealthy",
        /// A container that others wait for has ended.
        Exited = "exited",
        /// A container, or the network of another one, that is needed does not run.
        NotRunning = "not_running",
        /// There is no such network.
        NetworkNotFound = "network_not_found",
        /// The network's subnet overlaps another one.
        NetworkOverlap = "network_overlap",
        /// There is no such volume.
        VolumeNotFound = "volume_not_found",
        /// There is no such service in the file.
        ServiceNotFound = "service_not_found",
        /// There is no such image or tag.
        ImageNotFound = "image_not_found",
        /// The registry refused.
        PullDenied = "pull_denied",
        /// The registry could not be reached.
        RegistryUnreachable = "registry_unreachable",
        /// The registry limits the number of pulls.
        RateLimited = "rate_limited",
        /// A container of that name is there already.
        NameInUse = "name_in_use",
        /// The file is not right.
        InvalidFile = "invalid_file",
        /// The file, or one that it names, is not there.
        FileNotFound = "file_not_found",
        /// The program of a container cannot be run.
        CannotExecute = "cannot_execute",
        /// A path cannot be mounted.
        MountFailed = "mount_failed",
        /// The daemon cannot be reached.
        DaemonUnreachable = "daemon_unreachable",
        /// The daemon could not set its firewall rules.
        FirewallFailed = "firewall_failed",
        /// The file system is full.
        NoSpace = "no_space",
        /// Something took too long.
        TimedOut = "timed_out",
        /// Not allowed to.
        PermissionDenied = "permission_denied",
        #[default]
        /// Anything else.
        Other = "other",
    }
}

fact_kind! {
    /// A failure of `docker compose up`, `docker-compose`, `docker run`, `start`, `restart` or `pull`.
    "compose_failure": ComposeFailure {
        /// Service of the compose file.
        service: Option<Text>,
        /// Container by name or id.
        container: Option<Text>,
        /// Container, network, volume or image that is meant by the error beside it.
        object: Option<Text>,
        /// Address that was to be published at.
        address: Option<IpAddr>,
        /// Port that was to be published.
        port: Option<u16>,
        /// Why.
        reason: ComposeFailureReason,
        /// The line that says so.
        message: Text,
    }
}

fact_kind! {
    /// An error of the deployer mdt (`mdt deploy`, `mdt-cli`), or of helm as mdt runs it.
    "deploy_failure": DeployFailure {
        /// Program, such as `mdt-cli`.
        tool: Text,
        /// What was done, such as `Deploying Kube cluster`.
        operation: Option<Text>,
        /// Logger or component that reports it, such as `ericsson.mdt.cli.commands.cfg`.
        component: Option<Text>,
        /// Host that could not be reached, where that is why.
        host: Option<Text>,
        /// Its port.
        port: Option<u16>,
        /// The line that says so, without what is told in the other fields.
        message: Text,
    }
}

fact_kind! {
    /// The repositories of a registry: `GET /v2/_catalog`.
    "registry_catalog": RegistryCatalog {
        /// Names of the repositories.
        repositories: Vec<Text>,
    }
}

fact_kind! {
    /// The tags of a repository: `GET /v2/NAME/tags/list`.
    "registry_tags": RegistryTags {
        /// Name of the repository.
        repository: Text,
        /// Its tags.
        tags: Vec<Text>,
    }
}

fact_kind! {
    /// An error that a registry answered: `{"errors":[{"code":"MANIFEST_UNKNOWN",…}]}`.
    "registry_error": RegistryError {
        /// Code, such as `MANIFEST_UNKNOWN`, `NAME_UNKNOWN`, `UNAUTHORIZED`, `DENIED`, `TOOMANYREQUESTS`.
        code: Text,
        /// Message.
        message: Option<Text>,
        /// What it is about: the name, tag or scope in its detail.
        subject: Option<Text>,
    }
}
