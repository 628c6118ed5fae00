//! The smallest part of something that still does what the whole does.

use serde_json::Value;

/// Drops items as long as the rest is still good: large pieces first, then smaller ones (delta debugging). The order
/// stays. `good` is asked about sets that leave something out; it holds for all items.
pub(super) fn minimal<T: Clone>(items: Vec<T>, good: &mut dyn FnMut(&[T]) -> bool) -> Vec<T> {
    let mut items = items;
    let mut size = items.len().div_ceil(2).max(1);
    while !items.is_empty() {
        let mut at = 0;
        let mut dropped = false;
        while at < items.len() {
            let end = (at + size).min(items.len());
            let rest: Vec<T> = items.iter().take(at).chain(items.iter().skip(end)).cloned().collect();
            if good(&rest) {
                items = rest;
                dropped = true;
            } else {
                at = end;
            }
        }
        if size == 1 {
            // What was needed for something that went later may go now.
            if !dropped {
                break;
            }
        } else {
            size = size.div_ceil(2);
        }
    }
    items
}

/// A JSON document without the elements and entries that do not matter.
pub(super) fn minimal_json(root: Value, good: &mut dyn FnMut(&Value) -> bool) -> Value {
    let mut root = root;
    shrink(&mut root, &mut Vec::new(), good);
    root
}

/// One step into a JSON document.
#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Item(usize),
}

fn find<'v>(root: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter().try_fold(root, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Item(position) => value.get_mut(*position),
    })
}

fn shrink(root: &mut Value, path: &mut Vec<Step>, good: &mut dyn FnMut(&Value) -> bool) {
    // JSON readers bound how deep documents nest.
    let steps: Vec<Step> = match find(root, path) {
        Some(Value::Object(map)) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            let kept = minimal(keys, &mut |keys| {
                let mut candidate = root.clone();
                if let Some(Value::Object(map)) = find(&mut candidate, path) {
                    map.retain(|key, _| keys.contains(key));
                }
                good(&candidate)
            });
            if let Some(Value::Object(map)) = find(root, path) {
                map.retain(|key, _| kept.contains(key));
            }
            kept.into_iter().map(Step::Key).collect()
        }
        Some(Value::Array(items)) => {
            let positions: Vec<usize> = (0..items.len()).collect();
            let pick = |items: &[Value], kept: &[usize]| {
                kept.iter().filter_map(|position| items.get(*position).cloned()).collect::<Vec<Value>>()
            };
            let kept = minimal(positions, &mut |positions| {
                let mut candidate = root.clone();
                if let Some(Value::Array(items)) = find(&mut candidate, path) {
                    *items = pick(items, positions);
                }
                good(&candidate)
            });
            if let Some(Value::Array(items)) = find(root, path) {
                *items = pick(items, &kept);
            }
            (0..kept.len()).map(Step::Item).collect()
        }
        _ => Vec::new(),
    };
    for step in steps {
        path.push(step);
        shrink(root, path, good);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_left_is_good_and_nothing_of_it_can_go(
            needed in proptest::collection::btree_set(0_u32..40, 0..6),
            number in 1_u32..60,
        ) {
            let needed: Vec<u32> = needed.into_iter().filter(|n| *n < number).collect();
            let mut good = |items: &[u32]| needed.iter().all(|n| items.contains(n));
            prop_assert_eq!(minimal((0..number).collect(), &mut good), needed);
        }
    }

    #[test]
    fn json_loses_what_nobody_asks_for() {
        let whole = serde_json::json!([
            {"Name": "/a", "State": {"Running": true, "Pid": 1}, "Env": ["A=1"]},
            {"Name": "/b", "State": {"Running": false, "Pid": 0}, "Env": ["B=1", "C=2"]},
        ]);
        let mut good = |value: &Value| {
            let all = value.as_array().unwrap();
            all.iter().any(|one| one["Name"] == "/b" && one["State"]["Running"] == false)
        };
        let small = minimal_json(whole, &mut good);
        assert_eq!(small, serde_json::json!([{"Name": "/b", "State": {"Running": false}}]));
    }
}
