//! Every kind of fact, one file per subject.

mod bundle;
mod cluster;
mod deploy;
mod docker;
mod docker_objects;
mod firewall;
mod firewall_services;
mod helm;
mod kubernetes;
mod kubernetes_objects;
mod machine;
mod network;
mod packages;
mod process;
mod reach;
mod services;
mod sockets;
mod swarm;
mod system;
mod tls;
mod traffic;

use std::collections::BTreeMap;

pub use bundle::*;
pub use cluster::*;
pub use deploy::*;
pub use docker::*;
pub use docker_objects::*;
pub use firewall::*;
pub use firewall_services::*;
pub use helm::*;
pub use kubernetes::*;
pub use kubernetes_objects::*;
pub use machine::*;
pub use network::*;
pub use packages::*;
pub use process::*;
pub use reach::*;
pub use services::*;
pub use sockets::*;
pub use swarm::*;
pub use system::*;
pub use tls::*;
pub use traffic::*;

use crate::{KindSpec, Text, Value};

macro_rules! kinds {
    ($($ty:ident,)*) => {
        /// What a fact states, one variant per kind.
        ///
        /// Kinds differ in size by a factor of thirty, and a bundle can state a million small ones: a box each lets every
        /// fact take what it needs.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Data {
            $(
                #[doc = concat!("See [`", stringify!($ty), "`].")]
                $ty(Box<$ty>),
            )*
            /// A kind that is not declared in Rust: an event of a signature, or a fact that a rule emits.
            Dynamic {
                /// Name of the kind.
                kind: Text,
                /// Its fields.
                fields: BTreeMap<Text, Value>,
            },
        }

        $(
            impl From<$ty> for Data {
                fn from(data: $ty) -> Self {
                    Self::$ty(Box::new(data))
                }
            }
        )*

        impl Data {
            /// The declaration of the kind; `None` for dynamic ones.
            pub fn spec(&self) -> Option<&'static KindSpec> {
                match self {
                    $( Self::$ty(_) => Some(&$ty::SPEC), )*
                    Self::Dynamic { .. } => None,
                }
            }

            /// The value of one of the kind's own fields.
            pub fn get(&self, field: &str) -> Value {
                match self {
                    $( Self::$ty(data) => data.get(field), )*
                    Self::Dynamic { fields, .. } => fields.get(field).cloned().unwrap_or_default(),
                }
            }
        }

        /// Every kind that parsers emit, in the order of the documentation.
        pub const KINDS: &[&KindSpec] = &[$( &$ty::SPEC, )*];
    };
}

kinds! {
    Interface,
    Address,
    Route,
    PolicyRule,
    Neighbour,
    BridgePort,
    Sysctl,
    Resolver,
    HostsEntry,
    Listener,
    ListenerList,
    Connection,
    Flow,
    InterfaceTraffic,
    Counter,
    Qdisc,
    EthernetLink,
    EthernetDriver,
    Offload,
    FdbEntry,
    BridgeVlan,
    MulticastGroup,
    NetworkNamespace,
    VirtualServer,
    RealServer,
    NmDevice,
    NmConnection,
    Reachability,
    NameLookup,
    Conversation,
    FirewallTable,
    FirewallChain,
    FirewallRule,
    IpSet,
    FirewallService,
    UfwRule,
    FirewalldZone,
    FirewalldDirectRule,
    PacketTrace,
    Container,
    Endpoint,
    PublishedPort,
    Network,
    DockerDaemon,
    DaemonConfig,
    Image,
    Volume,
    DockerEvent,
    ContainerUsage,
    DockerDiskUsage,
    ImageLayer,
    DockerContext,
    DockerPlugin,
    PodmanPod,
    ToolVersion,
    ComposeProject,
    ComposeService,
    ComposeNetwork,
    SwarmNode,
    SwarmService,
    SwarmTask,
    SwarmStack,
    SwarmObject,
    Pod,
    KubeNode,
    KubeService,
    KubeEndpoints,
    KubeEvent,
    KubeWorkload,
    KubeClaim,
    NetworkPolicy,
    KubeVolume,
    KubeIngress,
    KubeConfigMap,
    KubeSecret,
    StorageClass,
    ResourceQuota,
    KubeObject,
    KubeVersion,
    KubeApi,
    KubeCluster,
    KubeUsage,
    KubeComponent,
    CriContainer,
    CriPod,
    FlannelSubnet,
    FlannelNetwork,
    CniNetwork,
    KubeletConfig,
    KubeadmConfig,
    CorednsZone,
    EtcdEndpoint,
    EtcdMember,
    HelmRelease,
    HelmError,
    HelmLint,
    HelmRepository,
    HelmDependency,
    HelmChart,
    OsRelease,
    Hostname,
    CaptureTime,
    FileSystem,
    Unit,
    UnitFile,
    Timer,
    SocketUnit,
    UnitSetting,
    ClockSync,
    TimeSource,
    TimeSourceStatistics,
    TimeServer,
    TimeZone,
    ResolvedScope,
    NameService,
    CronJob,
    SshSetting,
    Package,
    PackageFailure,
    AnsibleFailure,
    AnsibleRecap,
    AnsibleError,
    ComposeFailure,
    DeployFailure,
    RegistryCatalog,
    RegistryTags,
    RegistryError,
    Certificate,
    TlsConnection,
    HostMount,
    BlockDevice,
    Memory,
    Load,
    Uptime,
    Boot,
    DirectoryListing,
    Cpu,
    Activity,
    Kernel,
    KernelModule,
    SecurityModule,
    Process,
    OpenFile,
    OpenFileCount,
    Limit,
    Environment,
    CollectedCommand,
    CollectionError,
    CheckResult,
    BundleTool,
    Log,
    Dependency,
}

