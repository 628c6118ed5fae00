//! Why something was not collected, as the collector itself says it: commands that were not installed, not allowed, too slow,
//! cut, or printed nothing. Answers that lack evidence repeat it, so that nobody asks a customer twice for what cannot come.

use std::collections::BTreeMap;

use bundlescope_engine::Coverage;
use bundlescope_facts::{CollectedCommand, CollectionError, Data, Fact, Text};
use bundlescope_parsers::{Document, Format};

use crate::intake::Outcome;

/// Programs whose first word behind the options says what they show.
const FAMILIES: &[&str] = &[
    "ip",
    "docker",
    "podman",
    "nerdctl",
    "kubectl",
    "bridge",
    "brctl",
    "helm",
    "crictl",
    "systemctl",
    "nft",
    "chronyc",
    "docker-compose",
    "resolvectl",
];

/// Plugins of sos that time out as a whole, and the programs that they run.
const PLUGINS: &[(&str, &[&str])] = &[
    ("networking", &["ip", "ss", "netstat", "bridge", "route", "arp"]),
    ("firewall_tables", &["iptables", "ip6tables", "iptables-save", "nft"]),
    ("kubernetes", &["kubectl"]),
    ("process", &["ps", "lsof"]),
    ("filesys", &["df", "mount", "findmnt"]),
    ("kernel", &["sysctl", "uname", "dmesg", "lsmod"]),
    ("logs", &["journalctl"]),
];

/// A reason that was told; the lower rank is believed where several were.
type Told = BTreeMap<(Text, Text), (u8, String)>;

/// Notes for each format and host why its output is missing.
pub(crate) fn add(coverage: &mut Coverage, outcomes: &[Outcome], nodes: &[Text], facts: &[Fact]) {
    let mut told = Told::new();
    for fact in facts {
        let (command, why) = match &fact.data {
            Data::CollectedCommand(command) => (&command.command, of_command(command)),
            Data::CollectionError(error) => (&error.subject, Some(of_error(error))),
            _ => continue,
        };
        if let Some(why) = why {
            let place = format!("{}:{}", fact.source.document, fact.source.first_line);
            note(&mut told, &fact.node, command, 0, &format!("{why} ({place})"));
        }
    }
    for (outcome, node) in outcomes.iter().zip(nodes) {
        let subject = || Document::new(outcome.path.clone(), b"").subject;
        let why = match outcome.taken_for {
            _ if outcome.partial => "was read in part only",
            "empty" => "is empty",
            _ if outcome.stated == 0 && !outcome.problems.is_empty() => "could not be read",
            _ => continue,
        };
        note(&mut told, node, &subject(), 1, &format!("{} {why}", outcome.path));
    }
    spread(&mut told);
    for ((node, format), (_, why)) in told {
        coverage.add_reason(node, format, why);
    }
}

/// Notes it for every format that the command produces, and for the program.
fn note(told: &mut Told, node: &Text, command: &str, rank: u8, why: &str) {
    let mut keep = |name: &str, rank: u8| {
        let best = told.entry((node.clone(), name.into())).or_insert_with(|| (rank, why.to_owned()));
        if (rank, why) < (best.0, best.1.as_str()) {
            *best = (rank, why.to_owned());
        }
    };
    let asked = words(command);
    let Some(program) = asked.first() else { return };
    if let Some((_, programs)) = PLUGINS.iter().find(|(plugin, _)| *plugin == command) {
        for program in *programs {
            keep(program, rank + 2);
            for format in bundlescope_parsers::all().filter(|format| words(format.collect).first() == Some(program)) {
                keep(format.name, rank + 1);
            }
        }
    }
    for format in bundlescope_parsers::all().filter(|format| produces(format, &asked)) {
        keep(format.name, rank);
    }
    keep(program, rank + 2);
}

/// A kind of facts that several formats state is asked for by the first of them, so this one takes over what is told of the
/// others.
fn spread(told: &mut Told) {
    let mut first: BTreeMap<&str, &Format> = BTreeMap::new();
    for format in bundlescope_parsers::all() {
        for kind in format.kinds {
            let asked = *first.entry(kind).or_insert(format);
            let of_other: Vec<_> = told
                .iter()
                .filter(|((_, name), _)| **name == *format.name)
                .map(|(key, why)| (key.0.clone(), why.clone()))
                .collect();
            for (node, (rank, why)) in of_other {
                told.entry((node, asked.name.into())).or_insert((rank + 4, why));
            }
        }
    }
}

