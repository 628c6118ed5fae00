//! Kubernetes: pods, nodes, services and what stands behind them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::{Proto, Text, Value, fact_kind, fact_record};

fact_record! {
    /// A condition in the status of an object.
    KubeCondition {
        /// Such as `Ready`, `PodScheduled`, `MemoryPressure`.
        condition: Text,
        /// `True`, `False`, `Unknown`.
        status: Text,
        /// Reason in one word, such as `Unschedulable`.
        reason: Option<Text>,
        /// Message.
        message: Option<Text>,
    }
}

fact_record! {
    /// How a container is asked whether it is well.
    KubeProbe {
        /// `http`, `tcp`, `grpc`, `exec`.
        method: Text,
        /// Port, by number or name.
        port: Option<Text>,
        /// Host, where it is not the pod's address.
        host: Option<Text>,
        /// Path of an HTTP request.
        path: Option<Text>,
        /// Command that is run.
        command: Vec<Text>,
    }
}

fact_record! {
    /// A container of a pod.
    PodContainer {
        /// Name.
        name: Text,
        /// Image as specified.
        image: Option<Text>,
        /// Runs before the others.
        init: bool,
        /// Passes its readiness probe.
        ready: bool,
        /// `running`, `waiting`, `terminated`; absent while nothing is known of it.
        state: Option<Text>,
        /// Why it waits or ended: `CrashLoopBackOff`, `ImagePullBackOff`, `OOMKilled`, `Error`, `Completed`.
        reason: Option<Text>,
        /// What that state says of itself.
        message: Option<Text>,
        /// Exit code, when it ended.
        exit_code: Option<i64>,
        /// Restarts.
        restarts: Option<u64>,
        /// Why the run before this one ended.
        last_reason: Option<Text>,
        /// Exit code of the run before this one.
        last_exit_code: Option<i64>,
        /// What the end of the run before this one says of itself.
        last_message: Option<Text>,
        /// Start of the current run.
        started: Option<Timestamp>,
        /// End of the last run.
        finished: Option<Timestamp>,
        /// Memory limit as written, such as `128Mi`.
        memory_limit: Option<Text>,
        /// Memory request as written.
        memory_request: Option<Text>,
        /// Processor limit as written, such as `500m`.
        cpu_limit: Option<Text>,
        /// Processor request as written.
        cpu_request: Option<Text>,
        /// Ports of the node that it takes, as `8080/tcp`.
        host_ports: Vec<Text>,
        /// Liveness probe: it is restarted when that fails.
        liveness: Option<KubeProbe>,
        /// Readiness probe: it gets no traffic while that fails.
        readiness: Option<KubeProbe>,
        /// Startup probe: the others wait for it.
        startup: Option<KubeProbe>,
        /// Command and arguments.
        command: Vec<Text>,
        /// Ports that it declares, as `8080/tcp`.
        ports: Vec<Text>,
        /// Environment with literal values.
        env: BTreeMap<Text, Text>,
    }
}

fact_kind! {
    /// A pod: `kubectl get pods` as table, JSON or YAML, `kubectl describe`, troubleshoot.sh's cluster-resources/pods, a
    /// static pod's manifest.
    "pod": Pod {
        /// Name.
        name: Text,
        /// Namespace; absent where a table is of one namespace only.
        namespace: Option<Text>,
        /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
        phase: Option<Text>,
        /// The STATUS column of kubectl: the phase, or why it is not well (`CrashLoopBackOff`, `Init:Error`, `Evicted`).
        status: Option<Text>,
        /// All its containers are ready; absent for one that has ended.
        ready: Option<bool>,
        /// Restarts of all its containers.
        restarts: Option<u64>,
        /// Node.
        node: Option<Text>,
        /// Address.
        address: Option<IpAddr>,
        /// Address of the node.
        host_address: Option<IpAddr>,
        /// Uses the node's network.
        host_network: bool,
        /// Containers, init containers first.
        containers: Vec<PodContainer>,
        /// Why it is not scheduled or not ready, from its status and its conditions.
        message: Option<Text>,
        /// Labels.
        labels: BTreeMap<Text, Text>,
        /// What it belongs to, as `ReplicaSet/web-5d9`.
        owner: Option<Text>,
        /// It is being deleted.
        terminating: bool,
        /// Conditions.
        conditions: Vec<KubeCondition>,
        /// Labels that its node must have.
        node_selector: BTreeMap<Text, Text>,
        /// Taints that it tolerates, as `key=value:effect`; a part that is left out matches all.
        tolerations: Vec<Text>,
        /// `Guaranteed`, `Burstable`, `BestEffort`.
        qos: Option<Text>,
        /// Service account.
        service_account: Option<Text>,
        /// Claims that it mounts.
        claims: Vec<Text>,
        /// Config maps that it mounts or reads.
        config_maps: Vec<Text>,
        /// Secrets that it mounts or reads.
        secrets: Vec<Text>,
        /// Secrets with which images are pulled.
        image_pull_secrets: Vec<Text>,
        /// Time of creation.
        created: Option<Timestamp>,
        /// Seconds since its creation, as rounded by the table.
        age: Option<u64>,
    }
}

