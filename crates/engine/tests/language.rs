//! Sets, optional evidence, scopes, suppressions: each word of the language does what the guide says.

mod common;

use bundlescope_engine::{Coverage, Evaluation, World, evaluate};
use bundlescope_facts::{Container, DockerDaemon, Endpoint, Fact, Source};
use bundlescope_rules::{Pack, RuleFile};
use common::{Table, container, failure, on, pack, rule, run, run_with, verdict};

fn endpoint(container: &str, network: &str, address: &str, line: u32) -> Fact {
    let endpoint = Endpoint {
        container: container.into(),
        network: network.into(),
        address: address.parse().ok(),
        ..Endpoint::default()
    };
    Fact::new(Source::lines("net.json", line, line), endpoint)
}

fn members() -> Vec<Fact> {
    let mut facts = vec![container("api", true), container("db", true), container("job", false)];
    for (line, (name, ip)) in
        [("api", "172.18.0.2"), ("db", "172.18.0.3"), ("job", "172.18.0.4")].into_iter().enumerate()
    {
        facts.push(endpoint(name, "app", ip, line as u32 + 1));
    }
    facts
}

fn table(answers: &[(&str, &str)]) -> Table {
    let mut table = Table::default();
    table.answers.extend(answers.iter().map(|(asked, said)| ((*asked).to_owned(), verdict(said))));
    table
}

/// How often the rule fires, and whether it is undecided.
fn fires(evaluation: &Evaluation) -> (usize, usize) {
    (evaluation.findings.len(), evaluation.undecided.len())
}

const EVERY: &str = "when:\n  c: { container: { name: api } }\n  cut: { every: [ { endpoint: { network: app, container: $peer, address: $ip } }, { probe: { from: api, to: $ip, port: 80, verdict: dropped } } ] }\n";

#[test]
fn every_asks_all_members_of_a_set() {
    let text = rule("r", EVERY);
    let all = [("api 172.18.0.2:80", "dropped"), ("api 172.18.0.3:80", "dropped"), ("api 172.18.0.4:80", "dropped")];
    assert_eq!(fires(&run(&[&text], &members(), &table(&all))), (1, 0));
    // One that is reached is enough, even where another is not known.
    let one = [("api 172.18.0.2:80", "delivered"), ("api 172.18.0.3:80", "dropped")];
    assert_eq!(fires(&run(&[&text], &members(), &table(&one))), (0, 0));
    assert_eq!(fires(&run(&[&text], &members(), &table(&all[..2]))), (0, 1));
    // Of an empty set nothing is said.
    assert_eq!(fires(&run(&[&text], &[container("api", true)], &table(&all))), (0, 0));
}

#[test]
fn none_holds_when_nothing_meets_all() {
    let text = rule(
        "r",
        "when:\n  c: { container: { name: api } }\n  n: { none: [ { endpoint: { network: app, address: $ip } }, { probe: { from: api, to: $ip, port: 80, verdict: delivered } } ] }\n",
    );
    let none = [("api 172.18.0.2:80", "dropped"), ("api 172.18.0.3:80", "refused"), ("api 172.18.0.4:80", "dropped")];
    assert_eq!(fires(&run(&[&text], &members(), &table(&none))), (1, 0));
    let some = [("api 172.18.0.3:80", "delivered")];
    assert_eq!(fires(&run(&[&text], &members(), &table(&some))), (0, 0));
    assert_eq!(fires(&run(&[&text], &members(), &table(&none[..2]))), (0, 1));
}

#[test]
fn some_member_is_what_a_plain_join_asks() {
    let text = rule(
        "r",
        "when:\n  e: { endpoint: { network: app, container: $c } }\n  p: { probe: { from: $c, to: 10.0.0.1, port: 80, verdict: dropped } }\nsubjects: { c: $c }\n",
    );
    let answers = [("api 10.0.0.1:80", "delivered"), ("db 10.0.0.1:80", "dropped"), ("job 10.0.0.1:80", "delivered")];
    let evaluation = run(&[&text], &members(), &table(&answers));
    assert_eq!(evaluation.findings[0].subjects["c"], "db".into());
}

