//! What Docker keeps besides containers and networks: images, volumes, events, usage figures; compose files.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;

use crate::{Proto, Text, fact_kind, fact_record};

fact_kind! {
    /// An image: `docker images`, `docker image inspect`, the API's list.
    "image": Image {
        /// Id without `sha256:`, as long as the document shows it.
        id: Text,
        /// Names with their tags, such as `redis:7`.
        tags: Vec<Text>,
        /// Digests as `name@sha256:…`.
        digests: Vec<Text>,
        /// Size in bytes, as rounded by `docker images`.
        size: Option<u64>,
        /// Time of creation; a table tells only its age.
        created: Option<Timestamp>,
        /// Processor architecture, such as `amd64`.
        architecture: Option<Text>,
        /// Operating system, such as `linux`.
        os: Option<Text>,
        /// Environment that containers inherit.
        env: BTreeMap<Text, Text>,
        /// Entry point and command that containers inherit.
        command: Vec<Text>,
        /// Ports that containers inherit as exposed.
        exposed_ports: Vec<Text>,
    }
}

fact_kind! {
    /// A volume: `docker volume ls`, `docker volume inspect`, the API's list.
    "volume": Volume {
        /// Name.
        name: Text,
        /// Driver, such as `local`.
        driver: Option<Text>,
        /// Directory on the host.
        mountpoint: Option<Text>,
        /// Driver options.
        options: BTreeMap<Text, Text>,
        /// Time of creation.
        created: Option<Timestamp>,
    }
}

fact_kind! {
    /// Something that happened to an object of Docker: `docker events`. Those of `docker exec`, which health checks
    /// cause by the thousand, are left out.
    "docker_event": DockerEvent {
        /// Time.
        time: Option<Timestamp>,
        /// `container`, `network`, `image`, `volume`, `daemon`, `service`, `node`, …
        object: Text,
        /// `start`, `die`, `oom`, `kill`, `health_status`, `connect`, … without what follows a colon.
        action: Text,
        /// What follows the colon of the action, such as `unhealthy`.
        detail: Option<Text>,
        /// Id of the object.
        id: Text,
        /// Name of the object.
        name: Option<Text>,
        /// Exit code, with `die`.
        exit_code: Option<i64>,
        /// Everything in brackets.
        attributes: BTreeMap<Text, Text>,
    }
}

fact_kind! {
    /// What a container uses at one moment: `docker stats --no-stream`, the API's stats.
    "container_usage": ContainerUsage {
        /// Name of the container; its id where the document does not name it.
        container: Text,
        /// Processor time in percent of one processor.
        cpu_percent: Option<f64>,
        /// Memory in bytes, as rounded by `docker stats`.
        memory: Option<u64>,
        /// Memory limit in bytes; that of the host for a container without one.
        memory_limit: Option<u64>,
        /// Processes and threads.
        pids: Option<u64>,
    }
}

fact_kind! {
    /// What one type of Docker's objects takes on disk: `docker system df`.
    "docker_disk_usage": DockerDiskUsage {
        /// `Images`, `Containers`, `Local Volumes`, `Build Cache`.
        object: Text,
        /// Number of objects.
        total: Option<u64>,
        /// Number of those in use.
        active: Option<u64>,
        /// Size in bytes, as rounded by the command.
        size: Option<u64>,
        /// Bytes that pruning would free.
        reclaimable: Option<u64>,
    }
}

fact_kind! {
    /// A layer of an image, the newest first: `docker history`, `podman history`.
    "image_layer": ImageLayer {
        /// Image that was asked about, where the command tells it.
        image: Option<Text>,
        /// Id of the image at this layer; absent for `<missing>`.
        id: Option<Text>,
        /// Instruction that made it, as cut by the table.
        created_by: Text,
        /// Size in bytes, as rounded by the command.
        size: Option<u64>,
        /// Comment.
        comment: Option<Text>,
    }
}

fact_kind! {
    /// A context of the CLI, which says to what daemon the commands of the bundle spoke: `docker context ls`.
    "docker_context": DockerContext {
        /// Name.
        name: Text,
        /// The one in use.
        current: bool,
        /// What it is for.
        description: Option<Text>,
        /// Address of the daemon, such as `unix:///var/run/docker.sock`.
        endpoint: Option<Text>,
        /// Why it cannot be used.
        error: Option<Text>,
    }
}

