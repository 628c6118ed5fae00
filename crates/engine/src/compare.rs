//! Comparing values: numbers, versions, times, networks.

use std::cmp::Ordering;
use std::net::IpAddr;

use bundlescope_facts::Value;
use ipnet::IpNet;
use jiff::Timestamp;

/// Orders two scalars: numbers as numbers, times as times, other text as versions.
pub(crate) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    if let (Value::Int(a), Value::Int(b)) = (a, b) {
        return Some(a.cmp(b));
    }
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return a.partial_cmp(&b);
    }
    if let (Some(a), Some(b)) = (time(a), time(b)) {
        return Some(a.cmp(&b));
    }
    Some(versions(a.as_text()?, b.as_text()?))
}

/// The number that a value is, or that its text writes.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(int) => Some(*int as f64),
        Value::Float(float) => Some(*float),
        // A text such as `1.10` is rather a version, so that only whole numbers count.
        Value::Text(text) => text.parse::<i64>().ok().map(|int| int as f64),
        _ => None,
    }
}

/// The time that a text writes.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    let text = value.as_text()?;
    // Numbers and versions are by far the most frequent other texts.
    if text.len() < 16 || !text.contains('T') && !text.contains(' ') {
        return None;
    }
    text.parse().ok()
}

/// The network that a text writes; an address is the network of itself alone.
pub(crate) fn network(value: &Value) -> Option<IpNet> {
    let text = value.as_text()?;
    match text.parse::<IpNet>() {
        Ok(network) => Some(network),
        Err(_) => text.parse::<IpAddr>().ok().map(IpNet::from),
    }
}

/// Whether two networks share addresses.
pub(crate) fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

/// Orders versions: numbers as numbers, a missing part as zero, letters before nothing (`1.0-rc1` before `1.0`).
fn versions(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (parts(a), parts(b));
    loop {
        let ordering = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(x), None) => against_nothing(x),
            (None, Some(y)) => against_nothing(y).reverse(),
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Greater,
                (Err(_), Ok(_)) => Ordering::Less,
                (Err(_), Err(_)) => x.cmp(y),
            },
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

fn against_nothing(part: &str) -> Ordering {
    match part.parse::<u64>() {
        Ok(number) => number.cmp(&0),
        Err(_) => Ordering::Less,
    }
}

/// The runs of digits and the runs of letters of a version.
fn parts(version: &str) -> impl Iterator<Item = &str> {
    let version = version.strip_prefix('v').unwrap_or(version);
    version.split(|c: char| !c.is_alphanumeric()).flat_map(|part| {
        let mut rest = part;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let end = rest.find(|c: char| c.is_ascii_digit() != first.is_ascii_digit()).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            rest = after;
            Some(run)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_people_order_them() {
        let ascending =
            ["1.0-rc1", "1.0-rc2", "1.0", "1.0.1", "1.2", "1.10", "18.09.9", "20.10.0~3", "20.10.7", "v27.1"];
        for pair in ascending.windows(2) {
            assert_eq!(versions(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(versions(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(versions("1.0", "1.0.0"), Ordering::Equal);
    }

    #[test]
    fn scalars_are_ordered_by_what_they_are() {
        assert_eq!(order(&"9".into(), &Value::Int(10)), Some(Ordering::Less));
        assert_eq!(order(&Value::Float(0.5), &Value::Int(0)), Some(Ordering::Greater));
        let (early, late) = ("2026-01-01T00:00:00Z".into(), "2026-01-01T00:00:00.5Z".into());
        assert_eq!(order(&early, &late), Some(Ordering::Less));
        assert_eq!(order(&Value::Null, &Value::Int(1)), None);
        assert!(overlap(&"10.0.0.0/8".parse().unwrap(), &"10.1.0.0/16".parse().unwrap()));
        assert!(network(&"10.0.0.1".into()).is_some());
    }
}