#[test]
fn a_count_may_ask_more_of_each_fact() {
    let text = |compare: &str| {
        rule(
            "r",
            &format!(
                "when:\n  n: {{ count: {{ endpoint: {{ network: app, container: $c, address: $ip }}, with: [ {{ probe: {{ from: api, to: $ip, port: 80, verdict: dropped }} }} ], {compare} }} }}\nmessage: '{{{{ n.count }}}}'\n"
            ),
        )
    };
    let two = [("api 172.18.0.2:80", "delivered"), ("api 172.18.0.3:80", "dropped"), ("api 172.18.0.4:80", "dropped")];
    let found = run(&[&text("ge: 2")], &members(), &table(&two));
    assert_eq!((fires(&found), &*found.findings[0].message), ((1, 0), "2"));
    assert_eq!(fires(&run(&[&text("ge: 3")], &members(), &table(&two))), (0, 0));
    // What is not known matters where it would change the answer.
    assert_eq!(fires(&run(&[&text("ge: 2")], &members(), &table(&two[..2]))), (0, 1));
    assert_eq!(fires(&run(&[&text("ge: 1")], &members(), &table(&two[..2]))), (1, 0));
}

#[test]
fn aggregates_are_taken_by_group() {
    let facts: Vec<Fact> =
        [("api", "db", 1), ("api", "cache", 2), ("job", "db", 3)].map(|(c, h, l)| failure(c, h, 5432, l)).into();
    let shown = |body: &str| {
        let found = run(&[&rule("r", body)], &facts, &Table::default());
        found.findings.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>()
    };
    let by = |aggregate: &str| {
        shown(&format!(
            "when:\n  n: {{ count: {{ connection_failure: {{ container: $c }}, {aggregate}, ge: 1 }} }}\nmessage: '{{{{ c }}}} {{{{ n.value }}}}'\n"
        ))
    };
    assert_eq!(by("distinct: host"), ["api 2", "job 1"]);
    assert_eq!(by("sum: count"), ["api 14", "job 7"]);
    assert_eq!(by("max: line"), ["api 2", "job 3"]);
    assert_eq!(by("min: line"), ["api 1", "job 3"]);
}

#[test]
fn optional_evidence_adds_and_never_takes_away() {
    let text = rule(
        "r",
        "when:\n  s: { container: { name: $c, running: false } }\n  f: { optional: { connection_failure: { host: $c } } }\nmessage: '{{ c }}{% if f.port %} {{ f.port }}{% endif %}{% if not f %} nobody{% endif %}'\n",
    );
    let nesting = format!("{text}explains: [seen]\n");
    let seen = rule("seen", "role: symptom\nwhen:\n  f: { connection_failure: { host: $h } }\n");
    let mut facts = vec![container("job", false), container("db", false)];
    let alone = run(&[&nesting, &seen], &facts, &Table::default());
    let messages: Vec<&str> = alone.findings.iter().map(|finding| &*finding.message).collect();
    assert_eq!(messages, ["db nobody", "job nobody"]);
    facts.push(failure("api", "db", 5432, 1));
    let both = run(&[&nesting, &seen], &facts, &Table::default());
    assert_eq!(both.findings[0].message, "db 5432");
    assert_eq!(both.findings[0].evidence.len(), 2);
    // The symptom is nested, and a missing document leaves nothing undecided.
    assert_eq!(both.findings[0].explains.len(), 1);
    let mut coverage = Coverage::default();
    coverage.add_producer("connection_failure", "log", "docker logs NAME");
    assert_eq!(fires(&run_with(&[&text], &facts[..2], &Table::default(), &coverage)), (2, 0));
}

fn daemon(node: &str, version: &str) -> Fact {
    let daemon = DockerDaemon { version: Some(version.into()), ..DockerDaemon::default() };
    on(node, Fact::new(Source::lines("docker-version.txt", 3, 3), daemon))
}