/// The words of a command that say what it shows: the program without its folder, and for some its first arguments.
fn words(command: &str) -> Vec<&str> {
    let mut words = command.split_ascii_whitespace();
    let Some(program) = words.next() else { return Vec::new() };
    // A file is what it is.
    if program == "cat" {
        return words.filter(|word| !word.starts_with('-')).take(1).collect();
    }
    let file = program.starts_with("/etc/") || program.starts_with("/proc/");
    let program = if file { program } else { program.rsplit('/').next().unwrap_or(program) };
    let few = if FAMILIES.contains(&program) { 3 } else { 0 };
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    std::iter::once(program).chain(words.filter(|word| !word.starts_with('-')).take(few).take_while(plain)).collect()
}

/// Whether a command prints a document of that format, as the command that we ask for does.
fn produces(format: &Format, asked: &[&str]) -> bool {
    format.collect.split([';', '|', '&']).map(words).any(|ours| {
        let Some((program, rest)) = ours.split_first() else { return false };
        // `ip a` is `ip addr`; of `docker network inspect` and `docker network ls` both are needed.
        let same = |ours: &str, asked: &str| ours.starts_with(asked) || asked.starts_with(ours);
        asked.first() == Some(program)
            && rest.iter().zip(&asked[1..]).all(|(ours, asked)| same(ours, asked))
            && (rest.is_empty() || asked.len() > 1)
    })
}

fn of_command(command: &CollectedCommand) -> Option<String> {
    let name = &*command.command;
    if let Some(error) = command.error.as_deref().filter(|error| !error.trim().is_empty()) {
        return Some(failure(name, error));
    }
    match command.exit_code {
        Some(124) => Some(format!("{name} was run and timed out")),
        Some(126) => Some(format!("{name} was run and was not allowed")),
        Some(127) => Some(format!("{name} was run and is not installed")),
        Some(code) if code != 0 => Some(format!("{name} was run and failed with exit code {code}")),
        _ if command.truncated => Some(format!("{name} was run and its output was truncated")),
        _ => None,
    }
}

fn of_error(error: &CollectionError) -> String {
    if &*error.error == "timeout_hit" {
        return format!("the plugin {} of sos timed out", error.subject);
    }
    failure(&error.subject, &error.error)
}

/// What an error text means; the text itself where it is none of the usual ones.
fn failure(name: &str, error: &str) -> String {
    let lower = error.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if let Some(why) = error.strip_prefix("skipped: ") {
        return format!("{name} was skipped: {why}");
    }
    let file = name.starts_with('/') || name.starts_with("cat ");
    if any(&["command not found", "executable file not found", ": not found", "not installed"])
        || !file && any(&["no such file or directory"])
    {
        format!("{name} was run and is not installed")
    } else if any(&["no such file", "does not exist"]) {
        format!("{name} does not exist there")
    } else if any(&[
        "permission denied",
        "not permitted",
        "must be root",
        "forbidden",
        "unauthorized",
        "not allowed",
        "password is required",
    ]) {
        format!("{name} was run and was not allowed")
    } else if any(&["timed out", "timeout", "deadline exceeded"]) {
        format!("{name} was run and timed out")
    } else {
        let first: String = error.lines().next().unwrap_or_default().chars().take(200).collect();
        format!("{name} was run and failed: {first}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(command: &str) -> Vec<&'static str> {
        let asked = words(command);
        bundlescope_parsers::all().filter(|format| produces(format, &asked)).map(|format| format.name).collect()
    }

    #[test]
    fn commands_are_those_that_we_ask_for_in_other_words() {
        assert_eq!(formats("/usr/sbin/iptables-save"), ["iptables-save"]);
        assert!(formats("ip -4 a").contains(&"ip-addr"));
        assert!(!formats("ip route show table all").contains(&"ip-addr"));
        assert!(formats("docker network inspect bridge").contains(&"docker-network-inspect"));
        assert!(!formats("docker network inspect bridge").contains(&"docker-network-ls"));
        assert!(!formats("docker ps").contains(&"docker-inspect"));
        assert_eq!(formats("frobnicate -a"), [] as [&str; 0]);
    }

    #[test]
    fn errors_are_told_in_the_words_of_a_triager() {
        let name = "iptables-save";
        let why = |error: &str| {
            failure(name, error).split_once("was run and ").map(|(_, why)| why.to_owned()).unwrap_or_default()
        };
        assert_eq!(why("bash: iptables-save: command not found"), "is not installed");
        assert_eq!(why("iptables-save v1.8.7: Fatal: can't open lock file: Permission denied"), "was not allowed");
        assert_eq!(why("context deadline exceeded"), "timed out");
        assert_eq!(why("exit status 3\nmore"), "failed: exit status 3");
        assert_eq!(
            failure("/etc/docker/daemon.json", "open: no such file or directory"),
            "/etc/docker/daemon.json does not exist there"
        );
    }
}
