//! Formats of the services family: systemd's units, the clock, names, cron and ssh.

mod chrony;
mod cron;
mod nsswitch;
mod ntp;
mod resolvectl;
mod ssh;
mod systemctl;
mod time_servers;
mod timezone;
mod unit_file;

use crate::format::Format;

pub(crate) use ntp::seconds;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &systemctl::STATUS,
    &systemctl::LIST_UNITS,
    &systemctl::LIST_UNIT_FILES,
    &systemctl::LIST_TIMERS,
    &systemctl::LIST_SOCKETS,
    &systemctl::JSON,
    &systemctl::SHOW,
    &systemctl::ANSWERS,
    &unit_file::UNIT_FILE,
    &resolvectl::RESOLVECTL,
    &nsswitch::NSSWITCH,
    &chrony::SOURCES,
    &chrony::SOURCE_STATS,
    &chrony::TRACKING,
    &ntp::PEERS,
    &ntp::STATUS,
    &time_servers::TIME_SERVERS,
    &timezone::TIMEZONE,
    &cron::CRONTAB,
    &ssh::SSH_CONFIG,
];
