//! Docker: containers, networks, published ports, the daemon.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;

use crate::{Proto, Text, Value, fact_kind, fact_record};

fact_record! {
    /// A mount of a container.
    Mount {
        /// `bind`, `volume`, `tmpfs`.
        kind: Text,
        /// Path on the host, or the volume's name.
        source: Text,
        /// Path in the container.
        destination: Text,
        /// Writable.
        writable: bool,
    }
}

fact_kind! {
    /// A container: `docker inspect`, `docker ps`, the Engine API's container list.
    "container": Container {
        /// Name without the leading slash.
        name: Text,
        /// Full id where the document has it, otherwise the short one.
        id: Text,
        /// Image as named at creation.
        image: Option<Text>,
        /// `running`, `exited`, `created`, `restarting`, `paused`, `dead`, `removing`.
        status: Option<Text>,
        /// Runs now; paused ones do too.
        running: bool,
        /// Exit code of the last run; absent while it never ended.
        exit_code: Option<i64>,
        /// The kernel killed it for memory.
        oom_killed: Option<bool>,
        /// The daemon's error of the last start.
        error: Option<Text>,
        /// How often the restart policy started it again.
        restart_count: Option<u32>,
        /// Restart policy: `no`, `always`, `unless-stopped`, `on-failure`.
        restart_policy: Option<Text>,
        /// The state in words, as `docker ps` prints it: `Up 3 hours (unhealthy)`.
        status_text: Option<Text>,
        /// Seconds in that state as `docker ps` rounds them; absent in an inspect, which has the times.
        state_age: Option<u64>,
        /// `healthy`, `unhealthy`, `starting`; absent without a health check.
        health: Option<Text>,
        /// Output of the last health check.
        health_output: Option<Text>,
        /// Time of creation.
        created: Option<Timestamp>,
        /// Start of the last run.
        started: Option<Timestamp>,
        /// End of the last run.
        finished: Option<Timestamp>,
        /// Hostname inside the container.
        hostname: Option<Text>,
        /// `default`, `bridge`, `host`, `none`, `container:ID` or a network's name.
        network_mode: Option<Text>,
        /// Environment by name. `NAME` alone has an empty value.
        env: BTreeMap<Text, Text>,
        /// Entry point and command, as executed.
        command: Vec<Text>,
        /// Labels.
        labels: BTreeMap<Text, Text>,
        /// Names added to its hosts file, as `name:address`.
        extra_hosts: Vec<Text>,
        /// Legacy links, as `container:alias`.
        links: Vec<Text>,
        /// DNS servers set at creation.
        dns: Vec<Text>,
        /// Ports that the image or the creator exposes, as `5432/tcp`.
        exposed_ports: Vec<Text>,
        /// Mounts.
        mounts: Vec<Mount>,
        /// Memory limit in bytes; 0 or absent for none.
        memory_limit: Option<u64>,
        /// Limits by name as `soft:hard`.
        ulimits: BTreeMap<Text, Text>,
        /// Privileged mode.
        privileged: Option<bool>,
        /// Process id of its first process on the host; 0 when it does not run.
        pid: Option<u32>,
        /// The document is a full inspect, not a list's row.
        inspected: bool,
    }
}

fact_kind! {
    /// A container's place on a network: `docker inspect`, `docker network inspect`.
    "endpoint": Endpoint {
        /// Name of the container.
        container: Text,
        /// Full id of the container.
        container_id: Text,
        /// Name of the network.
        network: Text,
        /// Id of the network; may be empty for stopped containers.
        network_id: Option<Text>,
        /// IPv4 address; absent while stopped.
        address: Option<IpAddr>,
        /// Length of the IPv4 prefix in bits.
        prefix: Option<u8>,
        /// IPv4 gateway.
        gateway: Option<IpAddr>,
        /// Global IPv6 address.
        address6: Option<IpAddr>,
        /// Hardware address.
        mac: Option<Text>,
        /// Aliases on this network.
        aliases: Vec<Text>,
        /// Names that Docker's resolver answers on this network (Docker 25 and later).
        dns_names: Vec<Text>,
    }
}

fact_kind! {
    /// A port of a container that the host publishes: `docker inspect`, `docker ps`.
    "published_port": PublishedPort {
        /// Name of the container.
        container: Text,
        /// Protocol.
        proto: Proto,
        /// Port inside the container.
        container_port: u16,
        /// Address of the host that is bound; `0.0.0.0` or `::` for all.
        host_address: Option<IpAddr>,
        /// Port of the host; absent when Docker chooses it at start.
        host_port: Option<u16>,
        /// Bound now, not only configured.
        active: bool,
    }
}

