//! Kubernetes: storage, ways in, configuration, and everything that has no kind of its own.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{Text, fact_kind, fact_record};

fact_kind! {
    /// A volume of a cluster: `kubectl get pv` as table, JSON or YAML, `kubectl describe`, troubleshoot.sh's
    /// cluster-resources/pvs.json.
    "kube_volume": KubeVolume {
        /// Name.
        name: Text,
        /// `Available`, `Bound`, `Released`, `Failed`, `Pending`.
        phase: Option<Text>,
        /// Claim that has it, as `namespace/name`.
        claim: Option<Text>,
        /// Storage class.
        storage_class: Option<Text>,
        /// Size as written, such as `10Gi`.
        capacity: Option<Text>,
        /// `Retain`, `Delete`, `Recycle`.
        reclaim_policy: Option<Text>,
        /// `ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany`, `ReadWriteOncePod`.
        access_modes: Vec<Text>,
        /// What it is made of, such as `hostPath`, `nfs`, `csi`, `local`.
        backing: Option<Text>,
        /// Path on the node or on the server.
        path: Option<Text>,
        /// Server of a network file system, or driver of a CSI volume.
        server: Option<Text>,
        /// Why it is in that phase.
        message: Option<Text>,
    }
}

fact_record! {
    /// A rule of an ingress.
    IngressRule {
        /// Host name; absent for all.
        host: Option<Text>,
        /// Path; absent for all.
        path: Option<Text>,
        /// Service behind it.
        service: Option<Text>,
        /// Port of the service, by number or name.
        port: Option<Text>,
    }
}

fact_kind! {
    /// An ingress: `kubectl get ingress` as table, JSON or YAML, `kubectl describe`.
    "kube_ingress": KubeIngress {
        /// Name.
        name: Text,
        /// Namespace; absent where a table is of one namespace only.
        namespace: Option<Text>,
        /// Ingress class.
        class: Option<Text>,
        /// Host names.
        hosts: Vec<Text>,
        /// Addresses of its load balancers.
        addresses: Vec<Text>,
        /// What it leads to; a table does not tell.
        rules: Vec<IngressRule>,
        /// Secrets that hold its certificates.
        tls_secrets: Vec<Text>,
    }
}

fact_kind! {
    /// A config map: as JSON or YAML, and by name and number of keys as table or `kubectl describe`.
    "kube_config_map": KubeConfigMap {
        /// Name.
        name: Text,
        /// Namespace; absent where a table is of one namespace only.
        namespace: Option<Text>,
        /// Names of its entries.
        keys: Vec<Text>,
        /// Number of its entries.
        entries: Option<u64>,
    }
}

fact_kind! {
    /// A secret by name, type and keys; values are never read.
    "kube_secret": KubeSecret {
        /// Name.
        name: Text,
        /// Namespace; absent where a table is of one namespace only.
        namespace: Option<Text>,
        /// Type, such as `Opaque`, `kubernetes.io/tls`, `kubernetes.io/dockerconfigjson`.
        secret_type: Option<Text>,
        /// Names of its entries.
        keys: Vec<Text>,
        /// Number of its entries.
        entries: Option<u64>,
    }
}

fact_kind! {
    /// A storage class: `kubectl get storageclass` as table, JSON or YAML.
    "storage_class": StorageClass {
        /// Name.
        name: Text,
        /// Provisioner.
        provisioner: Option<Text>,
        /// Claims without a class get this one.
        is_default: bool,
        /// `Delete`, `Retain`.
        reclaim_policy: Option<Text>,
        /// `Immediate`, `WaitForFirstConsumer`.
        binding_mode: Option<Text>,
    }
}

fact_kind! {
    /// A resource quota of a namespace: `kubectl get resourcequota` as table, JSON or YAML, `kubectl describe`.
    "resource_quota": ResourceQuota {
        /// Name.
        name: Text,
        /// Namespace; absent where a table is of one namespace only.
        namespace: Option<Text>,
        /// Limits as written, by resource.
        hard: BTreeMap<Text, Text>,
        /// What is used of them.
        used: BTreeMap<Text, Text>,
    }
}

fact_kind! {
    /// Any other object of a cluster: namespaces, service accounts, ingress classes, roles, custom resources, and the
    /// definitions of these.
    "kube_object": KubeObject {
        /// Kind, such as `Namespace`.
        kind: Text,
        /// Name.
        name: Text,
        /// Namespace; absent for what belongs to the cluster.
        namespace: Option<Text>,
        /// Version of its API, such as `apps/v1`.
        api_version: Option<Text>,
        /// Phase or state in its status, such as `Active`, `Terminating`.
        phase: Option<Text>,
        /// Conditions.
        conditions: Vec<super::KubeCondition>,
        /// Time of creation.
        created: Option<Timestamp>,
    }
}

fact_kind! {
    /// A version of a cluster or of its client: `kubectl version`, troubleshoot.sh's cluster_version.json.
    "kube_version": KubeVersion {
        /// `client`, `server`.
        part: Text,
        /// Version, such as `v1.30.1`.
        version: Text,
        /// Operating system and architecture, such as `linux/amd64`.
        platform: Option<Text>,
    }
}

fact_kind! {
    /// The versions of APIs that a cluster serves: `kubectl api-versions`.
    "kube_api": KubeApi {
        /// Group and version, such as `apps/v1`.
        versions: Vec<Text>,
    }
}

fact_kind! {
    /// Where a program reaches a cluster: kubeconfig files and `kubectl cluster-info`. Credentials are never read.
    "kube_cluster": KubeCluster {
        /// Name of the cluster, or of the service as `kubectl cluster-info` calls it.
        name: Text,
        /// URL of its server.
        server: Text,
        /// The current context of the file uses it.
        current: Option<bool>,
    }
}

fact_kind! {
    /// What a pod or a node uses: `kubectl top`.
    "kube_usage": KubeUsage {
        /// `pod` or `node`.
        object_kind: Text,
        /// Name.
        name: Text,
        /// Namespace; absent where a table is of one namespace only, and for nodes.
        namespace: Option<Text>,
        /// Container, where the table is by container.
        container_name: Option<Text>,
        /// Processor as written, such as `250m`.
        cpu: Option<Text>,
        /// Processor in percent of what pods may use.
        cpu_percent: Option<u64>,
        /// Memory as written, such as `1450Mi`.
        memory: Option<Text>,
        /// Memory in percent of what pods may use.
        memory_percent: Option<u64>,
    }
}

fact_kind! {
    /// A part of the control plane: `kubectl get componentstatuses` as table, JSON or YAML.
    "kube_component": KubeComponent {
        /// Name, such as `etcd-0`, `scheduler`.
        name: Text,
        /// It is healthy; absent where that is unknown.
        healthy: Option<bool>,
        /// What it answered.
        message: Option<Text>,
        /// Why it could not be asked.
        error: Option<Text>,
    }
}
