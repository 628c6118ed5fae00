//! Nothing that a stranger puts into a bundle acts: in every field, in every form.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

#[path = "support/harmless.rs"]
mod harmless;
mod support;

use std::collections::BTreeSet;

use bundlescope_engine::{Diagnosis, Finding};
use bundlescope_facts::{Text, Value};
use bundlescope_report::{
    TextOptions, render_csv, render_html, render_json, render_junit, render_markdown, render_markdown_short,
    render_sarif, render_text,
};
use harmless::{OWN, assert_csv, assert_harmless, assert_junit, assert_markdown, assert_sarif, strings, tokenize};

/// A finding of the model's shape with the string in place of every text.
fn poisoned(model: &Finding, bad: &str) -> Finding {
    let text = Text::from(bad);
    let mut finding = model.clone();
    for field in [
        &mut finding.id,
        &mut finding.rule,
        &mut finding.cause,
        &mut finding.severity,
        &mut finding.confidence,
        &mut finding.node,
    ] {
        *field = text.clone();
    }
    for field in [&mut finding.title, &mut finding.message, &mut finding.about, &mut finding.customer] {
        *field = bad.to_owned();
    }
    finding.references = vec![text.clone()];
    finding.subjects = [(text.clone(), Value::Text(text.clone()))].into();
    for evidence in &mut finding.evidence {
        evidence.document = text.clone();
        evidence.excerpt = bad.to_owned();
        evidence.label = text.clone();
        if let Some(context) = &mut evidence.context {
            context.lines.fill(text.clone());
        }
    }
    for fix in &mut finding.fix {
        fix.say = bad.to_owned();
        fix.run = fix.run.as_ref().map(|_| bad.to_owned());
    }
    for probe in &mut finding.probes {
        probe.alias = text.clone();
        let answer = &mut probe.answer;
        for field in [
            &mut answer.question.node,
            &mut answer.question.from,
            &mut answer.question.to,
            &mut answer.question.proto,
            &mut answer.verdict,
        ] {
            *field = text.clone();
        }
        answer.value = Value::Text(text.clone());
        answer.path.fill(bad.to_owned());
        answer.assumed.fill(bad.to_owned());
    }
    finding
}

/// Adds a host, a moment, a clock and an unexplained error with the string in place of every text.
fn poison_scene(all: &mut Diagnosis, story: &Diagnosis, bad: &str) {
    let text = Text::from(bad);
    let mut host = story.network.hosts[0].clone();
    host.host = text.clone();
    host.addresses.fill(text.clone());
    host.routes.fill(text.clone());
    for network in &mut host.networks {
        for field in [&mut network.name, &mut network.driver, &mut network.bridge] {
            *field = text.clone();
        }
        network.subnets.fill(text.clone());
        for container in &mut network.containers {
            for field in [&mut container.name, &mut container.address, &mut container.status] {
                *field = text.clone();
            }
            container.ports.fill(text.clone());
        }
    }
    // First, as a map draws so many hosts only.
    all.network.hosts.insert(0, host);
    let mut moment = story.timeline.moments[1].clone();
    for field in [&mut moment.host, &mut moment.container, &mut moment.text, &mut moment.document, &mut moment.finding]
    {
        *field = text.clone();
    }
    all.timeline.moments.insert(0, moment);
    let mut clock = story.timeline.clocks[0].clone();
    (clock.host, clock.document) = (text.clone(), text.clone());
    all.timeline.clocks.insert(0, clock);
    let mut error = story.unexplained[0].clone();
    for field in [&mut error.template, &mut error.example, &mut error.signature] {
        *field = bad.to_owned();
    }
    (error.host, error.document) = (text.clone(), text.clone());
    error.containers.fill(text);
    all.unexplained.insert(0, error);
}

/// Diagnoses in which every text is hostile.
fn hostile() -> Vec<Diagnosis> {
    let (mut story, undecided) = (support::story(), support::undecided());
    // One of everything is enough, as every text is hostile.
    for finding in &mut story.findings {
        finding.evidence.truncate(1);
        for evidence in &mut finding.evidence {
            if let Some(context) = &mut evidence.context {
                context.first_line = evidence.line;
                context.lines.truncate(2);
            }
        }
        for probe in &mut finding.probes {
            probe.answer.path.truncate(2);
        }
    }
    let of = |part: &[String]| {
        let mut all = story.clone();
        all.undecided = undecided.undecided.clone();
        all.findings.clear();
        for bad in part {
            let text = Text::from(bad.as_str());
            let mut cause = poisoned(&story.findings[0], bad);
            let mut symptom = poisoned(&story.findings[1], bad);
            // Nested, so that what stands under a cause is poisoned as well.
            symptom.id = format!("{bad} symptom").into();
            cause.explains = vec![symptom.id.clone(), text.clone()];
            all.findings.extend([cause, symptom]);
            poison_scene(&mut all, &story, bad);
            all.clear.push(text.clone());
            all.bundle.hosts.push(text.clone());
            all.bundle.limits.push(bad.clone());
            let mut document = all.documents[0].clone();
            (document.path, document.node, document.taken_for) = (text.clone(), text.clone(), text.clone());
            all.documents.push(document);
            let mut problem = all.problems[0].clone();
            (problem.document, problem.message) = (text.clone(), bad.clone());
            all.problems.push(problem);
            let mut question = all.undecided[0].clone();
            (question.rule, question.cause, question.because) = (text.clone(), text.clone(), bad.clone());
            (question.missing[0].kind, question.missing[0].collect) = (text.clone(), bad.clone());
            all.undecided.push(question);
        }
        let first = part.first().cloned().unwrap_or_default();
        (all.bundle.name, all.bundle.sha256, all.rules) = (first.clone(), first.clone(), first.clone());
        all.bundle.captured_at = Some(first);
        all.bundle.complete = false;
        all
    };
    // The header shows one string only, so ours get a report each.
    let strings: Vec<String> = strings().into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let alone = OWN.iter().map(|text| of(&[(*text).to_owned()]));
    alone.chain(strings.chunks(400).map(of)).collect()
}

