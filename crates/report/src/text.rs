//! The diagnosis as text for a terminal: for someone with ten minutes and 80 columns.
//!
//! Prose is wrapped; commands stand on lines of their own and are never broken, so that they can be copied. ASCII only,
//! apart from what the bundle says.

use anstyle::{AnsiColor, Style};
use bundlescope_engine::Diagnosis;

use crate::view::{EvidenceView, FindingView, ProbeView, View};
use crate::words::WORDS;
use crate::wrap::{chop, cut, wrap};

/// How the text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns of the terminal; below 40 is taken as 40.
    pub width: usize,
    /// Colour by ANSI escape codes.
    pub colour: bool,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { width: 80, colour: false }
    }
}

/// Rows that one line of evidence may take before it is cut.
const MOST_ROWS: usize = 4;
/// Pieces of evidence shown for a cause, and for what it explains.
const MOST_EVIDENCE: (usize, usize) = (6, 2);
/// Items of the lists at the end before the rest is only counted.
const MOST_ITEMS: usize = 20;
/// Rules that are named of those that one reason keeps out.
const MOST_RULES: usize = 6;

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const YELLOW: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
const GREEN: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const CYAN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));

/// The diagnosis as terminal text, ending with a newline.
///
/// Without colour the only control character in it is the newline, whatever the bundle holds.
pub fn render_text(diagnosis: &Diagnosis, options: &TextOptions) -> String {
    let view = View::new(diagnosis, &WORDS);
    let mut page = Page { out: String::new(), width: options.width.max(40), colour: options.colour };
    page.header(&view);
    for finding in &view.findings {
        page.finding(finding);
    }
    page.unexplained(&view);
    page.undecided(&view);
    page.clear(&view);
    page.set_aside(&view);
    page.problems(&view);
    page.out
}

/// The text so far.
struct Page {
    out: String,
    width: usize,
    colour: bool,
}

impl Page {
    /// A line of pieces, each in its style.
    fn line(&mut self, pieces: &[(Style, &str)]) {
        for (style, text) in pieces {
            if self.colour && *style != PLAIN && !text.trim().is_empty() {
                self.out.push_str(&format!("{style}{text}{style:#}"));
            } else {
                self.out.push_str(text);
            }
        }
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }

    fn blank(&mut self) {
        self.line(&[]);
    }

    /// Wrapped prose: `first` stands before the first row, as many spaces before the others.
    fn prose(&mut self, first: &str, style: Style, text: &str) {
        let indent = " ".repeat(first.len());
        for (index, row) in wrap(text, self.width.saturating_sub(first.len())).iter().enumerate() {
            self.line(&[(PLAIN, if index == 0 { first } else { &indent }), (style, row)]);
        }
    }

    fn command(&mut self, indent: &str, command: &str) {
        for row in command.lines() {
            self.line(&[(PLAIN, indent), (CYAN, row)]);
        }
    }

    fn header(&mut self, view: &View) {
        self.prose("", BOLD, &view.name);
        let hosts = if view.hosts.is_empty() { WORDS.unknown.to_string() } else { view.hosts.join(", ") };
        for (name, value) in [
            (&WORDS.hosts, &hosts),
            (&WORDS.captured, &view.captured),
            (&WORDS.documents, &view.counts),
            (&WORDS.folder, &view.folder),
            (&WORDS.rules, &view.rules),
            (&WORDS.masked, &view.masked),
        ] {
            if value.is_empty() {
                continue;
            }
            self.prose(&format!("  {:<14}", &**name), PLAIN, value);
        }
        if view.complete {
            self.prose(&format!("  {:<14}", &*WORDS.completeness), PLAIN, &WORDS.complete);
        } else {
            self.prose(&format!("  {:<14}", &*WORDS.incomplete), YELLOW, &WORDS.incomplete_means);
        }
        for limit in &view.limits {
            self.prose(&format!("{:16}- ", ""), PLAIN, limit);
        }
        self.blank();
        let style = match view.tone {
            "bad" => RED,
            "good" => GREEN,
            _ => YELLOW,
        };
        self.prose("", style, &view.verdict);
    }

