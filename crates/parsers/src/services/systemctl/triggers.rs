//! What starts services: `systemctl list-timers` and `systemctl list-sockets`, of systemd 208 to 257.
//!
//! Cells are cut and times hold blanks, so that a row is taken apart at the name of its unit and not by its columns.

use bundlescope_facts::{SocketUnit, Text, Timer};

use super::is_unit;
use super::list::is_legend;
use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::system::zoned_time;
use crate::words;

/// `systemctl list-timers`.
pub(crate) static LIST_TIMERS: Format = Format {
    name: "systemctl-list-timers",
    collect: "systemctl list-timers --all --no-pager",
    kinds: &["timer"],
    detect: |hint| detect(hint, &["NEXT", "LEFT", "LAST", "PASSED", "UNIT"]),
    parse: |document| rows(document, "NEXT", "expected a timer with its next and last time; line skipped", timer),
};

/// `systemctl list-sockets`.
pub(crate) static LIST_SOCKETS: Format = Format {
    name: "systemctl-list-sockets",
    collect: "systemctl list-sockets --all --no-pager",
    kinds: &["socket_unit"],
    detect: |hint| detect(hint, &["LISTEN", "UNIT"]).max(detect(hint, &["LISTEN", "TYPE", "UNIT"])),
    parse: |document| {
        rows(document, "LISTEN", "expected an address and the socket unit behind it; line skipped", socket)
    },
};

fn detect(hint: &Hint<'_>, titles: &[&str]) -> Match {
    let is = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        words.by_ref().take(titles.len()).eq(titles.iter().copied())
            && words.next().is_some_and(|word| word.starts_with("ACTIVAT"))
    };
    Match::of(hint.head.lines().take(5).any(is), words::subject_is(hint.subject, &["systemctl"]))
}

fn rows<T: Into<bundlescope_facts::Data>>(
    document: &Document<'_>,
    first_title: &str,
    expected: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if line.text.starts_with(first_title) || is_legend(line.text) {
            continue;
        }
        match read(line.text) {
            Some(found) => parsed.line_fact(document, line, found),
            None => parsed.problem(document, line.number, expected),
        }
    }
    parsed
}

/// What stands before the unit of that type, its name, and the unit behind it, which may be cut or missing.
fn around<'a>(line: &'a str, suffix: &str) -> Option<(&'a str, &'a str, Option<&'a str>)> {
    let line = line.trim();
    let mut words = words::Words::new(line);
    // A path may end like a unit.
    let unit = words.by_ref().find(|word| word.ends_with(suffix) && is_unit(word) && !word.contains('/'))?;
    let behind = words.rest();
    let front = line.strip_suffix(behind)?.trim_end().strip_suffix(unit)?;
    Some((front.trim(), unit, behind.split_ascii_whitespace().next().filter(|word| is_unit(word))))
}

/// `Tue 2022-09-20 19:09:00 CEST 5min left  n/a  n/a  a.timer a.service`; a dash stands for `n/a` since systemd 252.
fn timer(line: &str) -> Option<Timer> {
    let (times, unit, activates) = around(line, ".timer")?;
    let words: Vec<&str> = times.split_ascii_whitespace().collect();
    let is_date = |word: &str| word.len() == 10 && word.bytes().filter(|byte| *byte == b'-').count() == 2;
    let mut dates = words.windows(3).filter(|at| is_date(at[0])).map(|at| zoned_time(&at.join(" ")));
    let first = words.first()?;
    let next = if matches!(*first, "n/a" | "-") { None } else { dates.next()? };
    Some(Timer { unit: unit.into(), activates: activates.map(Text::from), next, last: dates.next().flatten() })
}

/// `0.0.0.0:22  [Stream]  ssh.socket  ssh.service`.
fn socket(line: &str) -> Option<SocketUnit> {
    const TYPES: [&str; 8] =
        ["Stream", "Datagram", "SequentialPacket", "FIFO", "Special", "Netlink", "MessageQueue", "USBFunction"];
    let (listen, unit, activates) = around(line, ".socket")?;
    let listen = TYPES.iter().find_map(|kind| listen.strip_suffix(kind)).map_or(listen, str::trim_end);
    (!listen.is_empty()).then(|| SocketUnit {
        listen: listen.into(),
        unit: unit.into(),
        activates: activates.map(Text::from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, identify};

    fn read(path: &str, text: &str) -> (&'static str, Vec<String>, usize) {
        let Identity::Format(format) = identify(path, text.as_bytes()).identity else { return ("", vec![], 0) };
        let parsed = format.read(&Document::new(path, text.as_bytes()));
        let facts = parsed.facts.iter().map(|fact| {
            let fields = fact.data.spec().map_or(&[][..], |spec| spec.fields);
            fields.iter().map(|field| fact.data.get(field.name).to_string()).collect::<Vec<_>>().join("|")
        });
        (format.name, facts.collect(), parsed.problems.len())
    }

    /// The columns of systemctl(1), with the forms of systemd 219, 249 and 253.
    #[test]
    fn timers_tell_when_they_ran_and_will_run() {
        let text = "NEXT                         LEFT         LAST                         PASSED       UNIT                         ACTIVATES\n\
            Tue 2022-09-20 19:09:00 UTC  5min left    Tue 2022-09-20 18:39:03 UTC  24min ago    logrotate.timer              logrotate.service\n\
            Mon 2022-09-19 06:14:00 UTC  5h 31min left n/a                         n/a          renew.timer                  renew.service\n\
            -                            -            Sat 2019-01-12 11:39:42 UTC  55s ago      boot.timer                   boot.targ\n\
            n/a                          n/a          n/a                          n/a          never.timer                  never.service\n\
            what is this\n\n\
            4 timers listed.\nPass --all to see loaded but inactive timers, too.\n";
        for path in ["systemctl_list-timers_--all.txt", "document"] {
            let (name, facts, problems) = read(path, text);
            assert_eq!((name, problems), ("systemctl-list-timers", 1), "{path}");
            assert_eq!(
                facts,
                [
                    "logrotate.timer|logrotate.service|2022-09-20T19:09:00Z|2022-09-20T18:39:03Z",
                    "renew.timer|renew.service|2022-09-19T06:14:00Z|",
                    "boot.timer|||2019-01-12T11:39:42Z",
                    "never.timer|never.service||",
                ]
            );
        }
    }

    #[test]
    fn sockets_tell_where_they_listen() {
        let text = "LISTEN                      TYPE     UNIT                 ACTIVATES\n\
            /run/dbus/system_bus_socket Stream   dbus.socket          dbus.service\n\
            audit 1                     Netlink  systemd-journald-audit.socket systemd-journald.service\n\
            /run/lvm/lvmetad.socket     Stream   lvmetad.socket       lvmetad.service\n\
            [::]:22                     Stream   ssh.socket           ssh.service\n\n4 sockets listed.\n";
        let (name, facts, problems) = read("document", text);
        assert_eq!((name, problems), ("systemctl-list-sockets", 0));
        assert_eq!(
            facts,
            [
                "/run/dbus/system_bus_socket|dbus.socket|dbus.service",
                "audit 1|systemd-journald-audit.socket|systemd-journald.service",
                "/run/lvm/lvmetad.socket|lvmetad.socket|lvmetad.service",
                "[::]:22|ssh.socket|ssh.service",
            ]
        );
    }
}
