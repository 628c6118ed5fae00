//! The STATUS column of `docker ps`, which the API's list carries as well: moby's `State.String` in all its versions.

use bundlescope_facts::Text;

/// What the words say.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    /// As `docker inspect` names it; absent where the words are unknown.
    pub(super) status: Option<Text>,
    /// In the brackets of `Exited (137)` and `Restarting (1)`.
    pub(super) exit_code: Option<i64>,
    /// `healthy`, `unhealthy`, `starting`.
    pub(super) health: Option<Text>,
    /// Seconds, as rounded by the words.
    pub(super) age: Option<u64>,
}

/// Reads a status such as `Up 3 hours (healthy)` or `Exited (137) About a minute ago`.
pub(super) fn read(text: &str) -> Seen {
    let (first, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let bracket = rest.find('(').and_then(|open| rest[open + 1..].split_once(')')).map(|(inside, _)| inside);
    // Compose 1 writes `Exit 137`.
    let code = bracket.or(Some(rest).filter(|_| first == "Exit")).and_then(|inside| inside.parse().ok());
    let outside: String = match (rest.find('('), rest.find(')')) {
        (Some(open), Some(close)) if open < close => format!("{} {}", &rest[..open], &rest[close + 1..]),
        _ => rest.to_owned(),
    };
    let status = match first {
        // Compose before 2.18 uses the API's words.
        "running" | "created" | "restarting" | "removing" | "paused" | "exited" | "dead" => first,
        "Up" if bracket == Some("Paused") => "paused",
        "Up" => "running",
        "Exited" | "Exit" => "exited",
        "Restarting" => "restarting",
        "Created" => "created",
        "Dead" => "dead",
        "Removal" => "removing",
        _ => return Seen::default(),
    };
    let health = match bracket.map(|inside| inside.strip_prefix("health: ").unwrap_or(inside)) {
        Some(word @ ("healthy" | "unhealthy" | "starting")) => Some(word.into()),
        _ => None,
    };
    Seen { status: Some(status.into()), exit_code: code, health, age: age(&outside) }
}

/// Seconds of go-units' `HumanDuration`: `Less than a second`, `About an hour`, `3 weeks`, in any case, with or without
/// `ago`.
pub(super) fn age(text: &str) -> Option<u64> {
    let text = text.trim().to_lowercase();
    let text = text.strip_suffix(" ago").unwrap_or(&text);
    if text == "less than a second" {
        return Some(0);
    }
    let (amount, unit) = text.strip_prefix("about ").unwrap_or(text).split_once(' ')?;
    let amount: u64 = if matches!(amount, "a" | "an") { 1 } else { amount.parse().ok()? };
    let seconds = match unit.strip_suffix('s').unwrap_or(unit) {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        "week" => 7 * 86_400,
        "month" => 30 * 86_400,
        "year" => 365 * 86_400,
        _ => return None,
    };
    amount.checked_mul(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_status_is_told() {
        let seen = |text: &str| {
            let Seen { status, exit_code, health, age } = read(text);
            (status.as_deref().map(str::to_owned), exit_code, health.as_deref().map(str::to_owned), age)
        };
        let status = |word: &str| Some(word.to_owned());
        assert_eq!(seen("Up 33 seconds"), (status("running"), None, None, Some(33)));
        assert_eq!(seen("Up Less than a second"), (status("running"), None, None, Some(0)));
        assert_eq!(seen("Up About an hour (healthy)"), (status("running"), None, status("healthy"), Some(3600)));
        assert_eq!(seen("Up 5 minutes (health: starting)"), (status("running"), None, status("starting"), Some(300)));
        assert_eq!(seen("Up 2 days (Paused)"), (status("paused"), None, None, Some(172_800)));
        assert_eq!(seen("Exited (137) 3 weeks ago"), (status("exited"), Some(137), None, Some(1_814_400)));
        assert_eq!(seen("Restarting (1) 5 seconds ago"), (status("restarting"), Some(1), None, Some(5)));
        assert_eq!(seen("Exit 137"), (status("exited"), Some(137), None, None));
        assert_eq!(seen("exited (1)"), (status("exited"), Some(1), None, None));
        assert_eq!(seen("running (healthy)"), (status("running"), None, status("healthy"), None));
        assert_eq!(seen("Created"), (status("created"), None, None, None));
        assert_eq!(seen("Removal In Progress"), (status("removing"), None, None, None));
        assert_eq!(seen("?? (("), (None, None, None, None));
    }
}