#[test]
fn a_rule_is_for_the_versions_that_it_names() {
    let text = rule(
        "r",
        "applies_to:\n  docker_daemon: { version: { ge: '20.10', lt: '27' } }\nwhen:\n  x: { container: { name: $c } }\n",
    );
    let facts = |version: &str| vec![daemon("a", version), on("a", container("api", true))];
    let fired = |version: &str| run(&[&text], &facts(version), &Table::default());
    assert_eq!(fired("20.10.7").findings.len(), 1);
    assert_eq!(fired("26.1").findings.len(), 1);
    for outside in ["27.0.1", "19.03.15"] {
        let evaluation = fired(outside);
        assert!(evaluation.findings.is_empty() && evaluation.clear.is_empty());
        let because = &evaluation.not_applicable[0].because;
        assert!(because.contains(outside) && because.contains("docker-version.txt:3"), "{because}");
    }
    // What is not known excludes nothing, and each host is asked for itself.
    assert_eq!(run(&[&text], &facts("x")[1..], &Table::default()).findings.len(), 1);
    let two = [facts("27.1"), vec![daemon("b", "24.0"), on("b", container("web", true))]].concat();
    let evaluation = run(&[&text], &two, &Table::default());
    assert_eq!(evaluation.findings.iter().map(|f| &*f.node).collect::<Vec<_>>(), ["b"]);
    assert!(evaluation.not_applicable.is_empty());
}

#[test]
fn a_rule_of_a_domain_is_for_bundles_that_have_a_trace_of_it() {
    let of_pods = rule("r", "when:\n  x: { pod: { name: $p, ready: false } }\n");
    let other = rule("o", "when:\n  x: { container: { name: $c, running: false } }\n");
    let manifest = "name: n\ndomains:\n  - name: Kubernetes\n    rules: ['kubernetes/*']\n    documents: ['*kubectl*']\n    traces:\n      pod: {}\n      container: { name: { starts_with: k8s_ } }\n";
    let file = |path: &str, text: &str| RuleFile { path: path.into(), text: text.into() };
    let files =
        vec![file("pack.yaml", manifest), file("rules/kubernetes/r.yaml", &of_pods), file("docker/o.yaml", &other)];
    let (pack, told) = Pack::load(files);
    assert!(told.iter().all(|one| one.code.warning), "{}", told.iter().map(|d| d.render()).collect::<String>());
    let ask = |facts: &[Fact], coverage: &Coverage| {
        let found = evaluate(&pack, &World { facts, prober: &Table::default(), coverage, now: None });
        let because =
            found.not_applicable.iter().map(|one| format!("{}: {}", one.rule, one.because)).collect::<Vec<_>>();
        (because, found.undecided.iter().map(|one| one.rule.to_string()).collect::<Vec<_>>())
    };
    let mut coverage = Coverage::default();
    coverage.add_producer("pod", "kubectl-get", "kubectl get pods");
    let docker = [container("api", true)];
    let outside = (vec!["r: nothing in the bundle is of Kubernetes".to_owned()], vec![]);
    assert_eq!(ask(&docker, &coverage), outside);
    let inside = (vec![], vec!["r".to_owned()]);
    assert_eq!(ask(&[container("k8s_api_api-1", true)], &coverage), inside);
    // A document that nobody can read is a trace, and so may be what was not read.
    let mut named = coverage.clone();
    named.add_document("web1/Kubectl_get_pods.bin");
    assert_eq!(ask(&docker, &named), inside);
    coverage.set_incomplete();
    assert_eq!(ask(&docker, &coverage), inside);
}

fn with_site(site: &str, facts: &[Fact], now: Option<&str>) -> Evaluation {
    let text =
        rule("many", "params: { limit: 3 }\nwhen:\n  x: { container: { name: $c, restart_count: { ge: $limit } } }\n");
    let mut pack: Pack = pack(&[&text]);
    let found = pack.apply_site(&RuleFile { path: "site.yaml".into(), text: site.into() });
    assert!(found.is_empty(), "{}", found.iter().map(|d| d.render()).collect::<String>());
    let coverage = Coverage::default();
    let now = now.and_then(|now| now.parse().ok());
    evaluate(&pack, &World { facts, prober: &Table::default(), coverage: &coverage, now })
}

fn restarted(name: &str, times: u32) -> Fact {
    let container = Container { name: name.into(), restart_count: Some(times), ..Container::default() };
    Fact::new(Source::lines(format!("{name}.json"), 1, 9), container)
}