fact_kind! {
    /// A node of a cluster: `kubectl get nodes` as table, JSON or YAML, `kubectl describe`, troubleshoot.sh's
    /// cluster-resources/nodes.json.
    "kube_node": KubeNode {
        /// Name.
        name: Text,
        /// Ready to run pods; absent where its state is unknown.
        ready: Option<bool>,
        /// New pods are kept away (cordoned).
        unschedulable: bool,
        /// Conditions besides `Ready` that are true, such as `DiskPressure`.
        pressures: Vec<Text>,
        /// Why it is not ready.
        message: Option<Text>,
        /// Roles, such as `control-plane`.
        roles: Vec<Text>,
        /// Address inside the cluster.
        address: Option<IpAddr>,
        /// Version of its kubelet.
        version: Option<Text>,
        /// Operating system.
        operating_system: Option<Text>,
        /// Kernel version.
        kernel: Option<Text>,
        /// Container runtime and version.
        runtime: Option<Text>,
        /// Taints, as `key=value:effect`.
        taints: Vec<Text>,
        /// Address ranges of its pods.
        pod_networks: Vec<Text>,
        /// Conditions.
        conditions: Vec<KubeCondition>,
        /// Labels.
        labels: BTreeMap<Text, Text>,
        /// Its name as a host.
        hostname: Option<Text>,
        /// Addresses from outside.
        external: Vec<Text>,
        /// What it has, as written: `cpu`, `memory`, `pods`, `ephemeral-storage`.
        capacity: BTreeMap<Text, Text>,
        /// What pods may use of that.
        allocatable: BTreeMap<Text, Text>,
        /// What its pods requested: `cpu`, `memory`; from `kubectl describe`.
        requested: BTreeMap<Text, Text>,
        /// Time of creation.
        created: Option<Timestamp>,
        /// Seconds since its creation, as rounded by the table.
        age: Option<u64>,
    }
}

fact_record! {
    /// A port of a service.
    ServicePort {
        /// Name.
        name: Option<Text>,
        /// Protocol.
        proto: Proto,
        /// Port of the service.
        port: Option<u16>,
        /// Port of the pods: a number or a name.
        target: Option<Text>,
        /// Port of the nodes.
        node_port: Option<u16>,
    }
}

