//! The diagnosis as Markdown, for tickets: reads well unrendered, and renders bundle text as text and nothing else.
//!
//! No tables: a `|` ends a cell even inside code.

use bundlescope_engine::Diagnosis;

use crate::escape::{block, code, prose, text};
use crate::view::{CollectView, FindingView, View};
use crate::words::WORDS;

/// The diagnosis as Markdown, ending with a newline.
pub fn render_markdown(diagnosis: &Diagnosis) -> String {
    let view = View::new(diagnosis);
    let mut out = format!("# {}: {}\n\n", WORDS.report_title, text(&view.name));
    header(&mut out, &view);
    out.push_str(&format!("\n**{}**\n", view.verdict));
    for finding in &view.findings {
        out.push('\n');
        out.push_str(&render_finding(finding, "##"));
    }
    undecided(&mut out, &view);
    if !view.clear.is_empty() {
        let rules: Vec<String> = view.clear.iter().map(|rule| code(rule)).collect();
        out.push_str(&format!("\n## {}\n\n{}\n", WORDS.clear, rules.join(", ")));
    }
    set_aside(&mut out, &view);
    if !view.problems.is_empty() {
        out.push_str(&format!("\n## {}\n\n", WORDS.problems));
        for problem in &view.problems {
            out.push_str(&format!("- {}: {}\n", code(&problem.place), text(&problem.message)));
        }
    }
    out
}

fn header(out: &mut String, view: &View) {
    let hosts = if view.hosts.is_empty() { WORDS.unknown.to_owned() } else { view.hosts.join(", ") };
    for (name, value) in [
        (WORDS.hosts, &hosts),
        (WORDS.captured, &view.captured),
        (WORDS.documents, &view.counts),
        (WORDS.folder, &view.folder),
        (WORDS.rules, &view.rules),
        (WORDS.masked, &view.masked),
        ("SHA-256", &view.sha256),
    ] {
        if !value.is_empty() {
            out.push_str(&format!("- {name}: {}\n", text(value)));
        }
    }
    if view.complete {
        out.push_str(&format!("- {}: {}\n", WORDS.completeness, WORDS.complete));
    } else {
        out.push_str(&format!("- **{}**: {}\n", WORDS.incomplete, WORDS.incomplete_means));
    }
    for limit in &view.limits {
        out.push_str(&format!("  - {}\n", text(limit)));
    }
}

/// One finding under a heading of that level, with what it explains; the text for a ticket.
pub(crate) fn render_finding(finding: &FindingView, heading: &str) -> String {
    let mut out = format!("{heading} {}. {}\n\n", finding.number, text(&finding.title));
    let role = match finding.role {
        "cause" => WORDS.cause,
        "symptom" => WORDS.symptom,
        _ => WORDS.note,
    };
    let (severity, confidence) = (text(&finding.severity), text(&finding.confidence));
    out.push_str(&format!("**{severity} {role}**, {confidence} {}", WORDS.confidence));
    if !finding.host.is_empty() {
        out.push_str(&format!(", {} {}", WORDS.host.to_lowercase(), code(&finding.host)));
    }
    out.push_str(&format!(", {} {}\n", WORDS.rule.to_lowercase(), code(&finding.rule)));
    if !finding.message.is_empty() {
        out.push_str(&format!("\n{}\n", prose(&finding.message)));
    }
    evidence(&mut out, finding);
    for probe in &finding.probes {
        let question = format!("{} -> {} {}: {}", probe.from, probe.to, probe.port, probe.verdict);
        out.push_str(&format!("\n**{}** {}\n\n{}", WORDS.packet_path, code(&question), block("text", &probe.drawn())));
        for assumed in &probe.assumed {
            out.push_str(&format!("\n{}: {}\n", WORDS.assumed, prose(assumed)));
        }
    }
    if !finding.fix.is_empty() {
        out.push_str(&format!("\n**{}**\n", WORDS.fix));
    }
    for fix in &finding.fix {
        let proof = match (&fix.run, fix.proved) {
            (_, true) => format!(" ({})", WORDS.proved),
            (Some(_), false) => format!(" ({})", WORDS.not_proved),
            (None, false) => String::new(),
        };
        out.push_str(&format!("\n{}{proof}\n", prose(&fix.say)));
        if let Some(run) = &fix.run {
            out.push_str(&format!("\n{}", block("sh", run)));
        }
        if let Some(reason) = &fix.reason {
            out.push_str(&format!("\n{}: {}.\n", WORDS.withheld, prose(reason)));
        }
    }
    if !finding.children.is_empty() {
        out.push_str(&format!("\n**{}**\n\n", WORDS.explains));
    }
    for child in &finding.children {
        let places: Vec<String> = child.evidence.iter().take(3).map(|piece| code(&piece.place)).collect();
        let places = if places.is_empty() { String::new() } else { format!(": {}", places.join(", ")) };
        out.push_str(&format!("- {} ({}){places}\n", text(&child.title), text(&child.severity)));
    }
    out
}