#[test]
fn a_site_changes_parameters_and_severities() {
    let facts = [restarted("api", 4), restarted("db", 9)];
    let names = |site: &str| {
        let found = with_site(site, &facts, None).findings;
        found.iter().map(|f| format!("{} {} {}", f.subjects["c"], f.severity, f.confidence)).collect::<Vec<_>>()
    };
    assert_eq!(names("rules: {}\n"), ["api high medium", "db high medium"]);
    let other = "rules:\n  many: { severity: low, confidence: high, params: { limit: 5 } }\n";
    assert_eq!(names(other), ["db low high"]);
    assert!(names("rules:\n  many: { enabled: false }\n").is_empty());
}

#[test]
fn a_suppression_holds_until_its_end_at_the_time_of_the_capture() {
    let facts = [restarted("api", 4), restarted("db", 9)];
    let site = "suppress:\n  - rule: many\n    subjects: { c: 'a*' }\n    reason: known\n    author: ops\n    until: 2026-11-30\n";
    let at = |now: Option<&str>| {
        let evaluation = with_site(site, &facts, now);
        let problems: Vec<String> =
            evaluation.problems.iter().map(|p| format!("{}:{}: {}", p.document, p.line, p.message)).collect();
        (evaluation.findings.len(), evaluation.suppressed.len(), problems)
    };
    assert_eq!(at(Some("2026-11-30T23:59:59Z")), (1, 1, vec![]));
    assert_eq!(
        at(Some("2026-12-01T00:00:00Z")),
        (2, 0, vec!["site.yaml:2: the suppression of many ended with 2026-11-30: known (ops)".to_owned()])
    );
    let unknown = at(None);
    assert!(unknown.0 == 2 && unknown.2[0].contains("time of the capture is not known"), "{unknown:?}");
    // One that covers nothing is told.
    let evaluation = with_site(site, &facts[1..], Some("2026-11-01T00:00:00Z"));
    assert!(evaluation.suppressed.is_empty() && evaluation.problems[0].message.starts_with("nothing to suppress"));
}

#[test]
fn a_duration_may_come_from_a_parameter() {
    let text =
        rule("r", "params: { window: 1h }\nwhen:\n  x: { container: { name: $c, started: { within: $window } } }\n");
    let started = |at: &str| {
        let container = Container { name: "api".into(), started: at.parse().ok(), ..Container::default() };
        [Fact::new(Source::lines("api.json", 1, 9), container)]
    };
    // The capture is of noon.
    assert_eq!(run(&[&text], &started("2026-11-21T11:01:00Z"), &Table::default()).findings.len(), 1);
    assert_eq!(run(&[&text], &started("2026-11-21T10:59:00Z"), &Table::default()).findings.len(), 0);
}

#[test]
fn together_makes_one_finding_of_what_differs_in_these_subjects_only() {
    let text = "id: r\ntitle: \"{{ n }}\"\nseverity: low\nstatus: draft\nwhen:\n  e: { endpoint: { network: $n, container: $c, address: $ip } }\n\
                together: [c, ip]\nmessage: \"{{ all.c | join(', ') }}\"\nfix:\n  - { say: stop, run: \"docker stop {{ c }}\" }\n";
    let mut facts = members();
    facts.push(endpoint("web", "front", "172.19.0.2", 9));
    let findings = run(&[text], &facts, &Table::default()).findings;
    assert_eq!(findings.iter().map(|finding| &*finding.title).collect::<Vec<_>>(), ["app", "front"]);
    assert_eq!(findings[0].message, "api, db, job");
    assert_eq!(findings[0].fix[0].run.as_deref(), Some("docker stop api\ndocker stop db\ndocker stop job"));
    assert_eq!(findings[0].subjects["ip"].to_string(), "172.18.0.2, 172.18.0.3, 172.18.0.4");
    // What does not differ stays a plain value.
    assert_eq!(findings[1].subjects["c"], "web".into());
    assert_eq!(findings[1].fix[0].run.as_deref(), Some("docker stop web"));
    // No more commands than a person reads, and that is told.
    let many: Vec<_> = (0..100).map(|n| endpoint(&format!("c{n}"), "app", &format!("172.18.1.{n}"), n + 1)).collect();
    let findings = run(&[text], &many, &Table::default()).findings;
    let fix = &findings[0].fix[0];
    assert_eq!(fix.run.as_deref().map(|run| run.lines().count()), Some(64));
    assert_eq!(fix.say, "stop Commands for 36 more are not shown.");
}
