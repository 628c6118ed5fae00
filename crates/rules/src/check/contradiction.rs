//! Conditions on one field that no value meets.

use std::ops::Range;

use bundlescope_facts::{FieldType, Value};
use ipnet::IpNet;

use super::Checker;
use crate::codes;
use crate::model::{Comparison, Operand, Test};

/// A demand that is the same whatever the bundle holds.
type Fixed<'t> = (&'t Range<usize>, &'t Test);

impl Checker<'_> {
    /// Warns when what is asked of one field contradicts itself; the caret stands under the demand that is one too many.
    pub(crate) fn contradictions(&mut self, tests: &[(Range<usize>, Test)], ty: FieldType, what: &str) {
        // Of a list each demand may be met by another element.
        if matches!(ty, FieldType::List(_) | FieldType::Any) {
            return;
        }
        let flat: Vec<Fixed<'_>> = tests.iter().map(|(span, test)| (span, test)).collect();
        let found = presence(&flat)
            .or_else(|| negation(&flat))
            .or_else(|| numbers(&flat, ty, what))
            .or_else(|| times(&flat))
            .or_else(|| values(&flat));
        if let Some((span, reason)) = found {
            let message = format!("{what} can never be so: {reason}");
            let help = match tests.len() {
                1 => "no value meets this, so that the rule never fires; drop one of the demands or change it",
                _ => "no value meets all of this, so that the rule never fires; drop one of the two",
            };
            let help = Some(help.to_owned());
            self.report(&codes::NEVER_HOLDS, span, message, "contradicts the rest", help);
        }
    }
}

