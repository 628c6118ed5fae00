//! Says what a document is: by path pattern and by content, content first.

use bundlescope_facts::Text;

use crate::document::{BYTE_ORDER_MARK, PodName, common_indent};
use crate::format::{Format, Hint, Match, all};
use crate::{layout, terminal};

/// What a document was taken for.
#[derive(Debug, Clone, Copy)]
pub enum Identity {
    /// A format that a parser reads.
    Format(&'static Format),
    /// A log, to be streamed through the signatures.
    Log,
    /// Text of no known format; it is scanned like a log.
    Text,
    /// Not text.
    Binary,
    /// Nothing in it.
    Empty,
}

/// What a document was taken for, and what its path says about it.
#[derive(Debug, Clone)]
pub struct Identified {
    /// What it was taken for.
    pub identity: Identity,
    /// Container by name or id, when the path names one (`app/logs/api.log`, `docker_logs_-t_18cb6aee2e16`).
    pub container: Option<Text>,
    /// Pod of the container, when the path names it (`cluster-resources/pods/logs/NAMESPACE/POD/CONTAINER.log`).
    pub pod: Option<PodName>,
    /// The part of the path that stands for the host on which it was taken, such as `sosreport-web1-…/`; may be
    /// empty. Documents with different roots may be of different hosts.
    pub root: Text,
}

/// Formats whose own lines begin with a time.
const TIMED: &[&str] =
    &["docker-events", "uptime", "systemctl-status", "ansible-playbook", "mdt", "conntrack", "tcpdump", "ping"];

/// Formats of records that programs keep in logs; the log itself is handed on by their parsers.
const RECORDS: &[&str] = &["ansible-playbook", "mdt"];

/// Identifies a document by its path and its first bytes (64 KiB are enough).
pub fn identify(path: &str, head: &[u8]) -> Identified {
    let place = layout::place(path);
    let head = &head[..head.len().min(64 << 10)];
    let identity = if head.is_empty() {
        Identity::Empty
    } else if crate::tls::is_der(path, head) {
        Identity::Format(crate::tls::DER)
    } else if is_binary(head) {
        Identity::Binary
    } else {
        let text = terminal::plain(valid_prefix(head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head)));
        let text = text.as_ref();
        // An output that was pasted with an indent is read without it.
        let indent = common_indent(text.as_bytes());
        let dedented: String;
        let text = if indent == 0 {
            text
        } else {
            dedented = text.split_inclusive('\n').map(|line| line.get(indent..).unwrap_or("\n")).collect();
            &dedented
        };
        let hint = Hint { path, subject: &place.subject, head: text };
        let mut best: (Match, Option<&'static Format>) = (Match::No, None);
        let timed = layout::looks_like_log(text);
        let log = place.log || timed;
        // What a container or the host's logging wrote is a log, whatever it quotes.
        let surely = place.log && (place.container.is_some() || !place.subject.is_empty());
        // A log may quote the output of commands, but it is not a sequence of them.
        let excluded =
            |format: &Format| surely && !RECORDS.contains(&format.name) || (log && format.name == "transcript");
        for format in all().filter(|format| !excluded(format)) {
            let found = (format.detect)(&hint);
            // Lines that begin with a time are records; only an output of records may claim them by content alone.
            if timed && found == Match::Content && !TIMED.contains(&format.name) {
                continue;
            }
            if found > best.0 {
                best = (found, Some(format));
            }
        }
        match best {
            (found, Some(format)) if found > Match::Path || !log => Identity::Format(format),
            _ if log => Identity::Log,
            _ => Identity::Text,
        }
    };
    Identified { identity, container: place.container, pod: place.pod, root: place.root }
}

/// Many control characters mean that it is not text, and with NUL bytes among them few are enough. One alone does not:
/// programs write such bytes into their logs, and machines that lose power leave some.
fn is_binary(head: &[u8]) -> bool {
    let sample = &head[..head.len().min(4096)];
    let control =
        sample.iter().filter(|byte| **byte < 0x20 && !matches!(**byte, b'\n' | b'\r' | b'\t' | 0x1b | 0x0c)).count();
    let share = if sample.contains(&0) { 50 } else { 10 };
    // A character that is cut at the end of the sample has up to three bytes.
    let text = valid_prefix(sample).len() + 4 > sample.len();
    control * share > sample.len() || sample.contains(&0) && !text
}

/// The longest valid start; a character cut at the end does not matter, an invalid byte ends what content can tell.
pub(crate) fn valid_prefix(head: &[u8]) -> &str {
    match std::str::from_utf8(head) {
        Ok(text) => text,
        // The bytes up to the error are valid, so the second conversion cannot fail.
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_for(path: &str, text: &str) -> &'static str {
        match identify(path, text.as_bytes()).identity {
            Identity::Format(format) => format.name,
            Identity::Log => "log",
            Identity::Text => "text",
            Identity::Binary => "binary",
            Identity::Empty => "empty",
        }
    }

    const ROUTES: &str = "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5\n";
    const SAVE: &str =
        "# Generated by iptables-save v1.8.7 on Mon Jan  1 00:00:00 2024\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n";

    #[test]
    fn content_decides_and_a_path_only_suggests() {
        assert_eq!(taken_for("network/firewall.txt", ROUTES), "ip-route");
        assert_eq!(taken_for("ip_addr.txt", SAVE), "iptables-save");
        assert_eq!(taken_for("ip_addr.txt", "nothing to see\n"), "text");
        assert_eq!(taken_for("default/commands/hostname/stdout", "web1\n"), "hostname");
        assert_eq!(taken_for("notes.txt", "web1\n"), "text");
        assert_eq!(taken_for("notes.txt", &format!("\u{feff}{ROUTES}")), "ip-route");
        assert_eq!(taken_for("notes.txt", &format!("  {}", ROUTES.replace('\n', "\r\n  "))), "ip-route");
        assert_eq!(taken_for("etc/sysctl.d/README.sysctl", "Kernel settings can be put here.\n"), "text");
        assert_eq!(taken_for("etc/hosts", ""), "empty");
        assert_eq!(taken_for("etc/hosts", "\0\0"), "binary");
        let line = "2026-11-21T01:36:02Z connection refused by the server, for the third time today\n";
        assert_eq!(taken_for("app/logs/api.log", &format!("{line}{line}\0{line}")), "log");
    }

    #[test]
    fn a_log_that_quotes_outputs_stays_a_log() {
        for path in ["app/logs/api.log", "docker_logs_api.log", "var/log/messages"] {
            assert_eq!(taken_for(path, ROUTES), "log");
            assert_eq!(taken_for(path, SAVE), "log");
        }
        let stamped: String = SAVE.lines().map(|line| format!("2024-01-02T15:04:05.1Z {line}\n")).collect();
        assert_eq!(taken_for("whatever.txt", &stamped), "log");
        let mixed = format!("{}{SAVE}", "2024-01-02 15:04:05,123 INFO starting\n".repeat(20));
        assert_eq!(taken_for("whatever.txt", &mixed), "log");
        assert_eq!(taken_for("iptables.log", SAVE), "iptables-save");
    }
}
