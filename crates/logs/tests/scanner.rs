//! What a user of the scanner sees: merged events, excerpts, whether a failure is ongoing, limits.
#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use std::sync::LazyLock;

use bundlescope_facts::{Fact, Value};
use bundlescope_logs::{Pattern, Scanned, Scanner, Signature, SignatureSet};
use proptest::prelude::*;

fn scan(log: &str) -> Scanned {
    pieces(log.as_bytes(), log.len().max(1))
}

fn pieces(log: &[u8], size: usize) -> Scanned {
    static SET: LazyLock<SignatureSet> = LazyLock::new(common::set);
    let mut scanner = Scanner::new(&SET, "app.log".into(), Some("api".into())).with_year(Some(2026));
    for piece in log.chunks(size) {
        scanner.feed(piece);
    }
    scanner.finish()
}

fn of_kind<'a>(scanned: &'a Scanned, kind: &str) -> Vec<&'a Fact> {
    scanned.events.iter().filter(|event| event.kind() == kind).collect()
}

fn ongoing(log: &str) -> Value {
    of_kind(&scan(log), "connection_failure").first().map_or(Value::from("no event"), |event| event.get("ongoing"))
}

const REFUSED: &str = "err=\"dial tcp 10.0.0.7:6379: connect: connection refused\"";

#[test]
fn equal_events_are_one_with_its_first_lines_in_context() {
    let log = format!(
        "2026-11-21T01:00:00Z one\n2026-11-21T01:00:01Z two\n2026-11-21T01:00:02Z {REFUSED}\n2026-11-21T01:00:03Z four\n\
         2026-11-21T01:00:04Z {REFUSED}\n"
    );
    let scanned = scan(&log);
    let event = &scanned.events[0];
    assert_eq!(scanned.events.len(), 1);
    assert_eq!((event.source.first_line, event.source.last_line), (3, 3));
    assert_eq!(&log[event.source.span.0 as usize..event.source.span.1 as usize], log.lines().nth(2).unwrap());
    assert_eq!(event.get("container"), Value::from("api"));
    assert_eq!(event.get("count"), Value::Int(2));
    assert_eq!(event.get("first"), Value::from("2026-11-21T01:00:02Z"));
    assert_eq!(event.get("last"), Value::from("2026-11-21T01:00:04Z"));
    assert_eq!(event.occurrences.unwrap().last_line, 5);
    let excerpt = event.excerpt.as_ref().unwrap();
    assert_eq!(excerpt.first_line, 1);
    assert_eq!(excerpt.lines.iter().map(|line| &**line).collect::<Vec<_>>(), log.lines().collect::<Vec<_>>());
}

#[test]
fn the_log_itself_is_a_fact() {
    let scanned = scan("starting\n2026-11-21T01:00:00Z one\n2026-11-21T01:30:00Z two\nbye");
    let log = &scanned.log;
    assert_eq!(log.kind(), "log");
    assert_eq!((log.get("lines"), log.get("bytes")), (Value::Int(4), Value::Int(62)));
    assert_eq!(log.get("first_time"), Value::from("2026-11-21T01:00:00Z"));
    assert_eq!(log.get("last_time"), Value::from("2026-11-21T01:30:00Z"));
    assert_eq!(scan("").log.get("lines"), Value::Int(0));
}

#[test]
fn failures_up_to_the_end_are_ongoing() {
    assert_eq!(
        ongoing(&format!(
            "2026-11-21T01:00:00Z {REFUSED}\n2026-11-21T01:00:05Z {REFUSED}\n2026-11-21T01:00:06Z GET /\n"
        )),
        Value::Bool(true)
    );
    assert_eq!(ongoing(REFUSED), Value::Bool(true));
}

#[test]
fn a_log_that_goes_on_without_the_failure_has_left_it_behind() {
    let mut log =
        format!("2026-11-21T01:00:00Z {REFUSED}\n2026-11-21T01:00:05Z {REFUSED}\n2026-11-21T01:00:36Z GET /\n");
    assert_eq!(ongoing(&log), Value::Bool(false));
    // Rare failures may well come again: three times the usual gap counts.
    log = format!("2026-11-21T01:00:00Z {REFUSED}\n2026-11-21T01:10:00Z {REFUSED}\n2026-11-21T01:25:00Z GET /\n");
    assert_eq!(ongoing(&log), Value::Bool(true));
}

