//! Big diagnoses: bounded time and size, and the same bytes every time.

mod support;

use std::time::{Duration, Instant};

use bundlescope_engine::Diagnosis;
use bundlescope_report::{TextOptions, render_html, render_json, render_markdown, render_text};

/// So many findings, every fourth a cause that explains the three after it, and so many documents.
fn big(findings: usize, documents: usize) -> Diagnosis {
    let mut diagnosis = support::story();
    let (cause, symptom) = (diagnosis.findings[0].clone(), diagnosis.findings[1].clone());
    diagnosis.findings = (0..findings)
        .map(|index| {
            let mut finding = if index % 4 == 0 { cause.clone() } else { symptom.clone() };
            finding.id = format!("finding#{index}").into();
            finding.explains = match index % 4 {
                0 => (index + 1..index + 4).map(|child| format!("finding#{child}").into()).collect(),
                _ => Vec::new(),
            };
            finding
        })
        .collect();
    diagnosis.documents = (0..documents)
        .map(|index| {
            let mut document = support::story().documents[0].clone();
            document.path = format!("cluster-resources/pods/logs/namespace-{}/pod-{index}.log", index % 7).into();
            document
        })
        .collect();
    diagnosis
}

#[test]
fn two_thousand_findings_and_ten_thousand_documents() {
    let diagnosis = big(2_000, 10_000);
    let start = Instant::now();
    let html = render_html(&diagnosis);
    let others =
        [render_json(&diagnosis), render_markdown(&diagnosis), render_text(&diagnosis, &TextOptions::default())];
    let took = start.elapsed();
    support::keep("big", &html);
    assert!(html.contains("finding-1999"), "the last finding has its anchor");
    assert!(html.len() < 20_000_000, "{} bytes of HTML", html.len());
    assert!(others.iter().all(|form| form.len() < 20_000_000));
    // Unoptimised on a busy machine; anything quadratic takes minutes.
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[test]
fn a_typical_report_is_light() {
    let html = render_html(&big(20, 500));
    support::keep("typical", &html);
    assert!(html.len() < 300_000, "{} bytes", html.len());
}

#[test]
fn long_lines_and_long_excerpts_are_cut_and_say_so() {
    let mut diagnosis = support::story();
    let evidence = &mut diagnosis.findings[0].evidence[0];
    evidence.context = None;
    evidence.end_line = evidence.line + 5_000;
    evidence.excerpt = format!("{}\n", "y".repeat(1_000_000)) + &"x\n".repeat(5_000);
    let html = render_html(&diagnosis);
    assert!(html.len() < 60_000, "{} bytes", html.len());
    assert!(html.contains("[999000 more bytes]") && html.contains("... 4991 more"), "what is cut is counted");
}

/// Three hundred containers on thirty networks of one host, one of them full.
#[test]
fn a_map_of_three_hundred_containers_is_small_and_counts_what_it_leaves_out() {
    let mut diagnosis = support::story();
    let host = &mut diagnosis.network.hosts[0];
    let network = host.networks[0].clone();
    let container = network.containers[0].clone();
    host.networks.extend((0..29).map(|number| {
        let mut network = network.clone();
        network.name = format!("project{number}_default").into();
        network.subnets = vec![format!("10.{number}.0.0/16").into()];
        network.containers = (0..if number == 0 { 188 } else { 4 })
            .map(|index| {
                let mut one = container.clone();
                one.name = format!("project{number}-service{index}-1").into();
                one.address = format!("10.{number}.0.{}", index + 2).into();
                one
            })
            .collect();
        network
    }));
    let html = render_html(&diagnosis);
    support::keep("map", &html);
    assert!(html.len() < 300_000, "{} bytes", html.len());
    assert!(html.contains("+ 172 more") && html.contains("+ 7 more"), "what is not drawn is counted");
}

#[test]
fn the_same_diagnosis_gives_the_same_bytes() {
    let forms = |diagnosis: &Diagnosis| {
        [
            render_html(diagnosis),
            render_json(diagnosis),
            render_markdown(diagnosis),
            render_text(diagnosis, &TextOptions { width: 100, colour: true }),
        ]
    };
    assert_eq!(forms(&big(40, 40)), forms(&big(40, 40)));
}
