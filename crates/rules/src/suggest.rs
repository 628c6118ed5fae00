//! "Did you mean": the known name that is nearest to one that is not known.

/// The nearest of the known names, when one is near enough to be what was meant: the "did you mean" of
/// everything that people type.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.get(..wanted.len().min(64)).unwrap_or(wanted).to_ascii_lowercase().replace('-', "_");
    // Any letter is near to any other.
    let limit = if wanted.chars().count() < 2 { 0 } else { (wanted.chars().count() / 3).clamp(1, 4) };
    known
        .into_iter()
        .filter_map(|name| {
            let plain = name.to_ascii_lowercase().replace('-', "_");
            let part = part_of(&wanted, &plain) || part_of(&plain, &wanted);
            // A difference in length alone is a distance.
            let longer = plain.len().abs_diff(wanted.len());
            if longer > limit && !part {
                return None;
            }
            let distance = distance(&wanted, &plain);
            // A slip of the fingers comes before a name that only holds the word.
            let near = distance <= limit;
            (near || part).then_some((!near, if near { distance } else { longer }, name))
        })
        .min()
        .map(|(.., name)| name)
}

/// Whether a name consists of whole words of another one, such as `port` of `published_port`.
fn part_of(part: &str, whole: &str) -> bool {
    part.len() >= 3
        && whole.match_indices(part).any(|(at, _)| {
            let before = whole.get(..at).unwrap_or_default();
            let behind = whole.get(at + part.len()..).unwrap_or_default();
            let ends = |text: &str, at: Option<char>| text.is_empty() || at == Some('_') || at == Some('.');
            let long = part.len() >= 5;
            ends(before, before.chars().next_back()) && ends(behind, behind.chars().next())
                || long && (before.is_empty() || behind.is_empty())
        })
}

/// What was probably meant: the word of another tool, or the nearest name.
pub(crate) fn meant<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    synonym(wanted, &known).or_else(|| nearest(wanted, known))
}

/// The help for a name that is not known: the nearest, or the list when it is short enough to be read.
pub(crate) fn help<'a>(wanted: &str, what: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(name) = meant(wanted, known.iter().copied()) {
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
    ("regex", &["matches", "match"]),
    ("regexp", &["matches", "match"]),
    ("stopped", &["exited"]),
    ("up", &["running"]),
    ("started", &["running"]),
    ("blocker", &["critical"]),
    ("emergency", &["critical"]),
    ("severe", &["critical"]),
    ("none", &["info"]),
    ("trivial", &["info"]),
    ("production", &["stable"]),
    ("live", &["stable"]),
    ("released", &["stable"]),
    ("enabled", &["stable"]),
    ("disabled", &["draft"]),
    ("src", &["from"]),
    ("dst", &["to"]),
    ("dest", &["to"]),
    ("dport", &["port"]),
    ("state", &["status"]),
    ("exit_status", &["exit_code"]),
    ("container_name", &["container", "name"]),
    ("hostname", &["host", "node"]),
    ("ip", &["address"]),
    ("ip_address", &["address"]),
    ("addr", &["address"]),
    ("process_name", &["process"]),
    ("int", &["integer"]),
    ("number", &["integer"]),
    ("string", &["text"]),
    ("str", &["text"]),
    ("boolean", &["bool"]),
    ("seconds", &["duration"]),
    ("bytes", &["size"]),
    ("timestamp", &["time"]),
    ("date", &["time"]),
    ("cidr", &["network"]),
    ("empty", &["undefined"]),
    ("null", &["none"]),
    ("elseif", &["elif"]),
    ("elsif", &["elif"]),
    ("end", &["endif"]),
    ("fi", &["endif"]),
    ("foreach", &["for"]),
    ("capitalise", &["capitalize"]),
    ("len", &["length"]),
    ("size", &["length"]),
    ("human", &["bytes"]),
    ("filesizeformat", &["bytes"]),
    ("re", &["matches", "match"]),
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
    ("minimum_version", &["requires"]),
    ("min_version", &["requires"]),
    ("required_version", &["requires"]),
    ("needs", &["requires"]),
    ("suppressions", &["suppress"]),
    ("ignore", &["suppress"]),
    ("expires", &["until"]),
    ("expiry", &["until"]),
    ("end", &["until"]),
    ("by", &["author"]),
    ("owner", &["author"]),
    ("because", &["reason"]),
    ("why", &["reason"]),
    ("id", &["rule"]),
    ("overrides", &["rules"]),
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
        assert_eq!(nearest("nam", ["hostname", "name"]), Some("name"));
        assert_eq!(nearest("docker", ["docker_api_failure", "docker_daemon"]), Some("docker_daemon"));
        assert_eq!(distance("abcd", "acbd"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