fact_kind! {
    /// A service of a cluster: `kubectl get services` as table, JSON or YAML, `kubectl describe`.
    "kube_service": KubeService {
        /// Name.
        name: Text,
        /// Namespace; absent where a table is of one namespace only.
        namespace: Option<Text>,
        /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`.
        service_type: Option<Text>,
        /// Virtual address; absent for a headless one.
        cluster_address: Option<IpAddr>,
        /// Addresses from outside, and names of load balancers.
        external: Vec<Text>,
        /// Ports.
        ports: Vec<ServicePort>,
        /// Labels of the pods behind it.
        selector: BTreeMap<Text, Text>,
        /// A load balancer that has no address yet.
        pending: bool,
        /// `Local` keeps traffic on the node that received it.
        external_traffic_policy: Option<Text>,
    }
}

fact_kind! {
    /// What stands behind a service: endpoints and endpoint slices, also below `kubectl describe service`.
    "kube_endpoints": KubeEndpoints {
        /// Name of the service.
        service: Text,
        /// Namespace; absent where a table is of one namespace only.
        namespace: Option<Text>,
        /// Addresses of ready pods; a table may leave some out.
        addresses: Vec<IpAddr>,
        /// Addresses of pods that are not ready.
        not_ready: Vec<IpAddr>,
        /// Ports, as `8080/tcp`.
        ports: Vec<Text>,
    }
}

fact_kind! {
    /// An event of a cluster: `kubectl get events` as table, JSON or YAML, the events below `kubectl describe`,
    /// troubleshoot.sh's cluster-resources/events.
    "kube_event": KubeEvent {
        /// Namespace; absent where a table is of one namespace only.
        namespace: Option<Text>,
        /// `Normal` or `Warning`.
        event_type: Option<Text>,
        /// Kind of the object, lower case, such as `pod`.
        object_kind: Text,
        /// Name of the object.
        object: Text,
        /// `FailedScheduling`, `BackOff`, `FailedMount`, `Unhealthy`, …
        reason: Text,
        /// What happened.
        message: Text,
        /// How often it happened.
        times: Option<u64>,
        /// Time of the first.
        first_time: Option<Timestamp>,
        /// Time of the last.
        last_time: Option<Timestamp>,
        /// Seconds since the last, as rounded by the table.
        age: Option<u64>,
        /// Who reports it, such as `kubelet`, `default-scheduler`.
        component: Option<Text>,
        /// Node on which it happened; the common field `node` is the host of the document.
        on_node: Option<Text>,
    }
}

fact_kind! {
    /// What keeps pods running: deployments, stateful sets, daemon sets, replica sets, replication controllers, jobs, cron
    /// jobs, as table, JSON, YAML or `kubectl describe`.
    "kube_workload": KubeWorkload {
        /// `Deployment`, `StatefulSet`, `DaemonSet`, `ReplicaSet`, `ReplicationController`, `Job`, `CronJob`.
        kind: Text,
        /// Name.
        name: Text,
        /// Namespace; absent where a table is of one namespace only.
        namespace: Option<Text>,
        /// Pods that should run; completions of a job.
        desired: Option<u64>,
        /// Pods that are ready; successes of a job.
        ready: Option<u64>,
        /// Pods of the newest version.
        updated: Option<u64>,
        /// Pods that have been ready long enough.
        available: Option<u64>,
        /// Failed pods of a job.
        failed: Option<u64>,
        /// Images of its containers.
        images: Vec<Text>,
        /// Labels by which it finds its pods.
        selector: BTreeMap<Text, Text>,
        /// Why it does not get on, from its conditions.
        message: Option<Text>,
        /// Conditions.
        conditions: Vec<KubeCondition>,
        /// What it belongs to, as `Deployment/web`.
        owner: Option<Text>,
        /// Labels that the nodes of its pods must have.
        node_selector: BTreeMap<Text, Text>,
        /// Schedule of a cron job.
        schedule: Option<Text>,
        /// A cron job or a job that is held back.
        suspended: bool,
        /// Time of creation.
        created: Option<Timestamp>,
        /// Seconds since its creation, as rounded by the table.
        age: Option<u64>,
    }
}

fact_kind! {
    /// A claim for storage: `kubectl get pvc` as table, JSON or YAML, `kubectl describe`.
    "kube_claim": KubeClaim {
        /// Name.
        name: Text,
        /// Namespace; absent where a table is of one namespace only.
        namespace: Option<Text>,
        /// `Bound`, `Pending`, `Lost`.
        phase: Option<Text>,
        /// Volume that it got.
        volume: Option<Text>,
        /// Storage class.
        storage_class: Option<Text>,
        /// Size that it has, as written, such as `10Gi`.
        capacity: Option<Text>,
        /// Size that it asks for, as written.
        requested: Option<Text>,
        /// `ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany`, `ReadWriteOncePod`.
        access_modes: Vec<Text>,
        /// Pods that use it, from `kubectl describe`.
        used_by: Vec<Text>,
    }
}

fact_kind! {
    /// A network policy of a cluster, as JSON or YAML; a table or `kubectl describe` tells the selector only.
    "network_policy": NetworkPolicy {
        /// Name.
        name: Text,
        /// Namespace.
        namespace: Option<Text>,
        /// Labels of the pods that it governs; empty for all of the namespace.
        selector: BTreeMap<Text, Text>,
        /// `Ingress`, `Egress`.
        policy_types: Vec<Text>,
        /// Rules for what comes in, as written.
        ingress: Value,
        /// Rules for what goes out, as written.
        egress: Value,
    }
}
