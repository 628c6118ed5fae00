//! The findings as CSV (RFC 4180), one a row, for spreadsheets.

use bundlescope_engine::Diagnosis;

use crate::json::role_word;
use crate::plain::plain_line;

const HEADER: &str =
    "bundle,id,role,severity,confidence,host,cause,rule,title,document,line,excerpt,fix,proved,explains";

/// The findings as CSV with a header row; lines end with CR LF, as the RFC has it.
///
/// No cell is a formula: a text that a spreadsheet would calculate begins with an apostrophe (OWASP, CSV injection).
pub fn render_csv(diagnosis: &Diagnosis) -> String {
    let mut out = format!("{HEADER}\r\n");
    for finding in &diagnosis.findings {
        let evidence = finding.evidence.first();
        let fix = finding.fix.iter().find_map(|fix| fix.run.as_ref().map(|run| (run, fix.proved)));
        let cells = [
            cell(&diagnosis.bundle.name),
            cell(&finding.id),
            role_word(finding.role).to_owned(),
            cell(&finding.severity),
            cell(&finding.confidence),
            cell(&finding.node),
            cell(&finding.cause),
            cell(&finding.rule),
            cell(&finding.title),
            evidence.map_or_else(String::new, |evidence| cell(&evidence.document)),
            evidence.map_or_else(String::new, |evidence| evidence.line.to_string()),
            evidence.map_or_else(String::new, |evidence| cell(&evidence.excerpt)),
            fix.map_or_else(String::new, |(run, _)| cell(run)),
            fix.map_or_else(String::new, |(_, proved)| proved.to_string()),
            cell(&finding.explains.join(" ")),
        ];
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// A quoted cell of one line. Spreadsheets skip white space and some count full-width signs, so both are looked at.
fn cell(text: &str) -> String {
    let text = plain_line(text);
    let calculates = text
        .trim_start_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'')
        .starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠']);
    let guard = if calculates { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell(" \t-A INPUT -j DROP"), "\"'  -A INPUT -j DROP\"");
        assert_eq!(cell("\"=1"), "\"'\"\"=1\"");
        assert_eq!(cell("a,b\n\"c\""), "\"a,b\\n\"\"c\"\"\"");
    }
}