fact_kind! {
    /// A Docker network: `docker network inspect`, `docker network ls`, the API's list.
    "network": Network {
        /// Name.
        name: Text,
        /// Id.
        id: Text,
        /// `bridge`, `host`, `null`, `overlay`, `macvlan`, `ipvlan`, or a plugin.
        driver: Option<Text>,
        /// `local`, `swarm`, `global`.
        scope: Option<Text>,
        /// Subnets.
        subnets: Vec<IpNet>,
        /// Gateways, in the order of the subnets.
        gateways: Vec<IpAddr>,
        /// No way out (`--internal`).
        internal: bool,
        /// Unmanaged containers may join (`--attachable`).
        attachable: bool,
        /// Swarm's ingress network.
        ingress: bool,
        /// IPv6 is on.
        ipv6: bool,
        /// Holds configuration only.
        config_only: bool,
        /// Network from which the configuration comes.
        config_from: Option<Text>,
        /// Driver options.
        options: BTreeMap<Text, Text>,
        /// Linux bridge of a bridge network: the option's name, `docker0`, or `br-` and 12 digits of the id.
        bridge: Option<Text>,
        /// Containers may talk to each other (`enable_icc`); true where not set.
        icc: bool,
        /// Outgoing packets are masqueraded (`enable_ip_masquerade`); true where not set.
        masquerade: bool,
        /// Names of the containers on it, where the document lists them.
        containers: Vec<Text>,
        /// The document lists the containers.
        containers_listed: bool,
        /// The document tells addresses and options; a row of `docker network ls` does not, and its `icc`,
        /// `masquerade`, `internal` and the like are Docker's defaults.
        inspected: bool,
    }
}

fact_kind! {
    /// What the daemon says of itself: `docker info`, `docker version`.
    "docker_daemon": DockerDaemon {
        /// Name of the host.
        name: Option<Text>,
        /// Server version.
        version: Option<Text>,
        /// `inactive`, `active`, `pending`, `error`, `locked`.
        swarm: Option<Text>,
        /// Address by which other swarm nodes know this one.
        swarm_address: Option<IpAddr>,
        /// Is a swarm manager.
        swarm_manager: Option<bool>,
        /// Addresses of the swarm's managers, as `10.0.0.1:2377`.
        swarm_managers: Vec<Text>,
        /// Error of the swarm.
        swarm_error: Option<Text>,
        /// IPv4 forwarding is on as the daemon sees it.
        ipv4_forwarding: Option<bool>,
        /// bridge-nf-call-iptables is on as the daemon sees it.
        bridge_nf_iptables: Option<bool>,
        /// HTTP proxy of the daemon.
        http_proxy: Option<Text>,
        /// HTTPS proxy of the daemon.
        https_proxy: Option<Text>,
        /// Names that need no proxy.
        no_proxy: Option<Text>,
        /// Registries that may be insecure.
        insecure_registries: Vec<Text>,
        /// Mirrors.
        mirrors: Vec<Text>,
        /// `WARNING:` lines.
        warnings: Vec<Text>,
        /// Running containers.
        running: Option<u32>,
        /// Kernel version.
        kernel: Option<Text>,
        /// Operating system.
        operating_system: Option<Text>,
        /// Firewall backend as Docker 28 and later report it, such as `iptables` or `nftables`.
        firewall_backend: Option<Text>,
    }
}

fact_kind! {
    /// Settings of the daemon: daemon.json, `DOCKER_OPTS`, the command line of dockerd.
    "daemon_config": DaemonConfig {
        /// `--iptables`; true where not set.
        iptables: bool,
        /// `--ip-masq`; true where not set.
        ip_masq: bool,
        /// `--icc`; true where not set.
        icc: bool,
        /// `--ip-forward`; true where not set.
        ip_forward: bool,
        /// `--userland-proxy`; true where not set.
        userland_proxy: bool,
        /// Address and prefix of docker0.
        bip: Option<Text>,
        /// Name of the default bridge.
        bridge: Option<Text>,
        /// MTU of the default bridge in bytes.
        mtu: Option<u32>,
        /// DNS servers for containers.
        dns: Vec<Text>,
        /// Addresses on which the API listens.
        hosts: Vec<Text>,
        /// The API asks for client certificates.
        tlsverify: bool,
        /// Registries that may be insecure.
        insecure_registries: Vec<Text>,
        /// Every setting as written.
        settings: Value,
    }
}
