//! Error-like lines that no signature makes an event of, clustered by their wording.
//!
//! A line counts as an error when its level says so (`ERROR`, `[error]`, `level=error`, `"level":"fatal"`, klog's `E1121`),
//! or, where it has no level, when it words one (`failed to …`, `panic: …`, `SomeException: …`). Clusters are made after
//! Drain (He, Zhu, Zheng and Lyu: "Drain: An Online Log Parsing Approach with Fixed Depth Tree", ICWS 2017): words with
//! digits are variables, and a line joins the first cluster with as many words, the same first one, and most of the
//! others in common. What common images and kernels write in health is left out ([`NOISE`]).
//!
//! Lines of a trace belong to the line that begins their record and are not counted by themselves.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use aho_corasick::packed::Searcher;
use bundlescope_facts::Text;
use jiff::Timestamp;
use regex::bytes::{Regex, RegexSet};

use crate::framing::{self, Line};
use crate::{record, time, unescape};

/// Bytes around a hit that are looked at.
const WINDOW: usize = 4 << 10;
/// Bytes of a message that its template covers.
const MAX_MESSAGE: usize = 400;
/// Clusters of one log; records of further wordings are counted only.
const MAX_CLUSTERS: usize = 200;
/// Clusters that are told of one log, the most frequent ones: a bundle holds thousands of logs, and all are told at its end.
const MAX_TOLD: usize = 30;
/// Wordings that are remembered, so that a line like an earlier one costs one look-up.
const MAX_KNOWN: usize = 20_000;
/// Stands for words that differ.
const VARIABLE: &str = "<*>";

/// What every error-like line holds, one of them.
const LITERALS: [&str; 24] = [
    "ERROR",
    "Error",
    "error",
    "FATAL",
    "Fatal",
    "fatal",
    "CRIT",
    "crit",
    "PANIC",
    "panic",
    "SEVERE",
    "Exception",
    "exception",
    "EMERG",
    "emerg",
    "ALERT",
    "failed",
    "Failed",
    "FAILED",
    "Failure",
    "failure",
    "annot ",
    "ould not",
    "nable to",
];

/// Words for levels at which nothing is wrong, and at which something is.
const CALM: [&[u8]; 12] =
    [b"info", b"debug", b"trace", b"notice", b"warn", b"warning", b"log", b"detail", b"hint", b"note", b"inf", b"wrn"];
const GRAVE: [&[u8]; 14] = [
    b"error",
    b"err",
    b"eror",
    b"fatal",
    b"critical",
    b"crit",
    b"panic",
    b"severe",
    b"emerg",
    b"emergency",
    b"alert",
    b"dpanic",
    b"ftl",
    b"failure",
];

/// Lines without a level that word an error.
static WORDED: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        r"(?i)\b(?:error|exception|panic|failure|fatal)\b ?[:!]",
        r"(?i)^\W{0,4}(?:fatal|panic|error)\b",
        r"\b\w+(?:Error|Exception)\b",
        r"(?i)\bfailed to \w",
        r"(?i)\w failed(?:[:.!,]|$| with| due| because)",
        r"(?i)\b(?:could not|cannot|unable to) \w+ ",
    ])
    .ok()
});

/// Lines that name errors and tell of none.
static HARMLESS: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        r"(?i)\b(?:0|no|without|zero) (?:\w+ )?(?:errors?|failures?|exceptions?)\b",
        r#"(?i)\b(?:errors?|err|failures?|failed|error_?count)["']?\s?[:=]\s?["']?(?:0\b|null\b|none\b|nil\b|<nil>|false\b|["'])"#,
    ])
    .ok()
});

/// What common images, daemons and kernels write in health, by who writes it.
static NOISE: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        // PostgreSQL: clients that come while it starts or stops.
        r"the database system is (?:starting up|shutting down)",
        // nginx and httpd: what browsers ask for of themselves.
        r#"(?:favicon\.ico|robots\.txt|apple-touch-icon[^" ]*)" (?:failed|is not found)"#,
        // Go's net/http: load balancers and probes that only open a connection.
        r"http: TLS handshake error from .*: EOF",
        // containerd beside Docker: CNI is Kubernetes' business.
        r"no network config found in /etc/cni/net\.d",
        // Linux: drivers and firmware tables that are announced or absent.
        r"regulatory\.db|Correctable Errors collector|Error Record Serialization Table|BERT: Boot Error Record",
        r"(?i)ACPI (?:BIOS )?(?:Error|Exception|Warning)|GHES: |i8042: (?:No controller|probe)|PCIe? .*AER: enabled",
        r"(?i)piix4_smbus .* SMBus (?:base address|Host Controller not enabled)",
        // systemd: units that are skipped because their condition does not hold.
        r"was skipped because of|Condition check resulted in .* being skipped|ConditionPath\w+=.* failed",
    ])
    .ok()
});

