//! The machine and its kernel: memory, CPUs, load, mounts, modules.

use jiff::Timestamp;

use crate::{Text, fact_kind};

fact_kind! {
    /// Memory and swap: `free`, /proc/meminfo, `top -b`, `vmstat -s`.
    "memory": Memory {
        /// Memory that the kernel manages, in bytes.
        total: Option<u64>,
        /// Bytes in use, as the command counts them.
        used: Option<u64>,
        /// Bytes that nothing uses.
        free: Option<u64>,
        /// Bytes that programs can still get without swapping; in old versions of `free` what is free without buffers and cache.
        available: Option<u64>,
        /// Bytes in buffers of the kernel.
        buffers: Option<u64>,
        /// Bytes in the page cache.
        cached: Option<u64>,
        /// Buffers and cache together, where printed so.
        buffers_and_cache: Option<u64>,
        /// Bytes of tmpfs and shared memory.
        shared: Option<u64>,
        /// Swap space in bytes.
        swap_total: Option<u64>,
        /// Swap in use, in bytes.
        swap_used: Option<u64>,
        /// Free swap in bytes.
        swap_free: Option<u64>,
        /// Bytes that programs may ask for when overcommitting is off.
        commit_limit: Option<u64>,
        /// Bytes that programs have asked for.
        committed: Option<u64>,
        /// Container in which it was seen; absent for the host. A container sees the memory of its host here.
        container: Option<Text>,
    }
}

fact_kind! {
    /// Load averages: `uptime`, `w`, `top`, /proc/loadavg.
    "load": Load {
        /// Over the last minute.
        one: f64,
        /// Over the last 5 minutes.
        five: f64,
        /// Over the last 15 minutes.
        fifteen: f64,
        /// Runnable tasks, where told.
        running: Option<u32>,
        /// All tasks, where told.
        tasks: Option<u32>,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// For how long the host has been up: `uptime`, `w`, `top`, /proc/uptime.
    "uptime": Uptime {
        /// Seconds since the boot; whole minutes where the command prints no seconds.
        seconds: u64,
        /// Users that are logged in, where told.
        users: Option<u32>,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A start of the host that its journal knows: `journalctl --list-boots`.
    "boot": Boot {
        /// 0 for the running one, -1 for the one before it, …
        index: i64,
        /// Its id.
        id: Text,
        /// Time of the first entry in the journal.
        first_time: Option<Timestamp>,
        /// Time of the last entry in the journal.
        last_time: Option<Timestamp>,
    }
}

fact_kind! {
    /// What a directory holds: `ls`, `tree`.
    "directory_listing": DirectoryListing {
        /// The directory; absent where neither the command nor the listing names it.
        path: Option<Text>,
        /// Names of its entries.
        entries: Vec<Text>,
    }
}

fact_kind! {
    /// The processors: `lscpu`, /proc/cpuinfo.
    "cpu": Cpu {
        /// Name of the model.
        model: Option<Text>,
        /// Vendor, such as `GenuineIntel`.
        vendor: Option<Text>,
        /// Logical CPUs, offline ones included where they are listed.
        count: Option<u32>,
        /// Sockets.
        sockets: Option<u32>,
        /// Cores of one socket.
        cores_per_socket: Option<u32>,
        /// Threads of one core.
        threads_per_core: Option<u32>,
        /// Architecture, such as `x86_64`.
        architecture: Option<Text>,
        /// Hypervisor below the machine, such as `KVM`.
        hypervisor: Option<Text>,
    }
}

fact_kind! {
    /// What CPUs, memory and disks were busy with in one interval: `vmstat`, `top -b`.
    "activity": Activity {
        /// Runnable tasks.
        runnable: Option<u32>,
        /// Tasks that wait for a device and cannot be interrupted.
        blocked: Option<u32>,
        /// Tasks that ended and whose parent has not asked for their exit code.
        zombies: Option<u32>,
        /// Used swap in bytes.
        swap_used: Option<u64>,
        /// Free memory in bytes.
        free: Option<u64>,
        /// Bytes swapped in, each second.
        swap_in: Option<u64>,
        /// Bytes swapped out, each second.
        swap_out: Option<u64>,
        /// Blocks read, each second.
        blocks_in: Option<u64>,
        /// Blocks written, each second.
        blocks_out: Option<u64>,
        /// Time in programs, in percent; that of nice ones is counted apart in `top`.
        user: Option<f64>,
        /// Time in the kernel, in percent.
        system: Option<f64>,
        /// Idle time in percent.
        idle: Option<f64>,
        /// Time waiting for devices, in percent.
        io_wait: Option<f64>,
        /// Time that the hypervisor gave to others, in percent.
        stolen: Option<f64>,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A mounted file system: `mount`, /proc/mounts, /proc/PID/mountinfo, `findmnt`.
    "mount": HostMount {
        /// Device or other source.
        source: Text,
        /// Where it is mounted.
        target: Text,
        /// Type, such as `ext4` or `overlay`.
        fs_type: Option<Text>,
        /// Options, as printed.
        options: Vec<Text>,
        /// It cannot be written to; also after an error, with `errors=remount-ro`.
        read_only: bool,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A disk, a part of one, or a device made of them: `lsblk`.
    "block_device": BlockDevice {
        /// Name below /dev.
        name: Text,
        /// `disk`, `part`, `lvm`, `loop`, `rom`, `crypt`, `raid1` and others.
        device_type: Option<Text>,
        /// Name of the device that it is on, where the tree or a column tells.
        parent: Option<Text>,
        /// Size in bytes; rounded where printed with a unit.
        size: Option<u64>,
        /// It cannot be written to; absent where the columns do not tell.
        read_only: Option<bool>,
        /// File system, where listed.
        fs_type: Option<Text>,
        /// Where it is mounted; `[SWAP]` for swap.
        mounts: Vec<Text>,
        /// Model, where listed.
        model: Option<Text>,
    }
}

fact_kind! {
    /// A loaded module of the kernel: `lsmod`, /proc/modules.
    "kernel_module": KernelModule {
        /// Name.
        name: Text,
        /// Size in bytes.
        size: u64,
        /// How often it is in use; -1 where it cannot be unloaded and is not counted.
        uses: i64,
        /// Modules that use it.
        used_by: Vec<Text>,
        /// `Live`, `Loading` or `Unloading`, from /proc/modules.
        state: Option<Text>,
    }
}

fact_kind! {
    /// The running kernel: `uname`, /proc/version.
    "kernel": Kernel {
        /// Release, such as `5.15.0-91-generic`.
        release: Option<Text>,
        /// Version: number and time of the build.
        version: Option<Text>,
        /// Machine, such as `x86_64`.
        machine: Option<Text>,
    }
}

fact_kind! {
    /// A module that may deny what permissions allow: `sestatus`, `getenforce`, `aa-status`, /etc/selinux/config.
    "security_module": SecurityModule {
        /// `selinux` or `apparmor`.
        module: Text,
        /// The kernel has it at work; absent where only its settings were seen.
        enabled: Option<bool>,
        /// `enforcing`, `permissive` or `disabled` now.
        mode: Option<Text>,
        /// The same as configured for the next boot.
        configured_mode: Option<Text>,
        /// Loaded policy, such as `targeted`.
        policy: Option<Text>,
        /// Profiles of AppArmor in enforce mode.
        profiles_enforced: Option<u32>,
        /// Profiles of AppArmor in complain mode.
        profiles_complaining: Option<u32>,
    }
}