    fn finding(&mut self, finding: &FindingView) {
        self.blank();
        self.prose(&format!("{}. ", finding.number), BOLD, &finding.title);
        let mut tags = vec![format!("{}, {}", finding.kind, finding.confidence)];
        if !finding.host.is_empty() {
            tags.push(finding.host.clone());
        }
        tags.push(finding.rule.clone());
        let style = match finding.level {
            "critical" | "high" => RED,
            "medium" => YELLOW,
            _ => DIM,
        };
        self.prose("   ", style, &tags.join(", "));
        if !finding.message.is_empty() {
            self.blank();
            self.prose("   ", PLAIN, &finding.message);
        }
        // What to do comes before the proof: it must not scroll away behind a long one.
        self.fix(finding);
        self.evidence(&finding.evidence, MOST_EVIDENCE.0);
        for probe in &finding.probes {
            self.probe(probe);
        }
        if !finding.customer.is_empty() {
            self.blank();
            self.line(&[(PLAIN, "   "), (BOLD, &WORDS.for_customer)]);
            self.prose("     ", PLAIN, &finding.customer);
        }
        self.children(finding);
    }

    fn evidence(&mut self, evidence: &[EvidenceView], most: usize) {
        if evidence.is_empty() {
            return;
        }
        self.blank();
        self.line(&[(PLAIN, "   "), (BOLD, &WORDS.evidence)]);
        for piece in evidence.iter().take(most) {
            let mut head = piece.place.clone();
            if !piece.label.is_empty() {
                head.push_str(&format!(": {}", piece.label));
            }
            if !piece.count.is_empty() {
                head.push_str(&format!(" ({})", piece.count));
            }
            self.prose("     ", PLAIN, &head);
            self.lines(piece);
            self.also(piece);
        }
        if evidence.len() > most {
            self.prose("     ", DIM, &format!("{} {}", evidence.len() - most, WORDS.more_evidence));
        }
    }

    fn also(&mut self, piece: &EvidenceView) {
        const MOST: usize = 2;
        if piece.also.is_empty() {
            return;
        }
        let mut text = format!("{} {}", WORDS.also_in, piece.also[..piece.also.len().min(MOST)].join(", "));
        if piece.also.len() > MOST {
            text.push_str(&format!(", {} {}", piece.also.len() - MOST, WORDS.more));
        }
        self.prose("       ", DIM, &text);
    }

    fn lines(&mut self, piece: &EvidenceView) {
        let digits = piece.lines.iter().filter_map(|line| line.number).max().map_or(0, |n| n.to_string().len());
        for line in &piece.lines {
            let number = line.number.map_or_else(String::new, |number| number.to_string());
            let mark = if line.hit { ">" } else { " " };
            let margin = format!("     {mark} {number:>digits$} | ");
            let room = self.width.saturating_sub(margin.len());
            if !line.hit {
                self.line(&[(DIM, &margin), (DIM, &cut(&line.text, room))]);
                continue;
            }
            let mut rows = chop(&line.text, room);
            if rows.len() > MOST_ROWS {
                let rest = rows.split_off(MOST_ROWS - 1).concat();
                rows.push(cut(&rest, room));
            }
            let hang = format!("{:width$}| ", "", width = margin.len() - 2);
            for (index, row) in rows.iter().enumerate() {
                self.line(&[(RED, if index == 0 { &margin } else { &hang }), (BOLD, row)]);
            }
        }
        if piece.left_out > 0 {
            self.line(&[(DIM, &format!("       {} {}", piece.left_out, WORDS.more))]);
        }
    }