/// Key of the level in structured records, up to its value.
static LEVEL_FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)(?:^|[{,\s"'])@?(?:level|levelname|lvl|severity|loglevel|log\.level|l|s)["']?\s?[=:]\s?["']?([A-Za-z]+|\d+)"#).ok()
});
/// The message of a record in JSON, up to its quote.
static MESSAGE_FIELD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#""(?:msg|message|@m|MESSAGE|error|err|exception|log)"\s?:\s?""#).ok());

/// Error-like lines of one wording in one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCluster {
    /// The wording, with `<*>` for words that differ.
    pub template: String,
    /// The first line without its framing.
    pub example: String,
    /// Number of lines.
    pub count: u64,
    /// Time of the first line, when its framing tells one.
    pub first: Option<Timestamp>,
    /// Time of the last line.
    pub last: Option<Timestamp>,
    /// Container that the framing of the first line names.
    pub container: Option<Text>,
    /// Number of the first line, from 1.
    pub line: u32,
}

/// One cluster while its log is read.
#[derive(Debug)]
struct Cluster {
    words: Vec<String>,
    told: ErrorCluster,
}

/// The clusters of one log.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    clusters: Vec<Cluster>,
    /// Clusters by the number of words and the first one.
    groups: HashMap<(usize, String), Vec<usize>>,
    /// By masked wording: the cluster, or nothing for what is no error.
    known: HashMap<String, Option<usize>>,
    /// The same by [`key`], so that a line like an earlier one costs little.
    seen: HashMap<u64, Option<usize>>,
    left_out: u64,
}

/// Finds the literals; the vector search of small sets where the processor has it.
#[derive(Debug)]
enum Search {
    Packed(Searcher),
    Automaton(AhoCorasick),
    Nothing,
}

static SEARCH: LazyLock<Search> = LazyLock::new(|| match Searcher::new(LITERALS) {
    Some(searcher) => Search::Packed(searcher),
    None => AhoCorasick::new(LITERALS).map_or(Search::Nothing, Search::Automaton),
});

/// A place where a literal stands in front of `to`: the index of its first byte.
pub(crate) fn find(text: &[u8], from: usize, to: usize) -> Option<usize> {
    // A literal may begin in front of the end and go on behind it.
    let longest = LITERALS.iter().map(|literal| literal.len()).max().unwrap_or_default();
    let part = text.get(from..text.len().min(to.saturating_add(longest)))?;
    let at = from
        + match &*SEARCH {
            Search::Packed(searcher) => searcher.find(part)?.start(),
            Search::Automaton(automaton) => automaton.find(part)?.start(),
            Search::Nothing => return None,
        };
    (at < to).then_some(at)
}

impl Errors {
    /// Takes in the line around a hit; `number` counts its line and is asked for new wordings only.
    pub(crate) fn line(&mut self, buffer: &[u8], hit: usize, year: Option<i16>, number: impl FnOnce() -> u32) {
        let own = record::line_at(buffer, hit);
        let window = own.start.max(hit.saturating_sub(WINDOW))..own.end.min(hit.saturating_add(WINDOW));
        let raw = buffer.get(window).unwrap_or_default();
        let key = key(raw);
        let index = match self.seen.get(&key) {
            Some(None) => return,
            Some(known) => *known,
            None => {
                let index = self.read(&framing::parse(raw, year), number);
                if self.seen.len() < MAX_KNOWN {
                    self.seen.insert(key, index);
                }
                index
            }
        };
        let Some(told) = index.and_then(|index| self.clusters.get_mut(index)).map(|cluster| &mut cluster.told) else {
            return;
        };
        let time = framing::parse(raw, year).time;
        told.count += 1;
        told.first = told.first.or(time);
        told.last = time.or(told.last);
    }

