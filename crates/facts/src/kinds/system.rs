//! The host itself.

use jiff::Timestamp;

use crate::{Text, fact_kind};

fact_kind! {
    /// An os-release(5).
    "os_release": OsRelease {
        /// `ID`, such as `debian`.
        id: Text,
        /// `VERSION_ID`.
        version: Option<Text>,
        /// `PRETTY_NAME`.
        pretty_name: Option<Text>,
        /// `ID_LIKE`, split.
        id_like: Vec<Text>,
    }
}

fact_kind! {
    /// The name of the host: `hostname`, /etc/hostname, `uname -a`, `docker info`, `hostnamectl`.
    "hostname": Hostname {
        /// The name.
        name: Text,
    }
}

fact_kind! {
    /// The time of the capture: `date`.
    "capture_time": CaptureTime {
        /// The time.
        time: Option<Timestamp>,
        /// The zone as printed, such as `CET` or `+01:00`.
        zone: Option<Text>,
    }
}

fact_kind! {
    /// A mounted file system: `df`, `df -i`.
    "filesystem": FileSystem {
        /// Device or source.
        source: Text,
        /// Where it is mounted.
        mount: Text,
        /// Type, where printed.
        fs_type: Option<Text>,
        /// Size in bytes.
        size: Option<u64>,
        /// Used bytes.
        used: Option<u64>,
        /// Bytes that users can still write.
        available: Option<u64>,
        /// Used part in percent, as printed.
        used_percent: Option<u64>,
        /// Inodes.
        inodes: Option<u64>,
        /// Free inodes.
        inodes_free: Option<u64>,
        /// Used part of the inodes in percent, as printed.
        inodes_used_percent: Option<u64>,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}
