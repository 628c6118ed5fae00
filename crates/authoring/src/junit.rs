//! Outcomes of rule tests as a JUnit file.

use bundlescope_analysis::{Mistake, TestOutcome};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite, XmlString};

/// A JUnit report: a suite for each rule file, a case for each test. An error says why it cannot be written.
pub fn junit(outcomes: &[TestOutcome]) -> Result<String, String> {
    let mut report = Report::new("bundlescope rules test");
    for group in outcomes.chunk_by(|a, b| a.rule == b.rule && a.path == b.path) {
        let Some(first) = group.first() else { continue };
        let mut suite = TestSuite::new(XmlString::new(&*first.rule));
        for outcome in group {
            suite.add_test_case(case(outcome));
        }
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| error.to_string())
}

fn case(outcome: &TestOutcome) -> TestCase {
    let status = match &outcome.skipped {
        Some(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(XmlString::new(reason));
            status
        }
        None if outcome.failed() => {
            let told: Vec<String> = outcome.mistakes.iter().map(told).collect();
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(outcome.status());
            status.set_message(XmlString::new(told.first().map_or("", String::as_str)));
            status.set_description(XmlString::new(format!("{}:{}\n{}", outcome.path, outcome.line, told.join("\n"))));
            status
        }
        None => TestCaseStatus::success(),
    };
    let mut case = TestCase::new(XmlString::new(&*outcome.test), status);
    case.set_classname(XmlString::new(&*outcome.rule));
    case.set_time(outcome.time);
    case.add_property(("file", &*outcome.path));
    case.add_property(("line", outcome.line.to_string().as_str()));
    case
}

fn told(mistake: &Mistake) -> String {
    let Mistake { fault, what, expected, found, .. } = mistake;
    let or_nothing = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    format!("{} {what}: expected {}, found {}", fault.word(), or_nothing(expected), or_nothing(found))
}
