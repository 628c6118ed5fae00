//! Questions that the bundle does not answer, followed both ways.

use std::collections::BTreeMap;

/// What an open question is about: one rule, or which of two backends was loaded last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A rule matches: namespace, family, chain, rule.
    Rule(usize, bool, usize, usize),
    /// The NAT rules of nft run before those of iptables-legacy.
    LoadOrder,
    /// A container is in this namespace.
    Network(usize),
}

/// The answers taken in one run. The first run takes `true` everywhere; [`Branches::next`] goes through the others.
#[derive(Debug, Default)]
pub(crate) struct Branches {
    /// In the order in which they were asked, with the reason.
    asked: Vec<(Subject, bool, String)>,
    /// Answers that this run has to give, in order.
    script: Vec<bool>,
    known: BTreeMap<Subject, bool>,
}

impl Branches {
    /// The answer of this run; the same subject gets the same answer throughout.
    pub(crate) fn ask(&mut self, subject: Subject, reason: &str) -> bool {
        if let Some(answer) = self.known.get(&subject) {
            return *answer;
        }
        let answer = self.script.get(self.asked.len()).copied().unwrap_or(true);
        self.asked.push((subject.clone(), answer, reason.to_owned()));
        self.known.insert(subject, answer);
        answer
    }

    /// Prepares the next run; false when every way was taken.
    pub(crate) fn next(&mut self) -> bool {
        while let Some((_, answer, _)) = self.asked.last() {
            if *answer {
                break;
            }
            self.asked.pop();
        }
        if self.asked.is_empty() {
            return false;
        }
        self.script = self.asked.iter().map(|(_, answer, _)| *answer).collect();
        if let Some(last) = self.script.last_mut() {
            *last = false;
        }
        self.asked.clear();
        self.known.clear();
        true
    }

    /// What was asked in this run.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = &str> {
        self.asked.iter().map(|(_, _, reason)| reason.as_str())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_taken_once() {
        let mut branches = Branches::default();
        let mut seen = Vec::new();
        loop {
            let first = branches.ask(Subject::Rule(0, false, 0, 0), "a");
            // The second question comes up only on one way.
            let second = first && branches.ask(Subject::Rule(0, false, 0, 1), "b");
            assert_eq!(branches.ask(Subject::Rule(0, false, 0, 0), "a"), first);
            seen.push((first, second));
            if !branches.next() {
                break;
            }
        }
        assert_eq!(seen, [(true, true), (true, false), (false, false)]);
    }
}