fact_kind! {
    /// A plugin of the daemon: `docker plugin ls`, `docker plugin inspect`.
    "docker_plugin": DockerPlugin {
        /// Id.
        id: Text,
        /// Name with its tag.
        name: Text,
        /// What it is for.
        description: Option<Text>,
        /// On.
        enabled: bool,
    }
}

fact_kind! {
    /// A project of Compose: `docker compose ls`.
    "compose_project": ComposeProject {
        /// Name.
        name: Text,
        /// States with their numbers, such as `running(3)`.
        status: Option<Text>,
        /// Files that it was made from.
        config_files: Vec<Text>,
    }
}

fact_record! {
    /// A port of a service in a compose file.
    ComposePort {
        /// Protocol.
        proto: Proto,
        /// Port of the container.
        target: u16,
        /// Port of the host; absent where Docker chooses it.
        published: Option<u16>,
        /// Address of the host that is bound; absent for all.
        host_address: Option<IpAddr>,
    }
}

fact_kind! {
    /// A service as a compose file wants it: docker-compose.yml, compose.yaml, `docker compose config`, versions 1 to 3 and the
    /// Compose specification. Variables with a default (`${PORT:-8080}`) have it, others stay as written.
    "compose_service": ComposeService {
        /// Name of the service.
        name: Text,
        /// Name of the project, where the file tells it.
        project: Option<Text>,
        /// Image.
        image: Option<Text>,
        /// It is built and not only pulled.
        build: bool,
        /// Name of the container, where it is fixed.
        container_name: Option<Text>,
        /// Published ports.
        ports: Vec<ComposePort>,
        /// Ports that are exposed only, such as `5432` or `53/udp`.
        expose: Vec<Text>,
        /// Names of its networks in the file.
        networks: Vec<Text>,
        /// Further names of it on its networks.
        aliases: Vec<Text>,
        /// `host`, `none`, `service:NAME`, `container:NAME`, …
        network_mode: Option<Text>,
        /// Services that are started before it.
        depends_on: Vec<Text>,
        /// Legacy links, as `service` or `service:alias`.
        links: Vec<Text>,
        /// Names added to its hosts file, as `name:address`.
        extra_hosts: Vec<Text>,
        /// DNS servers.
        dns: Vec<Text>,
        /// Environment by name.
        env: BTreeMap<Text, Text>,
        /// Command, as words or as one line.
        command: Vec<Text>,
        /// Test of the health check, without `CMD`.
        healthcheck: Vec<Text>,
        /// Restart policy.
        restart: Option<Text>,
        /// Mounts as written in short form, `source:target` for the long one.
        volumes: Vec<Text>,
        /// How many containers are wanted: `deploy.replicas`, or `scale`.
        replicas: Option<u64>,
        /// Limit of memory as written, such as `512M`: `deploy.resources.limits.memory`, or `mem_limit`.
        memory_limit: Option<Text>,
        /// Limit of processors as written, such as `0.5`: `deploy.resources.limits.cpus`, or `cpus`.
        cpu_limit: Option<Text>,
        /// Names of the secrets that it gets.
        secrets: Vec<Text>,
        /// Names of the configs that it gets.
        configs: Vec<Text>,
    }
}

fact_kind! {
    /// A network as a compose file wants it.
    "compose_network": ComposeNetwork {
        /// Name in the file.
        key: Text,
        /// Name outside of it, where it is fixed.
        name: Option<Text>,
        /// Driver.
        driver: Option<Text>,
        /// It must exist already.
        external: bool,
        /// No way out.
        internal: bool,
        /// Subnets.
        subnets: Vec<IpNet>,
        /// Driver options.
        options: BTreeMap<Text, Text>,
    }
}

fact_kind! {
    /// A pod of podman: `podman pod ps`.
    "podman_pod": PodmanPod {
        /// Its name.
        name: Text,
        /// Its id, as long as printed.
        id: Text,
        /// `Created`, `Running`, `Degraded`, `Exited`, `Stopped`, …
        status: Text,
        /// Containers in it, where they are counted.
        containers: Option<u32>,
    }
}

fact_kind! {
    /// The version of a tool: `docker --version`, `podman --version`, `docker compose version`, `docker-compose version`.
    "tool_version": ToolVersion {
        /// `docker`, `podman`, `docker compose`, `docker-compose`.
        tool: Text,
        /// Version without a `v` in front.
        version: Text,
        /// Build, where it is told.
        build: Option<Text>,
    }
}