#[test]
fn a_success_ends_a_failure_of_the_same_service_only() {
    let failure = format!("2026-11-21T01:00:00Z {REFUSED}\n");
    assert_eq!(ongoing(&format!("{failure}2026-11-21T01:00:01Z connected to cache\n")), Value::Bool(false));
    assert_eq!(ongoing(&format!("{failure}2026-11-21T01:00:01Z connected to 10.0.0.7:6379\n")), Value::Bool(false));
    assert_eq!(ongoing(&format!("{failure}2026-11-21T01:00:01Z database connection established\n")), Value::Bool(true));
    assert_eq!(ongoing(&format!("2026-11-21T00:59:00Z connected to cache\n{failure}")), Value::Bool(true));
}

#[test]
fn who_gives_up_has_not_recovered() {
    let log = format!(
        "2026-11-21T01:00:00Z {REFUSED}\n2026-11-21T01:00:01Z giving up on cache after 5 attempts\n2026-11-21T03:00:00Z GET /\n"
    );
    assert_eq!(ongoing(&log), Value::Bool(true));
}

#[test]
fn one_failure_long_before_the_end_of_a_log_without_times_tells_nothing() {
    assert_eq!(ongoing(&format!("{REFUSED}\n{}", "GET /\n".repeat(100))), Value::Null);
}

#[test]
fn a_failure_without_a_target_means_the_one_that_was_announced() {
    let scanned = scan("[api] running migrations against 172.18.0.1:15432/orders\npsql: timeout expired\n");
    let failure = of_kind(&scanned, "connection_failure")[0];
    assert_eq!((failure.get("host"), failure.get("port")), (Value::from("172.18.0.1"), Value::Int(15432)));
    assert_eq!(failure.get("inferred"), Value::from("app.log:1"));
    // With two targets it is not clear which one is meant.
    let scanned = scan("connecting to db:5432\nconnecting to db:5433\npsql: timeout expired\n");
    assert_eq!(of_kind(&scanned, "connection_failure")[0].get("host"), Value::Null);
}

#[test]
fn an_application_names_the_service_where_the_library_does_not() {
    let scanned = scan(
        "[x] error: cache connection failed Error: connect ETIMEDOUT\n    at Socket (/app/node_modules/ioredis/built/Redis.js:183:41)\n",
    );
    assert_eq!(of_kind(&scanned, "connection_failure")[0].get("service"), Value::from("cache"));
}

#[test]
fn a_line_without_end_is_read_in_bounded_memory_and_still_searched() {
    let mut log = vec![b'x'; 5 << 20];
    log.extend_from_slice(REFUSED.as_bytes());
    log.extend(vec![b'y'; 5 << 20]);
    let scanned = pieces(&log, 64 << 10);
    assert_eq!(scanned.events.len(), 1);
    assert_eq!(scanned.log.get("lines"), Value::Int(1));
    let shown = &scanned.events[0].excerpt.as_ref().unwrap().lines;
    assert!(shown[0].contains("connection refused") && shown[0].len() <= 2000);
}

#[test]
fn different_events_are_bounded_and_the_rest_is_counted() {
    let log: String = (0..10_500)
        .map(|n| format!("dial tcp 10.{}.{}.1:80: connect: connection refused\n", n / 250, n % 250))
        .collect();
    let scanned = scan(&log);
    assert_eq!(scanned.events.len(), 10_000);
    assert_eq!(scanned.problems.len(), 1);
    assert!(scanned.problems[0].message.contains("500 later records"), "{}", scanned.problems[0].message);
}