    fn probe(&mut self, probe: &ProbeView) {
        self.blank();
        let title = format!("{} {} -> {} {}: {}", WORDS.packet_path, probe.from, probe.to, probe.port, probe.verdict);
        // A packet that arrives is a counterpart: that it does is all that has to be said.
        if probe.tone == "good" {
            self.prose("   ", BOLD, &format!("{title} ({})", probe.length));
            return;
        }
        self.prose("   ", BOLD, &title);
        let mut number = 0;
        for step in &probe.steps {
            let (mark, style, note) = match step.state {
                "packet" => {
                    self.prose("     ", BOLD, &step.text);
                    continue;
                }
                "break" => ("x", RED, &*WORDS.stops_here),
                "unknown" => ("?", YELLOW, &*WORDS.not_known_further),
                "arrive" => ("=", GREEN, ""),
                _ => ("|", PLAIN, ""),
            };
            number += 1;
            self.prose(&format!("     {mark} {number:>2} "), style, &step.text);
            if !note.is_empty() {
                self.line(&[(style, &format!("          ^ {note}"))]);
            }
        }
        for assumed in &probe.assumed {
            self.prose("     ", DIM, &format!("{}: {assumed}", WORDS.assumed));
        }
    }

    fn fix(&mut self, finding: &FindingView) {
        if finding.fix.is_empty() {
            return;
        }
        self.blank();
        self.line(&[(PLAIN, "   "), (BOLD, &WORDS.fix)]);
        for fix in &finding.fix {
            let say = match (&fix.run, fix.proved) {
                (_, true) => format!("{} ({})", fix.say, WORDS.proved),
                (Some(_), false) => format!("{} ({})", fix.say, WORDS.not_proved),
                (None, false) => fix.say.clone(),
            };
            self.prose("   - ", PLAIN, &say);
            if let Some(run) = &fix.run {
                self.command("       ", run);
            }
            if let Some(reason) = &fix.reason {
                self.prose("       ", DIM, &format!("{}: {reason}.", WORDS.withheld));
            }
        }
    }

    fn children(&mut self, finding: &FindingView) {
        if finding.children.is_empty() {
            return;
        }
        self.blank();
        self.line(&[(PLAIN, "   "), (BOLD, &WORDS.explains)]);
        for child in finding.children.iter().take(MOST_ITEMS) {
            let mut title = format!("{} [{}]", child.title, child.severity);
            if !child.host.is_empty() && child.host != finding.host {
                title.push_str(&format!(" {}", child.host));
            }
            self.prose("   - ", PLAIN, &title);
            let known = |place: &str| finding.evidence.iter().any(|piece| piece.place == place);
            for piece in child.evidence.iter().filter(|piece| !known(&piece.place)).take(MOST_EVIDENCE.1) {
                let count = if piece.count.is_empty() { String::new() } else { format!(" ({})", piece.count) };
                self.prose("       ", DIM, &format!("{}{count}", piece.place));
                for line in piece.lines.iter().filter(|line| line.hit).take(3) {
                    self.line(&[(RED, "       > "), (PLAIN, &cut(&line.text, self.width.saturating_sub(9)))]);
                }
            }
            for fix in &child.fix {
                self.prose("       ", PLAIN, &format!("{}: {}", WORDS.fix, fix.say));
                if let Some(run) = &fix.run {
                    self.command("         ", run);
                }
            }
        }
        self.rest("   ", finding.children.len());
    }

    fn rest(&mut self, indent: &str, total: usize) {
        if total > MOST_ITEMS {
            self.line(&[(DIM, &format!("{indent}{} {}", total - MOST_ITEMS, WORDS.more))]);
        }
    }

    fn unexplained(&mut self, view: &View) {
        const MOST: usize = 5;
        if view.unexplained.is_empty() {
            return;
        }
        self.blank();
        self.line(&[(BOLD, &format!("{} ({})", WORDS.unexplained, view.unexplained.len()))]);
        for error in view.unexplained.iter().take(MOST) {
            self.line(&[(PLAIN, "  - "), (PLAIN, &cut(&error.template, self.width.saturating_sub(4)))]);
            self.prose("    ", DIM, &format!("{}, {}", error.summary, error.place));
        }
        if view.unexplained.len() > MOST {
            self.line(&[(DIM, &format!("  {} {}", view.unexplained.len() - MOST, WORDS.more))]);
        }
    }

