//! Docker Swarm: nodes, services, tasks.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::{Proto, Text, fact_kind, fact_record};

fact_kind! {
    /// A node of a swarm: `docker node ls`, `docker node inspect`, the API's list.
    "swarm_node": SwarmNode {
        /// Id.
        id: Text,
        /// Name of the host.
        hostname: Text,
        /// `manager` or `worker`.
        role: Option<Text>,
        /// `active`, `pause`, `drain`.
        availability: Option<Text>,
        /// `ready`, `down`, `unknown`, `disconnected`.
        state: Option<Text>,
        /// Why it is in that state.
        message: Option<Text>,
        /// Address by which managers know it.
        address: Option<IpAddr>,
        /// Of a manager: `reachable`, `unreachable`, `unknown`; the leader is reachable.
        reachability: Option<Text>,
        /// Leads the managers.
        leader: bool,
        /// Version of its engine.
        engine_version: Option<Text>,
        /// The document was made on this node.
        this_node: bool,
        /// Labels that an operator gave to the node.
        labels: BTreeMap<Text, Text>,
    }
}

fact_record! {
    /// A port that a service publishes.
    SwarmPort {
        /// Protocol.
        proto: Proto,
        /// Port of the tasks.
        target: Option<u16>,
        /// Port of the nodes.
        published: Option<u16>,
        /// `ingress` (every node) or `host` (nodes with a task).
        mode: Text,
    }
}

fact_kind! {
    /// A service of a swarm: `docker service ls`, `docker service inspect`, the API's list.
    "swarm_service": SwarmService {
        /// Id.
        id: Text,
        /// Name.
        name: Text,
        /// Image.
        image: Option<Text>,
        /// `replicated`, `global`, `replicated-job`, `global-job`.
        mode: Option<Text>,
        /// Tasks that should run.
        desired: Option<u64>,
        /// Tasks that run.
        running: Option<u64>,
        /// Published ports.
        ports: Vec<SwarmPort>,
        /// `vip` or `dnsrr`.
        endpoint_mode: Option<Text>,
        /// Virtual addresses.
        vips: Vec<IpAddr>,
        /// Ids of its networks.
        networks: Vec<Text>,
        /// Conditions on nodes.
        constraints: Vec<Text>,
        /// Environment of its tasks.
        env: BTreeMap<Text, Text>,
        /// State of the last update: `completed`, `paused`, `rollback_paused`, …
        update_state: Option<Text>,
        /// What that update says of itself.
        update_message: Option<Text>,
    }
}

fact_kind! {
    /// A task of a service: `docker service ps`, `docker stack ps`, `docker node ps`, `docker inspect TASK`.
    "swarm_task": SwarmTask {
        /// Id.
        id: Text,
        /// Name, as `service.slot`; absent in an inspect.
        name: Option<Text>,
        /// Id of the service.
        service_id: Option<Text>,
        /// Slot of a replicated service.
        slot: Option<u64>,
        /// Node, by name in tables and by id in an inspect.
        node: Option<Text>,
        /// Image.
        image: Option<Text>,
        /// `running`, `shutdown`, `ready`, `accepted`, `remove`, …
        desired_state: Option<Text>,
        /// `running`, `failed`, `rejected`, `pending`, `preparing`, `shutdown`, …
        state: Option<Text>,
        /// Seconds in that state as the table rounds them.
        state_age: Option<u64>,
        /// Time of that state.
        since: Option<Timestamp>,
        /// Error of the task, as cut by the table.
        error: Option<Text>,
        /// Id of its container.
        container_id: Option<Text>,
        /// Exit code of its container.
        exit_code: Option<i64>,
    }
}

fact_kind! {
    /// A stack of services: `docker stack ls`.
    "swarm_stack": SwarmStack {
        /// Name.
        name: Text,
        /// Number of its services.
        services: Option<u64>,
        /// `swarm` or `kubernetes`, where told (Docker 18.06 to 20.10).
        orchestrator: Option<Text>,
    }
}

fact_kind! {
    /// A config or a secret of a swarm, without what it holds: `docker config ls`, `docker secret ls`, their inspects.
    "swarm_object": SwarmObject {
        /// `config` or `secret`; absent where the document does not tell.
        object: Option<Text>,
        /// Id.
        id: Text,
        /// Name.
        name: Text,
        /// Driver of a secret that another store keeps.
        driver: Option<Text>,
        /// Time of creation; a table tells only its age.
        created: Option<Timestamp>,
        /// Time of the last change.
        updated: Option<Timestamp>,
        /// Labels.
        labels: BTreeMap<Text, Text>,
    }
}
