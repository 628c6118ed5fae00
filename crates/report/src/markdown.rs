//! The diagnosis as Markdown, for tickets: reads well unrendered, and renders bundle text as text and nothing else.
//!
//! No tables: a `|` ends a cell even inside code.

use bundlescope_engine::Diagnosis;

use crate::escape::{block, code, prose, text};
use crate::view::{CollectView, FindingView, View};
use crate::words::{WORDS, Words};

/// The diagnosis as Markdown, ending with a newline.
pub fn render_markdown(diagnosis: &Diagnosis) -> String {
    let view = View::new(diagnosis, &WORDS);
    let mut out = format!("# {}: {}\n\n", WORDS.report_title, text(&view.name));
    header(&mut out, &view);
    out.push_str(&format!("\n**{}**\n", view.verdict));
    for finding in &view.findings {
        out.push('\n');
        out.push_str(&render_finding(finding, "##", &WORDS));
    }
    unexplained(&mut out, &view);
    undecided(&mut out, &view);
    for (heading, rules) in [(&WORDS.clear, &view.clear), (&WORDS.no_subject, &view.no_subject)] {
        if !rules.is_empty() {
            let rules: Vec<String> = rules.iter().map(|rule| code(rule)).collect();
            out.push_str(&format!("\n## {heading}\n\n{}\n", rules.join(", ")));
        }
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

/// The short form for a ticket: the verdict, and of each cause or open symptom what it is, its first proof and the remedy.
pub fn render_markdown_short(diagnosis: &Diagnosis) -> String {
    const MOST: usize = 10;
    let view = View::new(diagnosis, &WORDS);
    let mut out = format!("**{}: {}**\n\n{}\n", WORDS.report_title, text(&view.name), text(&view.verdict));
    if !view.complete {
        out.push_str(&format!("\n**{}**: {}\n", WORDS.incomplete, WORDS.incomplete_means));
    }
    let told: Vec<&FindingView> = view.findings.iter().filter(|finding| finding.role != "note").collect();
    for finding in told.iter().take(MOST) {
        let severity = text(&finding.severity);
        out.push_str(&format!("\n{}. **{}** ({severity})\n", finding.number, text(&finding.title)));
        if let Some(piece) = finding.evidence.first() {
            let line = piece.lines.iter().find(|line| line.hit).map(|line| code(line.text.trim())).unwrap_or_default();
            out.push_str(&format!("   - {} {line}\n", code(&piece.place)));
        }
        if let Some(fix) = finding.fix.first() {
            let run = fix.run.as_deref().and_then(|run| run.lines().next()).map(code).unwrap_or_default();
            let proved = if fix.proved { format!(" ({})", WORDS.proved) } else { String::new() };
            let say = prose(&fix.say.replace('\n', " "));
            out.push_str(&format!("   - {}: {say} {run}{proved}\n", WORDS.fix));
        }
    }
    if told.len() > MOST {
        out.push_str(&format!("\n{} {}\n", told.len() - MOST, WORDS.more));
    }
    if told.is_empty() && !view.collect.is_empty() {
        let commands: Vec<String> =
            view.collect.iter().take(MOST).map(|item| code(&item.command.replace('\n', "; "))).collect();
        out.push_str(&format!("\n{} {}\n", WORDS.undecided_intro, commands.join(", ")));
    }
    out
}

fn header(out: &mut String, view: &View) {
    let hosts = if view.hosts.is_empty() { WORDS.unknown.to_string() } else { view.hosts.join(", ") };
    for (name, value) in [
        (&*WORDS.hosts, &hosts),
        (&*WORDS.captured, &view.captured),
        (&*WORDS.documents, &view.counts),
        (&*WORDS.folder, &view.folder),
        (&*WORDS.rules, &view.rules),
        (&*WORDS.masked, &view.masked),
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
pub(crate) fn render_finding(finding: &FindingView, heading: &str, w: &Words) -> String {
    let mut out = format!("{heading} {}. {}\n\n", finding.number, text(&finding.title));
    out.push_str(&format!("**{}**, {}", text(&finding.kind), text(&finding.confidence)));
    if !finding.host.is_empty() {
        out.push_str(&format!(", {} {}", w.host.to_lowercase(), code(&finding.host)));
    }
    out.push_str(&format!(", {} {}\n", w.rule.to_lowercase(), code(&finding.rule)));
    if !finding.message.is_empty() {
        out.push_str(&format!("\n{}\n", prose(&finding.message)));
    }
    if !finding.fix.is_empty() {
        out.push_str(&format!("\n**{}**\n", w.fix));
    }
    for fix in &finding.fix {
        let proof = match (&fix.run, fix.proved) {
            (_, true) => format!(" ({})", w.proved),
            (Some(_), false) => format!(" ({})", w.not_proved),
            (None, false) => String::new(),
        };
        out.push_str(&format!("\n{}{proof}\n", prose(&fix.say)));
        if let Some(run) = &fix.run {
            out.push_str(&format!("\n{}", block("sh", run)));
        }
        if let Some(reason) = &fix.reason {
            out.push_str(&format!("\n{}: {}.\n", w.withheld, prose(reason)));
        }
    }
    evidence(&mut out, finding, w);
    for probe in &finding.probes {
        let question = format!("{} -> {} {}: {}", probe.from, probe.to, probe.port, probe.verdict);
        // A packet that arrives is a counterpart: that it does is all that has to be said.
        if probe.tone == "good" {
            out.push_str(&format!("\n**{}** {} ({})\n", w.packet_path, code(&question), probe.length));
            continue;
        }
        out.push_str(&format!("\n**{}** {}\n\n{}", w.packet_path, code(&question), block("text", &probe.drawn(w))));
        for assumed in &probe.assumed {
            out.push_str(&format!("\n{}: {}\n", w.assumed, prose(assumed)));
        }
    }
    if !finding.children.is_empty() {
        out.push_str(&format!("\n**{}**\n\n", w.explains));
    }
    for child in &finding.children {
        let places: Vec<String> = child.evidence.iter().take(3).map(|piece| code(&piece.place)).collect();
        let places = if places.is_empty() { String::new() } else { format!(": {}", places.join(", ")) };
        out.push_str(&format!("- {} ({}){places}\n", text(&child.title), text(&child.severity)));
    }
    out
}

fn evidence(out: &mut String, finding: &FindingView, w: &Words) {
    if !finding.evidence.is_empty() {
        out.push_str(&format!("\n**{}**\n", w.evidence));
    }
    for piece in &finding.evidence {
        out.push_str(&format!("\n{}", code(&piece.place)));
        if !piece.label.is_empty() {
            out.push_str(&format!(" {}", text(&piece.label)));
        }
        if !piece.count.is_empty() {
            out.push_str(&format!(" ({})", text(&piece.count)));
        }
        out.push_str(&format!("\n\n{}", block("text", &piece.drawn(w))));
        if !piece.also.is_empty() {
            let places: Vec<String> = piece.also.iter().map(|place| code(place)).collect();
            out.push_str(&format!("\n{} {}\n", w.also_in, places.join(", ")));
        }
    }
}

/// What was found or would have been asked, and why it is not among the findings.
fn set_aside(out: &mut String, view: &View) {
    if !view.suppressed.is_empty() {
        out.push_str(&format!("\n## {}\n\n{}\n\n", WORDS.suppressed, WORDS.suppressed_intro));
        for one in &view.suppressed {
            out.push_str(&format!("- {} ({}): {}\n", prose(&one.title), code(&one.rule), prose(&one.why)));
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

fn unexplained(out: &mut String, view: &View) {
    const MOST: usize = 20;
    if view.unexplained.is_empty() {
        return;
    }
    out.push_str(&format!("\n## {}\n\n{}\n\n", WORDS.unexplained, WORDS.unexplained_intro));
    for error in view.unexplained.iter().take(MOST) {
        out.push_str(&format!("- {} {}, {}\n", code(&error.template), text(&error.summary), code(&error.place)));
    }
    if view.unexplained.len() > MOST {
        out.push_str(&format!("- {} {}\n", view.unexplained.len() - MOST, WORDS.more));
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