#[test]
fn html_holds_the_template_s_elements_and_no_others() {
    let mut known = BTreeSet::new();
    let mut full = support::story();
    full.undecided = support::undecided().undecided;
    full.bundle.complete = false;
    full.bundle.limits = vec!["limit".into()];
    let more = full.findings[0].evidence[0].clone();
    full.findings[0].evidence.extend([more.clone(), more]);
    for diagnosis in support::all().into_iter().map(|(_, diagnosis)| diagnosis).chain([full]) {
        known.append(&mut tokenize(&render_html(&diagnosis)).kinds);
    }
    for (index, diagnosis) in hostile().into_iter().enumerate() {
        let html = render_html(&diagnosis);
        support::keep(&format!("hostile-{index}"), &html);
        let seen = tokenize(&html);
        let unexpected: Vec<&String> = seen.kinds.difference(&known).collect();
        assert!(unexpected.is_empty(), "{unexpected:?} in the report of {:?}", diagnosis.bundle.name);
        assert_eq!(seen.faults, [""; 0], "{:?}", diagnosis.bundle.name);
        assert_eq!(seen.open, [""; 0]);
        assert_eq!(seen.singles, ["html", "head", "title", "style", "body", "main", "footer", "script"]);
        let ids: BTreeSet<&String> = seen.ids.iter().collect();
        assert_eq!(ids.len(), seen.ids.len(), "an id stands twice");
        for place in &seen.places {
            match place.strip_prefix('#') {
                Some(id) => assert!(ids.contains(&id.to_owned()), "{place} leads nowhere"),
                None => assert!(place.starts_with("https://") && !place.contains(['"', '<', ' ']), "{place}"),
            }
        }
        assert_harmless("html", &html);
    }
}

#[test]
fn text_holds_no_control_character_but_the_newline() {
    for diagnosis in hostile() {
        assert_harmless("text", &render_text(&diagnosis, &TextOptions::default()));
        let coloured = render_text(&diagnosis, &TextOptions { width: 80, colour: true });
        for code in coloured.split('\x1b').skip(1) {
            let code = code.split_once('m').expect("a colour ends").0;
            assert!(code.strip_prefix('[').is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit() || b == b';')));
        }
    }
}

#[test]
fn markdown_renders_headings_lists_and_text_only() {
    for diagnosis in hostile() {
        let markdown = render_markdown(&diagnosis);
        assert_markdown("markdown", &markdown);
        let short = render_markdown_short(&diagnosis);
        assert_markdown("short markdown", &short);
    }
}

#[test]
fn junit_is_xml_that_holds_a_case_for_each_answer() {
    for diagnosis in hostile() {
        let xml = render_junit(&diagnosis);
        let cases = assert_junit(&xml);
        assert_eq!(cases, diagnosis.findings.len() + diagnosis.undecided.len() + diagnosis.clear.len());
    }
}

#[test]
fn json_stays_json_with_the_exact_values() {
    for diagnosis in hostile() {
        let json = render_json(&diagnosis);
        assert_harmless("json", &json);
        let read: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        for (finding, read) in diagnosis.findings.iter().zip(read["findings"].as_array().expect("findings")) {
            assert_eq!(read["title"], finding.title);
            assert_eq!(read["evidence"][0]["document"], &*finding.evidence[0].document);
        }
    }
}

#[test]
fn csv_holds_no_formula_and_every_row_its_cells() {
    for diagnosis in hostile() {
        let csv = render_csv(&diagnosis);
        assert_eq!(assert_csv(&csv), diagnosis.findings.len());
    }
}

#[test]
fn sarif_stays_json_with_relative_places() {
    for diagnosis in hostile() {
        let sarif = render_sarif(&diagnosis);
        let read = assert_sarif(&sarif);
        let results = read["runs"][0]["results"].as_array().expect("results");
        assert_eq!(results.len(), diagnosis.findings.len());
        for result in results {
            let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            let uri = uri.as_str().expect("a location");
            assert!(!uri.starts_with('/') && !uri.contains([':', '\\', '<', ' ', '"']), "{uri}");
        }
    }
}
