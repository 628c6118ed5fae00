//! The findings as JUnit XML, so that a pipeline shows them: a suite for the bundle, a case for each rule.
//!
//! Causes and symptoms are failures, notes and what is clear are passed cases, what could not be checked is skipped.

use bundlescope_engine::{Diagnosis, Finding, Role};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite, XmlString};

use crate::plain::{plain, plain_line};

/// The diagnosis as JUnit XML, ending with a newline.
pub fn render_junit(diagnosis: &Diagnosis) -> String {
    let mut report = Report::new("bundlescope analyze");
    let mut suite = TestSuite::new(xml(&diagnosis.bundle.name));
    for finding in &diagnosis.findings {
        let status = if finding.role == Role::Note { TestCaseStatus::success() } else { failure(finding) };
        let mut case = TestCase::new(xml(&finding.id), status);
        case.set_classname(xml(&finding.rule));
        if let Some(first) = finding.evidence.first() {
            case.add_property(("file", xml(&first.document).as_str()));
            case.add_property(("line", first.line.to_string().as_str()));
        }
        suite.add_test_case(case);
    }
    for question in &diagnosis.undecided {
        let mut status = TestCaseStatus::skipped();
        let collect: Vec<&str> = question.missing.iter().map(|missing| missing.collect.as_str()).collect();
        status.set_message(xml(&format!("could not be checked; collect: {}", collect.join("; "))));
        suite.add_test_case(case(&question.rule, status));
    }
    for rule in &diagnosis.clear {
        suite.add_test_case(case(rule, TestCaseStatus::success()));
    }
    report.add_test_suite(suite);
    // Writing to memory fails for names that XML cannot hold only, and `xml` lets none through.
    let mut out = report.to_string().unwrap_or_default();
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

fn case(rule: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(xml(rule), status);
    case.set_classname(xml(rule));
    case
}

fn failure(finding: &Finding) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(xml(&finding.severity));
    status.set_message(xml(&finding.title));
    let mut told = vec![finding.message.trim().to_owned()];
    for piece in &finding.evidence {
        told.push(format!("{}:{}\n{}", piece.document, piece.line, piece.excerpt));
    }
    for fix in &finding.fix {
        told.push(match &fix.run {
            Some(run) => format!("{}\n{run}", fix.say),
            None => fix.say.clone(),
        });
    }
    status.set_description(XmlString::new(plain(told.join("\n\n").trim())));
    status
}

/// One line without anything that XML cannot hold or a terminal would act on.
fn xml(text: &str) -> XmlString {
    XmlString::new(plain_line(text))
}