/// Something is asked of a value that is to be absent.
fn presence(tests: &[Fixed<'_>]) -> Option<(Range<usize>, String)> {
    let absent = tests.iter().find(|(_, test)| matches!(test, Test::Absent(true)))?;
    let needs = |test: &Test| !matches!(test, Test::Absent(true) | Test::Not(_));
    tests.iter().find(|(_, test)| needs(test))?;
    Some((absent.0.clone(), "what is absent has no value".to_owned()))
}

/// A demand and its opposite.
fn negation(tests: &[Fixed<'_>]) -> Option<(Range<usize>, String)> {
    let same = |a: &Test, b: &Test| format!("{a:?}") == format!("{b:?}");
    tests.iter().find_map(|(span, test)| {
        let Test::Not(inner) = test else { return None };
        // `none_of: [x]` is the opposite of `x` too.
        let single = match &**inner {
            Test::AnyOf(operands) => match operands.as_slice() {
                [one] => Some(Test::Is(one.clone())),
                _ => None,
            },
            _ => None,
        };
        let opposed = |other: &Test| same(inner, other) || single.as_ref().is_some_and(|single| same(single, other));
        tests
            .iter()
            .any(|(_, other)| opposed(other))
            .then(|| ((*span).clone(), "it excludes what is asked for".to_owned()))
    })
}

/// Bounds between which there is no number.
fn numbers(tests: &[Fixed<'_>], ty: FieldType, what: &str) -> Option<(Range<usize>, String)> {
    let whole = ty == FieldType::Integer;
    if !whole && ty != FieldType::Float {
        return None;
    }
    let port = what.trim_end_matches('`').ends_with("port");
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    let percent = what.trim_end_matches('`').ends_with("percent");
    if port {
        (low, high) = (0.0, 65_535.0);
    }
    if percent {
        (low, high) = (0.0, 100.0);
    }
    let step = if whole { 1.0 } else { 0.0 };
    // Without a smallest step, equal bounds of which one is excluded leave nothing either.
    let mut open = false;
    for (span, test) in tests {
        match test {
            Test::Compare(comparison, operand) => {
                let Some(number) = number(operand) else { continue };
                match comparison {
                    Comparison::Gt => low = low.max(if whole { number.floor() + step } else { number }),
                    Comparison::Ge => low = low.max(if whole { number.ceil() } else { number }),
                    Comparison::Lt => high = high.min(if whole { number.ceil() - step } else { number }),
                    Comparison::Le => high = high.min(if whole { number.floor() } else { number }),
                    Comparison::Eq => (low, high) = (low.max(number), high.min(number)),
                }
                open |= !whole && matches!(comparison, Comparison::Gt | Comparison::Lt);
            }
            Test::Is(operand) => {
                let Some(number) = number(operand) else { continue };
                (low, high) = (low.max(number), high.min(number));
            }
            _ => continue,
        }
        if low > high || open && low == high {
            let reason = match tests.len() {
                1 if port => "ports are numbers from 0 to 65535",
                1 if percent => "a share is a number from 0 to 100",
                _ => "no number is between",
            };
            return Some(((*span).clone(), reason.to_owned()));
        }
    }
    let several = tests.iter().find_map(|(span, test)| match test {
        Test::AnyOf(operands) => Some((span, operands)),
        _ => None,
    });
    let (span, operands) = several?;
    let all: Option<Vec<f64>> = operands.iter().map(number).collect();
    let none = all.is_some_and(|all| !all.is_empty() && all.iter().all(|number| *number < low || *number > high));
    none.then(|| ((*span).clone(), "none of these numbers is between the bounds".to_owned()))
}

fn number(operand: &Operand) -> Option<f64> {
    match operand {
        Operand::Value(Value::Int(int)) => Some(*int as f64),
        Operand::Value(Value::Float(float)) => Some(*float),
        _ => None,
    }
}

/// A time that is after one and before an earlier one.
fn times(tests: &[Fixed<'_>]) -> Option<(Range<usize>, String)> {
    let before = tests.iter().find_map(|(span, test)| match test {
        Test::Before(Operand::Time(time)) => Some((*span, *time)),
        _ => None,
    })?;
    let after = tests.iter().find_map(|(span, test)| match test {
        Test::After(Operand::Time(time)) => Some((*span, *time)),
        _ => None,
    })?;
    let later = if before.0.start > after.0.start { before.0 } else { after.0 };
    (before.1 <= after.1).then(|| (later.clone(), "no time is between".to_owned()))
}

/// Fixed texts that do not meet the other demands.
fn values(tests: &[Fixed<'_>]) -> Option<(Range<usize>, String)> {
    let fixed = |operands: &[Operand]| -> Option<Vec<String>> {
        let text = |operand: &Operand| match operand {
            Operand::Value(value) => Some(value.to_string()),
            _ => None,
        };
        operands.iter().map(text).collect()
    };
    let (at, allowed) = tests.iter().enumerate().find_map(|(at, (_, test))| match test {
        Test::Is(operand) => Some((at, fixed(std::slice::from_ref(operand))?)),
        Test::AnyOf(operands) => Some((at, fixed(operands)?)),
        _ => None,
    })?;
    let others = tests.iter().enumerate().filter(|(other, _)| *other != at);
    for (_, (span, test)) in others {
        let wanted = |operand: &Operand| fixed(std::slice::from_ref(operand)).and_then(|mut one| one.pop());
        let meets: Box<dyn Fn(&str) -> bool> = match test {
            Test::Is(operand) => {
                let Some(wanted) = wanted(operand) else { continue };
                Box::new(move |value| value == wanted)
            }
            Test::AnyOf(operands) => {
                let Some(wanted) = fixed(operands) else { continue };
                Box::new(move |value| wanted.iter().any(|one| one == value))
            }
            Test::Not(inner) => match &**inner {
                Test::AnyOf(operands) => {
                    let Some(wanted) = fixed(operands) else { continue };
                    Box::new(move |value| wanted.iter().all(|one| one != value))
                }
                _ => continue,
            },
            Test::Contains(operand) => {
                let Some(wanted) = wanted(operand) else { continue };
                Box::new(move |value| value.contains(&wanted))
            }
            Test::StartsWith(operand) => {
                let Some(wanted) = wanted(operand) else { continue };
                Box::new(move |value| value.starts_with(&wanted))
            }
            Test::EndsWith(operand) => {
                let Some(wanted) = wanted(operand) else { continue };
                Box::new(move |value| value.ends_with(&wanted))
            }
            Test::Matches(regex, _) => {
                let regex = regex.clone();
                Box::new(move |value| regex.is_match(value))
            }
            Test::InSubnet(networks) => {
                let Some(networks) = networks.iter().map(network).collect::<Option<Vec<IpNet>>>() else { continue };
                Box::new(move |value| {
                    let Ok(address) = value.parse::<std::net::IpAddr>() else { return true };
                    networks.iter().any(|network| network.contains(&address))
                })
            }
            _ => continue,
        };
        if !allowed.is_empty() && !allowed.iter().any(|value| meets(value)) {
            return Some(((*span).clone(), "it excludes every value that is allowed".to_owned()));
        }
    }
    None
}

fn network(operand: &Operand) -> Option<IpNet> {
    match operand {
        Operand::Network(network) => Some(*network),
        _ => None,
    }
}