fn evidence(out: &mut String, finding: &FindingView) {
    if !finding.evidence.is_empty() {
        out.push_str(&format!("\n**{}**\n", WORDS.evidence));
    }
    for piece in &finding.evidence {
        out.push_str(&format!("\n{}", code(&piece.place)));
        if !piece.label.is_empty() {
            out.push_str(&format!(" {}", text(&piece.label)));
        }
        if let Some(count) = piece.count {
            out.push_str(&format!(" ({count} {})", WORDS.records));
        }
        out.push_str(&format!("\n\n{}", block("text", &piece.drawn())));
        if !piece.also.is_empty() {
            let places: Vec<String> = piece.also.iter().map(|place| code(place)).collect();
            out.push_str(&format!("\n{} {}\n", WORDS.also_in, places.join(", ")));
        }
    }
}

/// What was found or would have been asked, and why it is not among the findings.
fn set_aside(out: &mut String, view: &View) {
    if !view.suppressed.is_empty() {
        out.push_str(&format!("\n## {}\n\n{}\n\n", WORDS.suppressed, WORDS.suppressed_intro));
        for one in &view.suppressed {
            out.push_str(&format!("- {} ({}): {}\n", prose(&one.title), code(&one.rule), prose(&one.why())));
        }
    }
    if !view.not_applicable.is_empty() {
        out.push_str(&format!("\n## {}\n\n", WORDS.not_applicable));
        for one in &view.not_applicable {
            out.push_str(&format!("- {}: {}\n", code(&one.rules.join(", ")), prose(&one.because)));
        }
    }
    if !view.drafts.is_empty() {
        let rules: Vec<String> = view.drafts.iter().map(|rule| code(rule)).collect();
        out.push_str(&format!("\n## {}\n\n{}\n", WORDS.drafts, rules.join(", ")));
    }
}

fn undecided(out: &mut String, view: &View) {
    if view.undecided.is_empty() {
        return;
    }
    out.push_str(&format!("\n## {}\n\n", WORDS.undecided));
    for question in &view.undecided {
        let rules: Vec<String> = question.rules.iter().map(|rule| code(rule)).collect();
        out.push_str(&format!("- {}", rules.join(", ")));
        if !question.because.is_empty() {
            // A list item holds one line.
            out.push_str(&format!(": {}", prose(&question.because.replace('\n', " "))));
        }
        out.push('\n');
    }
    if !view.collect.is_empty() {
        let lines = |collect: &CollectView| {
            let why = collect.why.iter().map(|why| format!("# {why}"));
            why.chain([collect.command.clone()]).collect::<Vec<_>>()
        };
        let commands: Vec<String> = view.collect.iter().flat_map(lines).collect();
        out.push_str(&format!("\n{}\n\n{}", WORDS.undecided_intro, block("sh", &commands.join("\n"))));
    }
}