    fn undecided(&mut self, view: &View) {
        if view.undecided.is_empty() {
            return;
        }
        self.blank();
        self.line(&[(BOLD, &format!("{} ({})", WORDS.undecided, view.open))]);
        for question in view.undecided.iter().take(MOST_ITEMS) {
            let rules = question.rules.join(", ");
            let because = if question.because.is_empty() { "" } else { ": " };
            self.prose("  - ", PLAIN, &format!("{rules}{because}{}", question.because));
        }
        self.rest("  ", view.undecided.len());
        if view.collect.is_empty() {
            return;
        }
        self.prose("  ", PLAIN, &WORDS.undecided_intro);
        for collect in view.collect.iter().take(MOST_ITEMS) {
            self.command("    ", &collect.command);
            for why in &collect.why {
                self.prose("      ", DIM, why);
            }
        }
        self.rest("    ", view.collect.len());
    }

    fn clear(&mut self, view: &View) {
        self.names(&WORDS.clear, &view.clear);
        self.names(&WORDS.no_subject, &view.no_subject);
    }

    /// A list of rules. A terminal shows the end of what is printed, so that no long list may stand there.
    fn names(&mut self, heading: &str, rules: &[String]) {
        const MOST: usize = 12;
        if rules.is_empty() {
            return;
        }
        self.blank();
        self.line(&[(BOLD, &format!("{heading} ({})", rules.len()))]);
        let mut told = rules[..rules.len().min(MOST)].join(", ");
        if rules.len() > MOST {
            told.push_str(&format!(", {} {}", rules.len() - MOST, WORDS.named_elsewhere));
        }
        self.prose("  ", DIM, &told);
    }

    /// What was found or would have been asked, and why it is not among the findings.
    fn set_aside(&mut self, view: &View) {
        if !view.suppressed.is_empty() {
            self.blank();
            self.line(&[(BOLD, &format!("{} ({})", WORDS.suppressed, view.suppressed.len()))]);
            for one in view.suppressed.iter().take(MOST_ITEMS) {
                self.prose("  - ", PLAIN, &format!("{}: {}", one.title, one.why));
            }
            self.rest("  ", view.suppressed.len());
        }
        if !view.not_applicable.is_empty() {
            self.blank();
            let rules: usize = view.not_applicable.iter().map(|one| one.rules.len()).sum();
            self.line(&[(BOLD, &format!("{} ({rules})", WORDS.not_applicable))]);
            for one in view.not_applicable.iter().take(MOST_ITEMS) {
                // Who wants to know them all finds them in the other formats.
                let mut named = one.rules.iter().take(MOST_RULES).map(String::as_str).collect::<Vec<_>>().join(", ");
                if one.rules.len() > MOST_RULES {
                    named = format!("{named} and {} more", one.rules.len() - MOST_RULES);
                }
                self.prose("  - ", DIM, &format!("{named}: {}", one.because));
            }
            self.rest("  ", view.not_applicable.len());
        }
        if !view.drafts.is_empty() {
            self.blank();
            self.line(&[(BOLD, &format!("{} ({})", WORDS.drafts, view.drafts.len()))]);
            self.prose("  ", DIM, &view.drafts.join(", "));
        }
    }

    fn problems(&mut self, view: &View) {
        if view.problems.is_empty() {
            return;
        }
        self.blank();
        self.line(&[(BOLD, &format!("{} ({})", WORDS.problems, view.problems.len()))]);
        for problem in view.problems.iter().take(MOST_ITEMS) {
            self.prose("  - ", PLAIN, &format!("{}: {}", problem.place, problem.message));
        }
        self.rest("  ", view.problems.len());
    }
}
