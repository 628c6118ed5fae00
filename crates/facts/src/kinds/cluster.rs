//! What stands on the nodes of a cluster: container runtime, pod network, kubelet, etcd.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::{Text, fact_kind};

fact_kind! {
    /// A container of a node's runtime: `crictl ps` as table or JSON, `crictl inspect`.
    "cri_container": CriContainer {
        /// Name in its pod.
        name: Text,
        /// Id, as long as the document shows it.
        id: Text,
        /// Image, by name or id.
        image: Option<Text>,
        /// `running`, `exited`, `created`, `unknown`.
        state: Option<Text>,
        /// Number of the attempt, counted from 0: how often it was started again.
        attempt: Option<u64>,
        /// Name of its pod.
        pod: Option<Text>,
        /// Id of its pod.
        pod_id: Option<Text>,
        /// Namespace of its pod.
        namespace: Option<Text>,
        /// Exit code; a table does not tell.
        exit_code: Option<i64>,
        /// Why it ended, such as `OOMKilled`, `Error`.
        reason: Option<Text>,
        /// What that state says of itself.
        message: Option<Text>,
        /// Time of creation.
        created: Option<Timestamp>,
        /// Path of its log on the node.
        log_path: Option<Text>,
    }
}

fact_kind! {
    /// A pod of a node's runtime: `crictl pods` as table or JSON, `crictl inspectp`.
    "cri_pod": CriPod {
        /// Name.
        name: Text,
        /// Id, as long as the document shows it.
        id: Text,
        /// Namespace.
        namespace: Option<Text>,
        /// `ready`, `notready`.
        state: Option<Text>,
        /// Number of the attempt, counted from 0.
        attempt: Option<u64>,
        /// Address; a list does not tell.
        address: Option<IpAddr>,
        /// Time of creation.
        created: Option<Timestamp>,
        /// Labels.
        labels: BTreeMap<Text, Text>,
    }
}

fact_kind! {
    /// The subnet that flannel leased to a node: /run/flannel/subnet.env.
    "flannel_subnet": FlannelSubnet {
        /// Network of the cluster's pods.
        network: Option<Text>,
        /// Address and prefix of the node's bridge, such as `10.244.1.1/24`.
        subnet: Option<Text>,
        /// Largest packet.
        mtu: Option<u32>,
        /// Pods' addresses are hidden behind the node's.
        masquerade: Option<bool>,
    }
}

fact_kind! {
    /// flannel's configuration of the cluster: net-conf.json in its config map, or as a file.
    "flannel_network": FlannelNetwork {
        /// Network of the cluster's pods.
        network: Option<Text>,
        /// `vxlan`, `host-gw`, `wireguard`, `udp`, …
        backend: Option<Text>,
        /// UDP port of the backend; flannel uses 8472 where none is given.
        port: Option<u16>,
        /// Number of the VXLAN.
        vni: Option<u32>,
    }
}

fact_kind! {
    /// How pods are connected to the network: /etc/cni/net.d/*.conf and *.conflist, also in a config map.
    "cni_network": CniNetwork {
        /// Name of the network.
        name: Text,
        /// Plugins in their order, such as `flannel`, `portmap`.
        plugins: Vec<Text>,
        /// Bridge.
        bridge: Option<Text>,
        /// Networks from which addresses are given out.
        subnets: Vec<Text>,
        /// Largest packet.
        mtu: Option<u32>,
    }
}

fact_kind! {
    /// A kubelet's configuration: its config.yaml, or the config map of kubeadm.
    "kubelet_config": KubeletConfig {
        /// Addresses of the cluster's DNS service.
        cluster_dns: Vec<Text>,
        /// Domain of the cluster.
        cluster_domain: Option<Text>,
        /// `systemd`, `cgroupfs`.
        cgroup_driver: Option<Text>,
        /// It refuses to start on a host with swap.
        fail_swap_on: Option<bool>,
        /// Directory of static pods.
        static_pod_path: Option<Text>,
        /// resolv.conf that pods inherit.
        resolv_conf: Option<Text>,
        /// Most pods on the node.
        max_pods: Option<u64>,
        /// Thresholds at which it evicts pods, such as `memory.available` = `100Mi`.
        eviction_hard: BTreeMap<Text, Text>,
    }
}

fact_kind! {
    /// How a cluster was set up: kubeadm's configuration, as a file or in its config map.
    "kubeadm_config": KubeadmConfig {
        /// Version of Kubernetes.
        version: Option<Text>,
        /// Address and port by which all nodes reach the API server.
        control_plane_endpoint: Option<Text>,
        /// Network of pods.
        pod_subnet: Option<Text>,
        /// Network of services.
        service_subnet: Option<Text>,
        /// Domain of the cluster.
        dns_domain: Option<Text>,
        /// Registry of the images.
        image_repository: Option<Text>,
    }
}

fact_kind! {
    /// A CoreDNS server block: the Corefile in the config map of coredns, or as a file.
    "coredns_zone": CorednsZone {
        /// Zones of the block, such as `.:53`.
        zones: Vec<Text>,
        /// Plugins in their order.
        plugins: Vec<Text>,
        /// Where other names are asked for: addresses, or `/etc/resolv.conf`.
        forward: Vec<Text>,
    }
}

fact_kind! {
    /// The health or the status of an etcd endpoint: `etcdctl endpoint health` or `status`, `/health` asked with curl.
    "etcd_endpoint": EtcdEndpoint {
        /// Endpoint as asked; absent where the answer does not name it.
        endpoint: Option<Text>,
        /// It is healthy; absent in a status that tells no error.
        healthy: Option<bool>,
        /// Why it is not.
        error: Option<Text>,
        /// Id of the member, hexadecimal.
        member_id: Option<Text>,
        /// Version of etcd.
        version: Option<Text>,
        /// Size of the database, in bytes or as printed.
        db_size: Option<Text>,
        /// It leads the cluster.
        leader: Option<bool>,
        /// It only learns.
        learner: Option<bool>,
        /// Raft term.
        raft_term: Option<u64>,
        /// Raft index.
        raft_index: Option<u64>,
    }
}

fact_kind! {
    /// A member of an etcd cluster: `etcdctl member list`.
    "etcd_member": EtcdMember {
        /// Id, hexadecimal.
        id: Text,
        /// Name; absent for one that has not started.
        name: Option<Text>,
        /// `started`, `unstarted`; absent in JSON.
        status: Option<Text>,
        /// URLs for its peers.
        peer_urls: Vec<Text>,
        /// URLs for clients.
        client_urls: Vec<Text>,
        /// It only learns.
        learner: Option<bool>,
        /// It leads the cluster (etcdctl 2).
        leader: Option<bool>,
    }
}