#[test]
fn mistakes_in_signatures_are_all_reported() {
    let pattern = |regex: &str| Pattern { regex: regex.into(), ..Pattern::default() };
    let signature = Signature {
        id: "mine".into(),
        event: "gave_up".into(),
        fields: vec![("service".into(), Value::Int(1))],
        patterns: vec![pattern(r"(unclosed"), pattern(r"\d+"), pattern(r"refused by (?<servise>\w+) today")],
        ..Signature::default()
    };
    let messages: Vec<String> = SignatureSet::compile(vec![signature])
        .expect_err("all three are wrong")
        .iter()
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    signature mine, pattern 1: regex parse error:
        (unclosed
        ^
    error: unclosed group
    signature mine, pattern 2: `1` is no value of the field `service` of `gave_up`
    signature mine, pattern 3: `gave_up` has no field `servise`; it has container, service
    signature mine, pattern 3: `1` is no value of the field `service` of `gave_up`
    ");
}

#[test]
fn an_expression_that_would_be_slow_is_refused() {
    let pattern = Pattern { regex: r"something failed[^x]{0,9000}x".into(), ..Pattern::default() };
    let signature =
        Signature { id: "mine".into(), event: "slow".into(), patterns: vec![pattern], ..Signature::default() };
    let errors = SignatureSet::compile(vec![signature]).expect_err("it is huge");
    assert!(errors[0].message.contains("repetitions"), "{}", errors[0]);
}

#[test]
fn a_signature_may_be_for_some_containers_only() {
    let signature = Signature {
        id: "mine".into(),
        event: "started".into(),
        patterns: vec![Pattern { regex: "application started".into(), ..Pattern::default() }],
        container: Some("^api$".into()),
        ..Signature::default()
    };
    let set = SignatureSet::compile(vec![signature]).expect("valid");
    let events = |container: Option<&str>| {
        let mut scanner = Scanner::new(&set, "x.log".into(), container.map(Into::into));
        scanner.feed(b"application started\n");
        scanner.finish().events.len()
    };
    assert_eq!((events(Some("api")), events(Some("db")), events(None)), (1, 0, 0));
}

#[test]
fn an_event_tells_whose_record_it_is() {
    let signature = Signature {
        id: "mine".into(),
        event: "started".into(),
        patterns: vec![Pattern { regex: "application started".into(), ..Pattern::default() }],
        ..Signature::default()
    };
    let set = SignatureSet::compile(vec![signature]).expect("valid");
    let events = |log: &str| {
        let mut scanner = Scanner::new(&set, "x.log".into(), None).with_pod(Some("shop".into()), Some("api-5d".into()));
        scanner.feed(log.as_bytes());
        let scanned = scanner.finish();
        assert_eq!(scanned.log.get("pod"), Value::from("api-5d"));
        let shown = |event: &Fact| {
            ["namespace", "pod", "unit", "program", "program_pid", "count"]
                .map(|field| event.get(field).to_string())
                .join(" ")
        };
        scanned.events.iter().map(shown).collect::<Vec<_>>()
    };
    // What several programs say is one event, of the one that said it first.
    let short = "Nov 21 01:36:02 h api[7]: application started\nNov 21 01:36:03 h api[8]: application started\n\
        Nov 21 01:36:04 h web[9]: application started\n";
    assert_eq!(events(short), ["shop api-5d  api 7 3"]);
    let json = r#"{"MESSAGE":"application started","_SYSTEMD_UNIT":"api.service","SYSLOG_IDENTIFIER":"api","_PID":"7","__REALTIME_TIMESTAMP":"1795224962000000"}"#;
    assert_eq!(events(&format!("{json}\n")), ["shop api-5d api.service api 7 1"]);
    let export = "__REALTIME_TIMESTAMP=1795224962000000\n_PID=7\nMESSAGE=application started\n_COMM=api\n\
        _SYSTEMD_UNIT=api.service\n\n__REALTIME_TIMESTAMP=1795224963000000\nMESSAGE=application started\n\
        SYSLOG_IDENTIFIER=web\n";
    assert_eq!(events(export), ["shop api-5d api.service api 7 2"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However the reader cuts the log, it says the same.
    #[test]
    fn pieces_do_not_matter(lines in prop::collection::vec(0usize..8, 1..60), size in 1usize..300) {
        let texts = [
            "2026-11-21T01:35:55.1Z psql: could not connect to server: Connection refused",
            "2026-11-21T01:35:55.2Z \tIs the server running on host \"db\" and accepting",
            "2026-11-21T01:35:55.3Z \tTCP/IP connections on port 5432?",
            "plain", "", "dial tcp 10.0.0.1:80: i/o timeout",
            "{\"log\":\"connect ECONNREFUSED 10.0.0.1:1\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-21T01:35:55Z\"}",
            "Traceback (most recent call last):",
        ];
        let log: String = lines.iter().map(|n| format!("{}\n", texts[*n])).collect();
        prop_assert_eq!(pieces(log.as_bytes(), size), scan(&log));
    }

    /// Whatever the bytes, it neither panics nor loses count.
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400), hit in 0usize..3) {
        let mut log = bytes.clone();
        log.extend_from_slice(["dial tcp [::1]:99999: connect: connection refused", "{\"log\":\"Could not connect to Redis at \\u", "\x1b["][hit].as_bytes());
        log.extend_from_slice(&bytes);
        let scanned = pieces(&log, 7);
        prop_assert_eq!(scanned.log.get("bytes"), Value::Int(log.len() as i64));
    }
}

#[test]
fn messages_that_come_again_are_counted_with_their_own_times_and_containers() {
    // More different messages than are remembered, each with another stamp each time, in two containers.
    let mut log = String::new();
    for n in 0..4000 {
        let (name, second) = (["api", "web"][n / 2000], n % 60);
        let own = if n % 2 == 0 { "" } else { "2026-11-20 10:00:00 " };
        log += &format!(
            "{name}_1  | 2026-11-21T01:{:02}:{second:02}Z {own}request {}: {REFUSED}\n",
            n % 2000 / 60,
            n % 700
        );
    }
    let set = common::set();
    let mut scanner = Scanner::new(&set, "compose.log".into(), None);
    scanner.feed(log.as_bytes());
    let scanned = scanner.finish();
    let found: Vec<_> = scanned
        .events
        .iter()
        .map(|event| {
            (event.get("container").to_string(), event.get("count"), event.get("last"), event.source.first_line)
        })
        .collect();
    let last = |second: u8| Value::from(format!("2026-11-21T01:33:{second}Z").as_str());
    assert_eq!(
        found,
        [("api_1".to_owned(), Value::Int(2000), last(19), 1), ("web_1".to_owned(), Value::Int(2000), last(39), 2001)]
    );
}

#[test]
fn errors_that_no_signature_knows_are_told_and_the_others_are_not() {
    let log = format!(
        "2026-11-21T01:00:00Z ERROR license 17 expired\n2026-11-21T01:00:01Z ERROR {REFUSED}\n\
         2026-11-21T01:00:02Z ERROR license 18 expired\n"
    );
    let scanned = scan(&log);
    let told: Vec<_> = scanned.errors.iter().map(|one| (one.template.as_str(), one.count, one.line)).collect();
    assert_eq!(told, [("ERROR license <*> expired", 2, 1)]);
    let times = scanned.errors.first().map(|one| [one.first, one.last].map(|time| time.map(|time| time.to_string())));
    let [first, last] = ["2026-11-21T01:00:00Z", "2026-11-21T01:00:02Z"].map(|time| Some(time.to_owned()));
    assert_eq!(times, Some([first, last]));
}

#[test]
fn errors_do_not_depend_on_how_a_log_is_cut() {
    // Longer than the scanner's buffer, so that it is searched in several parts.
    let words = ["alpha", "beta", "gamma", "delta", "omega"];
    let mut log = String::new();
    for n in 0..40_000 {
        let word = words[n % words.len()];
        match n % 50 {
            0 => log.push_str(&format!("2026-11-21T01:00:00Z ERROR {word} {n} is broken\n")),
            25 => log.push_str(&format!("2026-11-21T01:00:00Z ERROR {REFUSED}\n")),
            _ => log.push_str(&format!("2026-11-21T01:00:00Z INFO {word} {n} is well, and so are the others\n")),
        }
    }
    let whole = scan(&log);
    let count: u64 = whole.errors.iter().map(|one| one.count).sum();
    assert_eq!((whole.errors.len(), count), (1, 800), "{:?}", whole.errors);
    assert_eq!(whole.errors.first().map(|one| one.line), Some(1));
    for size in [4_097, 65_536, 1 << 20] {
        assert_eq!(pieces(log.as_bytes(), size), whole, "{size}");
    }
}