    /// The cluster of a line; nothing for what is no error, or where there are too many.
    fn read(&mut self, line: &Line<'_>, number: impl FnOnce() -> u32) -> Option<usize> {
        if record::goes_on(&line.text) {
            return None;
        }
        let said = Said::of(line)?;
        let words: Vec<String> = said.message.split_whitespace().map(masked).collect();
        let first = words.first()?;
        // One wording may be logged at several levels.
        let masked = format!("{:?} {}", said.grave, words.join(" "));
        if let Some(known) = self.known.get(&masked) {
            return *known;
        }
        let index = if said.is_error() { self.cluster(&words, first, line, &said, number) } else { None };
        if self.known.len() < MAX_KNOWN {
            self.known.insert(masked, index);
        }
        index
    }

    /// The cluster of a wording; none where there are too many.
    fn cluster(
        &mut self,
        words: &[String],
        first: &str,
        line: &Line<'_>,
        said: &Said,
        number: impl FnOnce() -> u32,
    ) -> Option<usize> {
        let group = self.groups.entry((words.len(), first.to_owned())).or_default();
        for index in group.iter() {
            let Some(cluster) = self.clusters.get_mut(*index) else { continue };
            let same = cluster.words.iter().zip(words).filter(|(a, b)| a == b).count();
            // Two thirds in common, and for short lines all but one.
            if same * 3 >= words.len() * 2 && same + 1 >= words.len().min(4) {
                for (known, word) in cluster.words.iter_mut().zip(words) {
                    if known != word {
                        *known = VARIABLE.to_owned();
                    }
                }
                return Some(*index);
            }
        }
        if self.clusters.len() >= MAX_CLUSTERS {
            self.left_out += 1;
            return None;
        }
        group.push(self.clusters.len());
        self.clusters.push(Cluster {
            words: words.to_vec(),
            told: ErrorCluster {
                template: String::new(),
                example: said.example.clone(),
                count: 0,
                first: None,
                last: None,
                container: line.container.as_deref().map(Text::from),
                line: number(),
            },
        });
        Some(self.clusters.len() - 1)
    }

    /// The most frequent clusters in the order of their first lines, and how many wordings were too many.
    pub(crate) fn finish(mut self) -> (Vec<ErrorCluster>, u64) {
        let more = self.clusters.len().saturating_sub(MAX_TOLD);
        if more > 0 {
            // Stable: of equally frequent ones the first stay.
            self.clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.told.count));
            self.clusters.truncate(MAX_TOLD);
            self.clusters.sort_by_key(|cluster| cluster.told.line);
        }
        let left_out = self.left_out + more as u64;
        let told = self.clusters.into_iter().map(|Cluster { words, told }| {
            let mut template: Vec<&str> = words.iter().map(String::as_str).collect();
            template.dedup_by(|a, b| *a == VARIABLE && *b == VARIABLE);
            // What stands first is a stamp that is not known as one.
            if template.len() > 1 && template.first() == Some(&VARIABLE) {
                template.remove(0);
            }
            ErrorCluster { template: template.join(" "), ..told }
        });
        (told.collect(), left_out)
    }
}

/// FNV-1a of a line in which every number is one, but for a lone zero and the levels of pino and bunyan, which count in
/// the verdict. Lines of one key are clustered alike.
fn key(raw: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        if !byte.is_ascii_digit() {
            add(byte);
            at += 1;
            continue;
        }
        let digits = raw.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let run = raw.get(at..at + digits).unwrap_or_default();
        if raw.get(..at).is_some_and(|before| before.ends_with(b"\"level\":")) {
            run.iter().for_each(|byte| add(*byte));
        } else {
            add(if run == b"0" { b'0' } else { b'1' });
        }
        at += digits;
    }
    hash
}

/// What a line says behind its framing and its program's stamp.
struct Said {
    /// Without the framing, as a person would quote it.
    example: String,
    /// What its wording is made of.
    message: String,
    /// Its level: grave, calm, or none that is known.
    grave: Option<bool>,
}

impl Said {
    fn of(line: &Line<'_>) -> Option<Self> {
        let text = line.text.trim_ascii();
        let stamp = time::at_start(text, Some(2000)).map_or(0, |(_, end)| end);
        let rest = text.get(stamp..)?.trim_ascii_start();
        let example = cut(&String::from_utf8_lossy(text));
        let field = LEVEL_FIELD.as_ref().and_then(|regex| regex.captures(rest)).and_then(|found| found.get(1));
        let grave = field.and_then(|level| level_of(level.as_bytes()));
        let grave = grave.or_else(|| klog_level(text)).or_else(|| level_in(rest));
        let message = match structured(rest) {
            Some(message) => cut(&message),
            None => cut(&String::from_utf8_lossy(rest)),
        };
        (!message.is_empty()).then_some(Self { example, message, grave })
    }

