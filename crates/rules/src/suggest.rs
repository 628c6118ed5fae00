//! "Did you mean": the known name that is nearest to one that is not known.

/// The nearest of the known names, when one is near enough to be what was meant: the "did you mean" of
/// everything that people type.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.get(..wanted.len().min(64)).unwrap_or(wanted).to_ascii_lowercase().replace('-', "_");
    let limit = (wanted.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .filter_map(|name| {
            let plain = name.to_ascii_lowercase().replace('-', "_");
            // A difference in length alone is a distance.
            if plain.len().abs_diff(wanted.len()) > limit && !plain.contains(&wanted) && !wanted.contains(&plain) {
                return None;
            }
            let distance = distance(&wanted, &plain);
            let part = wanted.len() >= 3 && plain.len() >= 3 && (plain.contains(&wanted) || wanted.contains(&plain));
            (distance <= limit || part).then_some((if part { distance.min(limit) } else { distance }, name))
        })
        .min()
        .map(|(_, name)| name)
}

/// The help for a name that is not known: the nearest, or the list when it is short enough to be read.
pub(crate) fn help<'a>(wanted: &str, what: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(name) = synonym(wanted, &known).or_else(|| nearest(wanted, known.iter().copied())) {
        return Some(format!("did you mean `{name}`?"));
    }
    (!known.is_empty() && known.len() <= 40).then(|| format!("{what}: {}", known.join(", ")))
}

/// Words that other tools use, and what they are called here.
const SYNONYMS: &[(&str, &[&str])] = &[
    (">", &["gt"]),
    (">=", &["ge"]),
    ("<", &["lt"]),
    ("<=", &["le"]),
    ("=", &["is"]),
    ("==", &["is"]),
    ("!=", &["not"]),
    ("greater", &["gt"]),
    ("greater_than", &["gt"]),
    ("more_than", &["gt"]),
    ("above", &["gt"]),
    ("gte", &["ge"]),
    ("at_least", &["ge"]),
    ("less", &["lt"]),
    ("less_than", &["lt"]),
    ("below", &["lt"]),
    ("lte", &["le"]),
    ("at_most", &["le"]),
    ("eq", &["is"]),
    ("equals", &["is"]),
    ("equal", &["is"]),
    ("ne", &["not"]),
    ("neq", &["not"]),
    ("not_equals", &["not"]),
    ("is_not", &["not"]),
    ("in", &["any_of"]),
    ("one_of", &["any_of"]),
    ("oneof", &["any_of"]),
    ("not_in", &["none_of"]),
    ("nin", &["none_of"]),
    ("regex", &["matches"]),
    ("regexp", &["matches"]),
    ("re", &["matches"]),
    ("like", &["matches"]),
    ("pattern", &["matches", "match", "patterns"]),
    ("includes", &["contains"]),
    ("has", &["contains"]),
    ("prefix", &["starts_with"]),
    ("begins_with", &["starts_with"]),
    ("suffix", &["ends_with"]),
    ("cidr", &["in_subnet"]),
    ("subnet", &["in_subnet"]),
    ("in_cidr", &["in_subnet"]),
    ("in_network", &["in_subnet"]),
    ("exists", &["absent"]),
    ("present", &["absent"]),
    ("missing", &["absent"]),
    ("defined", &["absent"]),
    ("null", &["absent"]),
    ("since", &["after"]),
    ("until", &["before"]),
    ("older_than", &["before"]),
    ("newer_than", &["within", "after"]),
    ("name", &["id", "title"]),
    ("description", &["about"]),
    ("summary", &["title"]),
    ("level", &["severity"]),
    ("priority", &["severity"]),
    ("conditions", &["when"]),
    ("condition", &["when"]),
    ("if", &["when"]),
    ("match", &["when", "matches"]),
    ("filter", &["where"]),
    ("except", &["unless"]),
    ("not", &["unless", "none"]),
    ("remedy", &["fix"]),
    ("remediation", &["fix"]),
    ("solution", &["fix"]),
    ("links", &["references"]),
    ("text", &["message", "say"]),
    ("description", &["about", "say"]),
    ("command", &["run"]),
    ("cmd", &["run"]),
    ("parameters", &["params"]),
    ("replaces", &["supersedes"]),
    ("output", &["message"]),
    ("expected", &["expect"]),
    ("events", &["expect"]),
    ("logs", &["log"]),
    ("count", &["fires"]),
    ("optionally", &["optional"]),
    ("or", &["any"]),
    ("and", &["all"]),
    ("warning", &["medium"]),
    ("warn", &["medium"]),
    ("moderate", &["medium"]),
    ("error", &["high"]),
    ("major", &["high"]),
    ("fatal", &["critical"]),
    ("minor", &["low"]),
    ("notice", &["info"]),
    ("information", &["info"]),
    ("sure", &["high"]),
    ("certain", &["high"]),
    ("beta", &["draft"]),
    ("experimental", &["draft"]),
    ("active", &["stable"]),
    ("obsolete", &["deprecated"]),
    ("retired", &["deprecated"]),
    ("problem", &["cause"]),
    ("timeout", &["dropped", "timed_out"]),
    ("blocked", &["dropped"]),
    ("filtered", &["dropped"]),
    ("ok", &["delivered"]),
    ("open", &["delivered"]),
    ("reachable", &["delivered"]),
    ("accepted", &["delivered"]),
    ("success", &["delivered"]),
    ("unreachable", &["unroutable"]),
    ("connection_refused", &["refused"]),
    ("source", &["from"]),
    ("destination", &["to"]),
    ("target", &["to"]),
    ("protocol", &["proto"]),
    ("result", &["verdict"]),
    ("upper", &["upper"]),
    ("uppercase", &["upper"]),
    ("lowercase", &["lower"]),
];

/// What a word of other tools is called here, when that is known at this place.
fn synonym<'a>(wanted: &str, known: &[&'a str]) -> Option<&'a str> {
    let wanted = wanted.to_ascii_lowercase().replace(['-', ' '], "_");
    let meant = SYNONYMS.iter().filter(|(word, _)| *word == wanted).flat_map(|(_, meant)| *meant);
    meant.into_iter().find_map(|meant| known.iter().copied().find(|known| known == meant))
}

/// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = '\0';
    for (row, x) in a.chars().enumerate() {
        let mut line = vec![row + 1];
        for (column, y) in b.iter().enumerate() {
            // `line` holds `column + 1` entries here, `last` and `before` hold `b.len() + 1`.
            let replaced = last[column] + usize::from(x != *y);
            let mut best = replaced.min(last[column + 1] + 1).min(line[column] + 1);
            if row > 0 && column > 0 && x == b[column - 1] && previous == *y {
                best = best.min(before[column - 1] + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut last, line);
        previous = x;
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_near_are_found_and_others_are_not() {
        let known = ["container", "connection", "connection_failure", "listener"];
        assert_eq!(nearest("contianer", known), Some("container"));
        assert_eq!(nearest("listeners", known), Some("listener"));
        assert_eq!(nearest("connection-failure", known), Some("connection_failure"));
        assert_eq!(nearest("sysctl", known), None);
        assert_eq!(distance("abcd", "acbd"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
