//! What systemd, cron, the clock, names and ssh of a host are set to, and how its services are.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::{Text, fact_kind};

fact_kind! {
    /// A systemd unit and its state: `systemctl status`, `list-units`, `--failed`, `show`, `is-active`, troubleshoot's
    /// systemctl_services.json.
    "unit": Unit {
        /// Name with its suffix, such as `docker.service`.
        name: Text,
        /// `Description=`.
        description: Option<Text>,
        /// Whether the unit file was read: `loaded`, `not-found`, `masked`, `error`, `bad-setting`.
        load: Option<Text>,
        /// `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`.
        active: Option<Text>,
        /// State of its type, such as `running`, `exited`, `dead`, `failed`, `auto-restart`.
        sub: Option<Text>,
        /// Job that waits for it, such as `start`.
        job: Option<Text>,
        /// Whether it is started at boot: `enabled`, `disabled`, `static`, `masked`, `generated` and others.
        file_state: Option<Text>,
        /// What the distribution's preset wants for it: `enabled` or `disabled`.
        preset: Option<Text>,
        /// Unit file.
        file: Option<Text>,
        /// Drop-ins that were read.
        drop_ins: Vec<Text>,
        /// Why it ended, such as `exit-code`, `signal`, `oom-kill`, `timeout`, `start-limit-hit`; absent for `success`.
        result: Option<Text>,
        /// How its main process ended: exit code.
        exit_code: Option<i64>,
        /// How its main process ended: name of the signal, such as `KILL`.
        signal: Option<Text>,
        /// Main process, while it runs or after it ended.
        main_pid: Option<i64>,
        /// Since when it is in this state.
        since: Option<Timestamp>,
        /// Restarts since it was started by hand.
        restarts: Option<u64>,
        /// What the service says of itself (`Status: "…"`).
        status_text: Option<Text>,
        /// The condition because of which it was not started.
        failed_condition: Option<Text>,
        /// Command lines of its processes, as the control group's tree shows them.
        processes: Vec<Text>,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A unit file and whether it is started at boot: `systemctl list-unit-files`, `systemctl is-enabled`.
    "unit_file": UnitFile {
        /// Name, such as `docker.service`.
        name: Text,
        /// `enabled`, `disabled`, `static`, `masked`, `generated`, `alias`, `indirect`, `bad` and others.
        state: Text,
        /// What the distribution's preset wants: `enabled`, `disabled` or `ignored`.
        preset: Option<Text>,
    }
}

fact_kind! {
    /// A timer of systemd and the unit that it starts: `systemctl list-timers`.
    "timer": Timer {
        /// Name, such as `logrotate.timer`.
        unit: Text,
        /// Unit that it starts; absent where the column is cut.
        activates: Option<Text>,
        /// When it starts it next; absent where it will not, and where the zone stands for several offsets.
        next: Option<Timestamp>,
        /// When it started it last; absent as above.
        last: Option<Timestamp>,
    }
}

fact_kind! {
    /// Where a socket unit of systemd listens for a service: `systemctl list-sockets`.
    "socket_unit": SocketUnit {
        /// Address with port, path, or what else it listens on.
        listen: Text,
        /// Name, such as `docker.socket`.
        unit: Text,
        /// Unit that it starts; absent where the column is cut or empty.
        activates: Option<Text>,
    }
}

fact_kind! {
    /// A setting of a unit: unit files, drop-ins (`NAME.service.d/*.conf`), `systemctl cat`, `systemctl show`.
    "unit_setting": UnitSetting {
        /// Unit, such as `docker.service`; absent where the document does not tell.
        unit: Option<Text>,
        /// Section, such as `Service`; absent for `systemctl show`.
        section: Option<Text>,
        /// Setting, such as `LimitNOFILE`, `ExecStart`, `Environment`.
        key: Text,
        /// Name of the variable, for one assignment of `Environment`.
        variable: Option<Text>,
        /// Value; of one assignment for `Environment`. Empty where the file resets the setting.
        value: Text,
        /// File that sets it; absent for `systemctl show`.
        file: Option<Text>,
    }
}

fact_kind! {
    /// Whether the clock is synchronised: `timedatectl` (also `show`, `timesync-status`), `chronyc tracking`, `ntpstat`, `ntpq -c rv`,
    /// `ntptime`, troubleshoot's time.json.
    "clock_sync": ClockSync {
        /// Command that says so: `timedatectl`, `chronyc`, `ntpstat`, `ntpq`, `ntptime`, `troubleshoot`.
        source: Text,
        /// The clock is synchronised.
        synchronized: Option<bool>,
        /// A service for it is active, or enabled in older versions.
        service_active: Option<bool>,
        /// Server or reference that it follows.
        reference: Option<Text>,
        /// Distance to the reference clock in steps; 16 means unsynchronised.
        stratum: Option<u64>,
        /// Seconds by which the clock is ahead of the reference (negative: behind).
        offset: Option<f64>,
        /// Leap status as printed, such as `Normal` or `Not synchronised`.
        leap: Option<Text>,
        /// The hardware clock keeps local time.
        rtc_local: Option<bool>,
    }
}

fact_kind! {
    /// A time server or reference clock: `chronyc sources`, `ntpq -p`.
    "time_source": TimeSource {
        /// Name or address as printed; programs cut long names.
        name: Text,
        /// The address, where it is one.
        address: Option<IpAddr>,
        /// `server`, `peer`, `local`, `pool`, `broadcast`, `multicast`, `symmetric`.
        mode: Text,
        /// `selected`, `combined`, `not_combined`, `unusable`, `falseticker`, `variable`, `excess`, `outlier`, `pps`, `unknown`.
        state: Text,
        /// What it follows itself.
        refid: Option<Text>,
        /// Distance to the reference clock in steps.
        stratum: Option<u64>,
        /// Success of the last eight polls as an octal register, as printed; `0` means that it was never reached.
        reach: Option<Text>,
        /// Seconds by which the clock is ahead of it (negative: behind), as measured last.
        offset: Option<f64>,
        /// Error (chrony) or jitter (ntp) in seconds.
        error: Option<f64>,
    }
}

fact_kind! {
    /// A time server that the host is set up to ask: chrony.conf, ntp.conf, timesyncd.conf and the files beside them.
    "time_server": TimeServer {
        /// Name or address.
        name: Text,
        /// `server`, `pool`, `peer`; `fallback` for those that systemd-timesyncd asks where no other is known.
        mode: Text,
        /// Options as written, such as `iburst`, `prefer`.
        options: Vec<Text>,
    }
}

fact_kind! {
    /// How steady a time source is: `chronyc sourcestats`.
    "time_source_statistics": TimeSourceStatistics {
        /// Name or address as printed.
        name: Text,
        /// Samples that are kept of it.
        samples: u64,
        /// Seconds by which the clock is ahead of it, as estimated.
        offset: Option<f64>,
        /// Standard deviation of the samples in seconds.
        deviation: Option<f64>,
    }
}

fact_kind! {
    /// The time zone: `timedatectl`, /etc/timezone.
    "time_zone": TimeZone {
        /// Name, such as `Europe/Paris`.
        name: Text,
    }
}

fact_kind! {
    /// What systemd-resolved asks, globally or for one interface: `resolvectl status`, `resolvectl dns`, `systemd-resolve --status`.
    "resolved_scope": ResolvedScope {
        /// Interface; absent for the global settings.
        interface: Option<Text>,
        /// `DNS Servers`.
        servers: Vec<Text>,
        /// `Current DNS Server`.
        current_server: Option<Text>,
        /// `Fallback DNS Servers`.
        fallback_servers: Vec<Text>,
        /// `DNS Domain`: search domains, and routes (`~corp.example`).
        domains: Vec<Text>,
        /// Protocols that use it, such as `DNS` or `LLMNR/IPv4`; empty means that it is not asked.
        scopes: Vec<Text>,
        /// Names of no other domain are asked here.
        default_route: Option<bool>,
        /// `DNSSEC`, as printed.
        dnssec: Option<Text>,
        /// `resolv.conf mode`: `stub`, `uplink`, `foreign` and others.
        resolv_conf_mode: Option<Text>,
    }
}

fact_kind! {
    /// Where a database is looked up: nsswitch.conf(5).
    "name_service": NameService {
        /// Database, such as `hosts`.
        database: Text,
        /// Services in their order, actions such as `[NOTFOUND=return]` among them.
        services: Vec<Text>,
    }
}

fact_kind! {
    /// A job of cron: `crontab -l`, /etc/crontab, /etc/cron.d/*.
    "cron_job": CronJob {
        /// When: five fields, or `@daily` and the like.
        schedule: Text,
        /// User, where the table has one.
        user: Option<Text>,
        /// Command.
        command: Text,
    }
}

fact_kind! {
    /// A setting of the ssh server or client: sshd_config(5), ssh_config(5), `sshd -T`.
    "ssh_setting": SshSetting {
        /// `sshd` or `ssh`.
        program: Text,
        /// The `Match` or `Host` line under which it stands, such as `Match User git`.
        scope: Option<Text>,
        /// Keyword in lower case, such as `permitrootlogin`.
        key: Text,
        /// Arguments.
        value: Text,
    }
}
