//! Formats of the system family.

mod boots;
mod collector;
mod cpu;
mod date;
mod df;
mod environment;
mod hostname;
mod kernel;
mod limits;
mod load;
mod ls;
mod lsblk;
mod lsof;
mod memory;
mod modules;
mod mounts;
mod os_release;
mod ps;
mod security;
mod table;
mod top;
mod transcript;
mod units;
mod vmstat;

use crate::format::Format;

pub(crate) use date::zoned_time;
pub(crate) use transcript::TRANSCRIPT;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &os_release::OS_RELEASE,
    &df::DF,
    &date::DATE,
    &date::TIMEDATECTL,
    &date::TIMEDATECTL_SHOW,
    &date::TIMESYNC,
    &kernel::UNAME,
    &kernel::VERSION,
    &top::TOP,
    &ps::DOCKER_TOP,
    &ps::PS,
    &memory::MEMINFO,
    &memory::FREE,
    &memory::STATISTICS,
    &vmstat::VMSTAT,
    &cpu::LSCPU,
    &cpu::CPUINFO,
    &boots::BOOTS,
    &load::UPTIME,
    &load::LOADAVG,
    &load::PROC_UPTIME,
    &mounts::MOUNT,
    &mounts::MOUNTINFO,
    &mounts::PROC_MOUNTS,
    &mounts::FINDMNT,
    &ls::LS,
    &lsblk::LSBLK,
    &lsof::LSOF,
    &modules::LSMOD,
    &modules::PROC_MODULES,
    &limits::PROC_LIMITS,
    &limits::PRLIMIT,
    &limits::ULIMIT,
    &limits::LIMITS_CONF,
    &security::SESTATUS,
    &security::GETENFORCE,
    &security::SELINUX_CONFIG,
    &security::APPARMOR,
    &environment::ENV,
    &environment::PROFILE,
    &hostname::HOSTNAMECTL,
    &hostname::HOSTNAME,
    &collector::SOS_MANIFEST,
    &collector::RUN_INFO,
    &collector::INDEX,
    &collector::TOOL,
    &collector::SOS_LOG,
    &collector::ERRORS,
    &collector::COMPLAINT,
];
