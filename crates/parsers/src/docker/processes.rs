//! Process lists (`ps aux`, `ps -ef`, `ps fauxwww`, `ps -elfL`): the daemon's command line among them.
//!
//! procps prints titles and then one process a line; the command is the last column and holds blanks. Other columns do
//! not, so that it begins behind as many words as titles stand before its own.

use crate::{Document, Parsed};

use super::config;

/// The number of columns before the command, when a line holds the titles of a process list.
pub(super) fn titles(line: &str) -> Option<usize> {
    let titles: Vec<&str> = line.split_whitespace().collect();
    let command = titles.iter().position(|title| matches!(*title, "COMMAND" | "CMD"))?;
    (command + 1 == titles.len() && titles.contains(&"PID") && titles.contains(&"TIME")).then_some(command)
}

/// Reads the settings of the daemon; other processes are passed over.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut columns = None;
    for line in document.lines() {
        if let Some(found) = titles(line.text) {
            columns = Some(found);
        } else if let Some(columns) = columns
            && line.text.contains("docker")
        {
            let mut rest = line.text.trim_start();
            for _ in 0..columns {
                rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
            }
            // The branches of a tree.
            let command = rest.trim_start_matches(['|', ' ', '\\', '_']);
            if let Some(settings) = config::of_command_line(command) {
                parsed.line_fact(document, line, settings);
            }
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_is_found_in_every_form_of_list() {
        let forms = [
            "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\nroot 812 0.1 0.3 1 2 ? Ssl Nov21 0:01  \\_ /usr/bin/dockerd --icc=false -H fd://\n",
            "UID PID PPID C STIME TTY TIME CMD\nroot 812 1 0 04:00 ? 00:00:01 dockerd --icc=false\nroot 900 812 0 04:00 ? 00:00:00 grep dockerd --icc=false\n",
        ];
        for form in forms {
            let parsed = parse(&Document::new("ps", form.as_bytes()));
            assert_eq!(parsed.facts.len(), 1);
            assert_eq!(
                (parsed.facts[0].source.first_line, parsed.facts[0].get("icc").to_string()),
                (2, "false".to_owned())
            );
        }
    }
}
