//! One field against one test.

use bundlescope_facts::Value;
use bundlescope_rules::{Comparison, Operand, Test};
use ipnet::IpNet;
use jiff::Timestamp;

use crate::compare;
use crate::index::{Key, keys};

/// What tests need besides the value.
pub(crate) trait Bindings {
    /// The value of an operand; `Null` for an unbound variable.
    fn operand(&self, operand: &Operand, slots: &[Value]) -> Value;
    /// Time of the capture.
    fn now(&self) -> Option<Timestamp>;
}

/// The variables after a test: none when it fails, several when a list offers several values for a new variable.
pub(crate) fn bind(cx: &dyn Bindings, test: &Test, value: &Value, slots: &[Value]) -> Vec<Vec<Value>> {
    match test {
        Test::Is(Operand::Variable(slot)) if slots.get(*slot).is_none_or(Value::is_null) => {
            let mut seen: Vec<&Value> = Vec::new();
            for candidate in elements(value) {
                if !candidate.is_null() && !seen.contains(&candidate) {
                    seen.push(candidate);
                }
            }
            seen.into_iter().map(|candidate| with(slots, *slot, candidate.clone())).collect()
        }
        Test::Matches(regex, groups) if !groups.is_empty() => {
            let mut found = Vec::new();
            for candidate in elements(value) {
                let text = candidate.to_string();
                let Some(captures) = regex.captures(&text) else { continue };
                let mut bound = slots.to_vec();
                let agrees = groups.iter().all(|(name, slot)| {
                    let Some(captured) = captures.name(name) else { return false };
                    let captured = Value::from(captured.as_str());
                    match bound.get_mut(*slot) {
                        Some(known) if known.is_null() => {
                            *known = captured;
                            true
                        }
                        Some(known) => Key::of(known) == Key::of(&captured),
                        None => false,
                    }
                });
                if agrees && !found.contains(&bound) {
                    found.push(bound);
                }
            }
            found
        }
        Test::All(tests) => {
            let mut states = vec![slots.to_vec()];
            for test in tests {
                states = states.iter().flat_map(|slots| bind(cx, test, value, slots)).collect();
            }
            states
        }
        other if holds(cx, other, value, slots) => vec![slots.to_vec()],
        _ => Vec::new(),
    }
}

/// Whether a test that binds nothing holds.
pub(crate) fn holds(cx: &dyn Bindings, test: &Test, value: &Value, slots: &[Value]) -> bool {
    let some = |check: &dyn Fn(&Value) -> bool| elements(value).any(check);
    let text = |operand: &Operand, check: fn(&str, &str) -> bool| {
        let wanted = cx.operand(operand, slots);
        !wanted.is_null() && some(&|value| !value.is_null() && check(&value.to_string(), &wanted.to_string()))
    };
    match test {
        Test::Absent(wanted) => absent(value) == *wanted,
        // Tests nest as deep as rule files may, which the YAML reader bounds.
        Test::Not(inner) => !holds(cx, inner, value, slots),
        Test::All(tests) => tests.iter().all(|test| holds(cx, test, value, slots)),
        Test::Is(operand) => equal(value, &cx.operand(operand, slots)),
        Test::AnyOf(operands) => operands.iter().any(|operand| equal(value, &cx.operand(operand, slots))),
        Test::Compare(comparison, operand) => {
            let wanted = cx.operand(operand, slots);
            some(&|value| compares(*comparison, value, &wanted))
        }
        Test::Matches(regex, _) => some(&|value| !value.is_null() && regex.is_match(&value.to_string())),
        Test::Contains(operand) => match value {
            Value::List(_) => equal(value, &cx.operand(operand, slots)),
            _ => text(operand, |value, wanted| value.contains(wanted)),
        },
        Test::StartsWith(operand) => text(operand, |value, wanted| value.starts_with(wanted)),
        Test::EndsWith(operand) => text(operand, |value, wanted| value.ends_with(wanted)),
        Test::InSubnet(operands) => {
            let wanted = networks(cx, operands, slots);
            some(&|value| compare::network(value).is_some_and(|own| wanted.iter().any(|net| net.contains(&own))))
        }
        Test::Overlaps(operands) => {
            let wanted = networks(cx, operands, slots);
            some(&|value| {
                compare::network(value).is_some_and(|own| wanted.iter().any(|net| compare::overlap(net, &own)))
            })
        }
        Test::ContainsAddress(operand) => {
            let wanted = cx.operand(operand, slots);
            some(&|value| match (compare::network(value), compare::network(&wanted)) {
                (Some(net), Some(address)) => net.contains(&address),
                _ => false,
            })
        }
        Test::Within(seconds, of) => {
            let seconds = compare::number(&cx.operand(seconds, slots)).unwrap_or(-1.0);
            let of = match of {
                Some(operand) => compare::time(&cx.operand(operand, slots)),
                None => cx.now(),
            };
            let near = |value: &Value| match (compare::time(value), of) {
                (Some(time), Some(of)) => time.duration_since(of).abs().as_secs_f64() <= seconds,
                _ => false,
            };
            some(&near)
        }
        Test::Before(operand) => {
            let wanted = cx.operand(operand, slots);
            some(&|value| compares(Comparison::Lt, value, &wanted))
        }
        Test::After(operand) => {
            let wanted = cx.operand(operand, slots);
            some(&|value| compares(Comparison::Gt, value, &wanted))
        }
    }
}

/// The values that a field offers: the elements of a list, or itself.
fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::List(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    }
    .iter()
}

fn absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// Some value of one side equals some value of the other; nothing equals nothing.
fn equal(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::List(_), _) | (_, Value::List(_)) => {
            let wanted = keys(wanted);
            keys(value).iter().any(|key| wanted.contains(key))
        }
        _ => match (Key::of(value), Key::of(wanted)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        },
    }
}

fn compares(comparison: Comparison, value: &Value, wanted: &Value) -> bool {
    !value.is_null() && compare::order(value, wanted).is_some_and(|ordering| comparison.holds(ordering))
}

fn networks(cx: &dyn Bindings, operands: &[Operand], slots: &[Value]) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for operand in operands {
        match operand {
            Operand::Network(network) => networks.push(*network),
            other => networks.extend(elements(&cx.operand(other, slots)).filter_map(compare::network)),
        }
    }
    networks
}

fn with(slots: &[Value], slot: usize, value: Value) -> Vec<Value> {
    let mut slots = slots.to_vec();
    if let Some(place) = slots.get_mut(slot) {
        *place = value;
    }
    slots
}