    fn is_error(&self) -> bool {
        let among = |set: &Option<RegexSet>, text: &str| set.as_ref().is_some_and(|set| set.is_match(text.as_bytes()));
        let error = match self.grave {
            Some(grave) => grave,
            None => among(&WORDED, &self.message) && !among(&HARMLESS, &self.message),
        };
        error && !among(&NOISE, &self.example)
    }
}

/// The longest message of a record in JSON.
fn structured(text: &[u8]) -> Option<String> {
    if !text.starts_with(b"{") {
        return None;
    }
    let fields = MESSAGE_FIELD.as_ref()?.find_iter(text).take(8);
    let values = fields.map(|found| unescape::json_string(text.get(found.end()..).unwrap_or_default()).0);
    let longest = values.max_by_key(Vec::len)?;
    Some(String::from_utf8_lossy(&longest).trim().to_owned()).filter(|text| !text.is_empty())
}

/// The level in the stamp of klog: `E1121 01:36:02.123456`.
fn klog_level(text: &[u8]) -> Option<bool> {
    match text {
        [letter @ (b'I' | b'W' | b'E' | b'F'), a, b, c, d, b' ', ..]
            if [a, b, c, d].iter().all(|b| b.is_ascii_digit()) =>
        {
            Some(matches!(letter, b'E' | b'F'))
        }
        _ => None,
    }
}

/// The level among the first words of a line: in capitals, or in brackets.
fn level_in(text: &[u8]) -> Option<bool> {
    let head = text.get(..text.len().min(120)).unwrap_or_default();
    let is_word = |b: &u8| b.is_ascii_alphabetic();
    let mut at = 0_usize;
    for word in head.split(|b| !is_word(b)).take(24) {
        let before = at.checked_sub(1).and_then(|before| head.get(before));
        let behind = head.get(at + word.len());
        at += word.len() + 1;
        let capitals = word.len() > 2 && word.iter().all(u8::is_ascii_uppercase);
        let bracketed = before == Some(&b'[') && behind == Some(&b']');
        if (capitals || bracketed)
            && let Some(grave) = level_of(word)
        {
            return Some(grave);
        }
    }
    None
}

/// Whether a word is a level, and whether that is grave. Numbers are those of pino and bunyan, from 50 on errors.
fn level_of(word: &[u8]) -> Option<bool> {
    let lower = word.to_ascii_lowercase();
    if GRAVE.contains(&&*lower) {
        return Some(true);
    }
    match std::str::from_utf8(word).ok().and_then(|word| word.parse::<u32>().ok()) {
        Some(number @ 10..=60) => Some(number >= 50),
        Some(_) => None,
        None => CALM.contains(&&*lower).then_some(false),
    }
}

/// The first line, not too long.
fn cut(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    line.char_indices().nth(MAX_MESSAGE).map_or(line, |(end, _)| &line[..end]).to_owned()
}

