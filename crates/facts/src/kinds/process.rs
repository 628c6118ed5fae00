//! What runs on a host: processes, their files and limits, their environment.

use crate::{Text, fact_kind};

fact_kind! {
    /// A process: `ps` in any form, `top -b`, busybox, `docker top`. Threads are not processes of their own.
    "process": Process {
        /// Process id; ids are of the view in which the list was made, which is the host for `docker top`.
        pid: u32,
        /// Id of the parent, where listed.
        ppid: Option<u32>,
        /// User by name or number, as printed (`ps` cuts long names and ends them with `+`).
        user: Option<Text>,
        /// Command line; only the program's name where nothing else is listed.
        command: Text,
        /// Program without its folder: `dockerd` of `/usr/bin/dockerd -H fd://`. For kernel threads their name without brackets.
        executable: Text,
        /// It is a thread of the kernel, which `ps` writes in brackets.
        kernel_thread: bool,
        /// State as printed: `Ss`, `D`, `Z`.
        state: Option<Text>,
        /// It ended and its parent has not asked for its exit code.
        zombie: bool,
        /// Share of one CPU in percent: over its life in `ps`, over the last interval in `top`.
        cpu_percent: Option<f64>,
        /// Share of the memory in percent.
        memory_percent: Option<f64>,
        /// Virtual memory in bytes.
        virtual_size: Option<u64>,
        /// Resident memory in bytes.
        rss: Option<u64>,
        /// Threads.
        threads: Option<u32>,
        /// CPU time used, in seconds.
        cpu_seconds: Option<u64>,
        /// Time or day of its start, as printed.
        started: Option<Text>,
        /// Control group, where listed.
        cgroup: Option<Text>,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// An open file, socket or mapping of a process: `lsof`.
    "open_file": OpenFile {
        /// Program, cut to 9 or 15 characters.
        command: Text,
        /// Process id.
        pid: u32,
        /// Thread, where the row is of one (`lsof -K`); it shares the files of its process.
        thread: Option<u32>,
        /// User by name or number.
        user: Option<Text>,
        /// Descriptor number, or `cwd`, `rtd`, `txt`, `mem`, `DEL`, `NOFD`.
        fd: Text,
        /// How it is open: `r`, `w` or `u` for both.
        mode: Option<Text>,
        /// `REG`, `DIR`, `CHR`, `FIFO`, `IPv4`, `unix` and others.
        file_type: Option<Text>,
        /// Size in bytes, where printed.
        size: Option<u64>,
        /// Inode, or the protocol of a socket.
        node: Option<Text>,
        /// Path, address or what else tells it.
        name: Text,
        /// The file has no name any more, and its space is free only when it is closed.
        deleted: bool,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// How many descriptors a process has open: `lsof`. Its lines are the first and the last of the process.
    "open_file_count": OpenFileCount {
        /// Program.
        command: Text,
        /// Process id.
        pid: u32,
        /// Descriptors with a number; mappings and directories need none.
        count: u64,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A limit of resources: `ulimit -a`, /proc/PID/limits, limits.conf(5).
    "limit": Limit {
        /// Process id, from /proc/PID/limits.
        pid: Option<u32>,
        /// Whom a line of limits.conf is for: `*`, a user, `@group`, a range of ids.
        domain: Option<Text>,
        /// Name as in limits.conf: `nofile`, `nproc`, `core`, `memlock`, `stack`, `as`, `cpu` and so on.
        item: Text,
        /// Soft limit: bytes for sizes, seconds for times, otherwise a number; absent when unlimited or not told.
        soft: Option<i64>,
        /// The soft limit is unlimited.
        soft_unlimited: bool,
        /// Hard limit in the same unit; absent when unlimited or not told.
        hard: Option<i64>,
        /// The hard limit is unlimited.
        hard_unlimited: bool,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A variable of an environment: `env`, `printenv`, /proc/PID/environ, /etc/environment, exports of profile files.
    "environment": Environment {
        /// Name, such as `HTTPS_PROXY`.
        name: Text,
        /// Value without quotes; references to other variables stand as written.
        value: Text,
        /// The file that sets it; absent where it was seen in a process.
        file: Option<Text>,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}
