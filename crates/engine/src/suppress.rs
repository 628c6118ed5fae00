//! Findings that a site has accepted for a time.

use bundlescope_facts::Problem;
use bundlescope_rules::{Site, Suppression};
use jiff::Timestamp;

use crate::evaluate::Evaluation;
use crate::{Finding, Suppressed};

/// Takes the accepted findings out. A suppression that has ended, or whose end cannot be told because the time of the
/// capture is not known, suppresses nothing and is told; so is one that covers no finding.
pub(crate) fn suppress(site: &Site, now: Option<Timestamp>, evaluation: &mut Evaluation) {
    if site.suppressions.is_empty() {
        return;
    }
    let holds = |suppression: &&Suppression| now.is_some_and(|now| now < suppression.end);
    let covers = |suppression: &Suppression, finding: &Finding| {
        suppression.rule == finding.rule && suppression.covers(&finding.node, &finding.subjects)
    };
    for suppression in &site.suppressions {
        let covered = evaluation.findings.iter().filter(|finding| covers(suppression, finding)).count();
        let by = format!("{} ({})", suppression.reason, suppression.author);
        let message = match (now, holds(&suppression)) {
            (_, true) if covered > 0 => continue,
            (_, true) => format!("nothing to suppress: {} has no finding that this covers: {by}", suppression.rule),
            (None, _) => format!(
                "the suppression of {} until {} does not hold, because the time of the capture is not known: {by}",
                suppression.rule, suppression.until
            ),
            (Some(_), false) => {
                format!("the suppression of {} ended with {}: {by}", suppression.rule, suppression.until)
            }
        };
        let line = u32::try_from(suppression.line).unwrap_or(u32::MAX);
        evaluation.problems.push(Problem { document: suppression.path.clone(), line, message });
    }
    for finding in std::mem::take(&mut evaluation.findings) {
        match site.suppressions.iter().filter(holds).find(|suppression| covers(suppression, &finding)) {
            Some(suppression) => evaluation.suppressed.push(Suppressed {
                finding,
                reason: suppression.reason.clone(),
                author: suppression.author.clone(),
                until: suppression.until.clone(),
            }),
            None => evaluation.findings.push(finding),
        }
    }
}