/// A word, or [`VARIABLE`] for one with digits. A single zero stays, because `0` and `5` failures differ.
fn masked(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 || digits == 1 && word.contains('0') {
        return word.to_owned();
    }
    // What the value is of stays: `code=5`.
    let known = word.find('=').map(|end| &word[..=end]).filter(|key| !key.bytes().any(|b| b.is_ascii_digit()));
    format!("{}{VARIABLE}", known.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(log: &str) -> Vec<String> {
        let mut errors = Errors::default();
        let mut at = 0_usize;
        while let Some(hit) = find(log.as_bytes(), at, log.len()) {
            let number = log[..hit].matches('\n').count() as u32 + 1;
            errors.line(log.as_bytes(), hit, Some(2026), || number);
            at = record::line_at(log.as_bytes(), hit).end + 1;
        }
        errors.finish().0.iter().map(|one| format!("{}: {} x{}", one.line, one.template, one.count)).collect()
    }

    #[test]
    fn lines_of_one_wording_are_one_cluster() {
        let log = "2026-11-21T01:00:00Z INFO started\n\
                   2026-11-21T01:00:01Z ERROR cannot write block 17 to /data/a: disk quota exceeded\n\
                   2026-11-21T01:00:02Z ERROR cannot write block 9128 to /data/b: disk quota exceeded\n\
                   2026-11-21T01:00:03Z ERROR license expired\n";
        assert_eq!(
            clusters(log),
            ["2: ERROR cannot write block <*> to <*> disk quota exceeded x2", "4: ERROR license expired x1"]
        );
    }

    #[test]
    fn the_level_decides_where_there_is_one() {
        for line in [
            "level=error msg=\"license check\"",
            "{\"level\":\"error\",\"ts\":1700000000.1,\"msg\":\"license check\"}",
            "{\"level\":50,\"msg\":\"an error of pino\"}",
            "2026/11/21 01:00:00 [error] 31#31: *1 upstream sent an invalid header",
            "E1121 01:36:02.123456       1 main.go:5] failure of the license",
            "<3>app: fatal: no license",
            "RuntimeError: license expired",
            "failed to read license",
        ] {
            assert_eq!(clusters(line).len(), 1, "{line}");
        }
        for line in [
            "INFO retrying after error: timeout",
            "level=info msg=\"error budget is fine\"",
            "{\"level\":\"info\",\"error\":\"\",\"msg\":\"failed jobs are retried\"}",
            "LOG:  checkpoint failed marker",
            "I1121 01:36:02.123456       1 main.go:5] error counts reset",
            "done with 0 errors",
            "errors: 0, failed: 0",
            "err=<nil> failed=false",
            "error_log /var/log/nginx/error.log",
        ] {
            assert_eq!(clusters(line), [""; 0], "{line}");
        }
    }

    #[test]
    fn one_wording_at_two_levels_is_an_error_at_one_of_them() {
        let log = "{\"level\":30,\"msg\":\"failed job 1\"}\n{\"level\":50,\"msg\":\"failed job 2\"}\n{\"level\":30,\"msg\":\"failed job 3\"}\n\
                   INFO failed job 4\nERROR failed job 5\n";
        assert_eq!(clusters(log), ["2: failed job <*> x1", "5: ERROR failed job <*> x1"]);
    }

    #[test]
    fn what_is_written_in_health_is_quiet() {
        for line in [
            "2026-11-21 01:00:00.000 UTC [71] FATAL:  the database system is starting up",
            "2026/11/21 01:00:00 [error] 31#31: *1 open() \"/usr/share/nginx/html/favicon.ico\" failed (2: No such file or directory)",
            "[    1.234567] ACPI BIOS Error (bug): Could not resolve symbol [\\_SB.PCI0]",
            "time=\"2026-11-21T01:00:00Z\" level=error msg=\"failed to load cni during init\" error=\"no network config found in /etc/cni/net.d\"",
        ] {
            assert_eq!(clusters(line), [""; 0], "{line}");
        }
    }

    #[test]
    fn a_trace_is_one_record() {
        let log = "ERROR request failed\njava.lang.IllegalStateException: x\n\tat a.b.Error.c(D.java:1)\nCaused by: y.ZException: w\n";
        assert_eq!(clusters(log).first().map(String::as_str), Some("1: ERROR request failed x1"));
        assert!(clusters(log).len() <= 2);
    }

    #[test]
    fn memory_is_bounded() {
        let word = |n: usize| format!("{}{}", char::from(b'a' + (n % 26) as u8), "x".repeat(n / 26 + 1));
        let log: String = (0..3_000).map(|n| format!("ERROR {} {} happened\n", word(n), word(n * 7))).collect();
        let frequent: String = (0..9).map(|n| format!("ERROR disk {n} is gone\n")).collect();
        let told = clusters(&(log + &frequent));
        assert_eq!(told.len(), MAX_TOLD);
        let last = told.last().unwrap();
        assert!(last.ends_with(" x1"), "beyond {MAX_CLUSTERS} wordings no more are told apart: {last}");
    }

    #[test]
    fn the_most_frequent_are_told() {
        let word = |n: usize| char::from(b'a' + (n % 26) as u8).to_string().repeat(n / 26 + 3);
        let log: String = (0..60).map(|n| format!("ERROR {} {} happened\n", word(n), word(n * 7))).collect();
        let frequent: String = (0..9).map(|n| format!("ERROR disk {n} is gone\n")).collect();
        let told = clusters(&(log + &frequent));
        assert_eq!(told.len(), MAX_TOLD);
        assert_eq!(told.last().unwrap(), "61: ERROR disk <*> is gone x9");
    }
}
