//! What `docker compose up` and `docker-compose up` print, Compose 1.5 to 2.40, and the failures of `docker run`, `start`, `restart` and
//! `pull`, Docker 1.10 to 29.

mod reason;

use bundlescope_facts::ComposeFailure;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static COMPOSE_UP: Format =
    Format { name: "compose-up", collect: "docker compose up -d", kinds: &["compose_failure"], detect, parse };

/// Commands whose failures these are.
const COMMANDS: &[&[&str]] = &[
    &["docker-compose"],
    &["docker", "compose"],
    &["docker", "run"],
    &["docker", "start"],
    &["docker", "restart"],
    &["docker", "pull"],
    &["docker", "stack"],
];

/// What Compose prints while it works: ` Container shop-web-1  Started`, `Creating shop_web_1 ... done`, ` ✔ Network x  Created`.
fn is_progress(line: &str) -> bool {
    let text = line.trim_start_matches([' ', '✔', '✘', '⠿', '!']).trim_end();
    if line.starts_with("[+] Running ") || line.starts_with("[+] up ") {
        return true;
    }
    let object = ["Container ", "Network ", "Volume ", "Image "].iter().find_map(|start| text.strip_prefix(start));
    if let Some(rest) = object {
        const STATES: &[&str] = &[
            "Creating",
            "Created",
            "Starting",
            "Started",
            "Running",
            "Waiting",
            "Healthy",
            "Error",
            "Recreate",
            "Recreated",
            "Stopping",
            "Stopped",
            "Removing",
            "Removed",
            "Exited",
            "Unhealthy",
        ];
        return rest.split_ascii_whitespace().skip(1).any(|word| STATES.contains(&word));
    }
    let old = ["Creating ", "Starting ", "Recreating ", "Stopping ", "Removing ", "Restarting "]
        .iter()
        .find_map(|start| text.strip_prefix(start));
    old.is_some_and(|rest| {
        let named = rest.split_ascii_whitespace().count();
        rest.contains(" ... ")
            || rest.ends_with("...")
            || rest.starts_with("network \"")
            || named == 1 && rest.contains('_')
    })
}

/// A failure that only Compose words so.
fn is_own(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("ERROR: for ")
        || line.starts_with("dependency failed to start: ")
        || line == "ERROR: Encountered errors while bringing up the project."
        || line.ends_with(": invalid compose project")
        || line.starts_with("ERROR: The Compose file '")
}

fn detect(hint: &Hint<'_>) -> Match {
    // What the commands print when they work is read by other formats.
    let named = COMMANDS.iter().any(|words| words::subject_is(hint.subject, words))
        && !hint.subject.contains(" ps")
        && !hint.subject.contains("logs");
    let lines = || hint.head.lines().take(400);
    let failed = lines().any(|line| reason::failure(line, None).is_some());
    let progress = lines().any(is_progress);
    let own = lines().any(is_own);
    Match::of(failed && (named || progress || own), named)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut lines = document.lines().peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().copied();
        let Some(failure) = reason::failure(line.text, next.map(|next| next.text)) else { continue };
        let with_next = next.filter(|_| reason::failure(line.text, None) != Some(failure.clone()));
        let ComposeFailure { message, .. } = &failure;
        // Compose says the same twice: for the service, and at the end.
        let before = parsed.facts.last().is_some_and(|fact| fact.get("message").to_string().ends_with(&**message));
        if !before {
            parsed.fact(document, line, with_next.unwrap_or(line), failure);
        }
    }
    super::hand_on(document, &mut parsed);
    parsed
}

#[cfg(test)]
mod tests;