impl Data {
    /// The container in whose view a document stated this; `None` for the host's view and for kinds without one.
    pub fn view_mut(&mut self) -> Option<&mut Text> {
        match self {
            Self::Interface(data) => data.container.as_mut(),
            Self::Address(data) => data.container.as_mut(),
            Self::Route(data) => data.container.as_mut(),
            Self::PolicyRule(data) => data.container.as_mut(),
            Self::Neighbour(data) => data.container.as_mut(),
            Self::Sysctl(data) => data.container.as_mut(),
            Self::Resolver(data) => data.container.as_mut(),
            Self::HostsEntry(data) => data.container.as_mut(),
            Self::Listener(data) => data.container.as_mut(),
            Self::Connection(data) => data.container.as_mut(),
            Self::FirewallTable(data) => data.container.as_mut(),
            Self::FirewallChain(data) => data.container.as_mut(),
            Self::FirewallRule(data) => data.container.as_mut(),
            Self::BridgePort(data) => data.container.as_mut(),
            Self::Flow(data) => data.container.as_mut(),
            Self::InterfaceTraffic(data) => data.container.as_mut(),
            Self::Counter(data) => data.container.as_mut(),
            Self::Qdisc(data) => data.container.as_mut(),
            Self::EthernetLink(data) => data.container.as_mut(),
            Self::EthernetDriver(data) => data.container.as_mut(),
            Self::Offload(data) => data.container.as_mut(),
            Self::FdbEntry(data) => data.container.as_mut(),
            Self::BridgeVlan(data) => data.container.as_mut(),
            Self::MulticastGroup(data) => data.container.as_mut(),
            Self::VirtualServer(data) => data.container.as_mut(),
            Self::RealServer(data) => data.container.as_mut(),
            Self::Reachability(data) => data.container.as_mut(),
            Self::NameLookup(data) => data.container.as_mut(),
            Self::Conversation(data) => data.container.as_mut(),
            Self::PacketTrace(data) => data.container.as_mut(),
            Self::FileSystem(data) => data.container.as_mut(),
            Self::Unit(data) => data.container.as_mut(),
            Self::Package(data) => data.container.as_mut(),
            Self::HostMount(data) => data.container.as_mut(),
            Self::Memory(data) => data.container.as_mut(),
            Self::Load(data) => data.container.as_mut(),
            Self::Uptime(data) => data.container.as_mut(),
            Self::Activity(data) => data.container.as_mut(),
            Self::Process(data) => data.container.as_mut(),
            Self::OpenFile(data) => data.container.as_mut(),
            Self::OpenFileCount(data) => data.container.as_mut(),
            Self::Limit(data) => data.container.as_mut(),
            Self::Environment(data) => data.container.as_mut(),
            Self::Log(data) => data.container.as_mut(),
            Self::Dynamic { fields, .. } => match fields.get_mut("container") {
                Some(Value::Text(name)) => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The declaration of the kind of that name, events included.
pub fn kind_spec(name: &str) -> Option<&'static KindSpec> {
    KINDS.iter().copied().find(|spec| spec.name == name).or_else(|| crate::event_spec(name))
}
