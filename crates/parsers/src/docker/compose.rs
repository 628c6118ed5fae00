//! `docker-compose ps` and `docker-compose images` of Compose 1, which draws its own table: centred titles above a line of dashes, long cells wrapped.
//!
//! Compose 2 prints tables like the CLI's, which [`super::tables`] reads.

use bundlescope_facts::{Container, Image, Text};

use crate::{Document, Parsed};

use super::{cells, ports, status};

/// True when a line holds the titles.
pub(super) fn titles(line: &str) -> bool {
    line.split_whitespace().eq(["Name", "Command", "State", "Ports"])
}

/// True when a line holds the titles of the list of images.
pub(super) fn image_titles(line: &str) -> bool {
    line.split_whitespace().eq(["Container", "Repository", "Tag", "Image", "Id", "Size"])
}

/// Reads the list of images that the containers of a project were made from.
pub(super) fn parse_images(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().skip_while(|line| !image_titles(line.text)).skip(1) {
        if line.text.trim().is_empty() || line.text.starts_with("---") {
            continue;
        }
        let cells: Vec<&str> = line.text.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        let [_, repository, tag, id, size] = cells[..] else {
            parsed.problem(document, line.number, "not a row of a container, a repository, a tag, an id and a size");
            continue;
        };
        let named = repository != "<none>" && tag != "<none>";
        let data = Image {
            id: id.into(),
            tags: if named { vec![format!("{repository}:{tag}").into()] } else { Vec::new() },
            size: cells::size(size),
            ..Image::default()
        };
        parsed.line_fact(document, line, data);
    }
    parsed
}

/// Reads a document of lists of containers.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut inside = false;
    let mut last: Option<(Text, bool)> = None;
    for line in document.lines() {
        if titles(line.text) || line.text.trim().is_empty() {
            inside = titles(line.text);
            continue;
        }
        if !inside || line.text.starts_with("---") {
            continue;
        }
        let cells: Vec<&str> = line.text.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        let source = document.source(line, line);
        if !line.text.starts_with(' ') {
            // The state is the last cell that reads like one; a command may look like anything.
            let seen = cells.iter().skip(1).rev().map(|cell| status::read(cell)).find(|seen| seen.status.is_some());
            let (Some(name), Some(seen)) = (cells.first(), seen) else {
                parsed.problem(document, line.number, "not a row of a name, a command, a state and ports");
                continue;
            };
            let name = Text::from(*name);
            let running = matches!(seen.status.as_deref(), Some("running" | "paused"));
            last = Some((name.clone(), running));
            let container = Container {
                name,
                status: seen.status,
                running,
                exit_code: seen.exit_code,
                health: seen.health,
                ..Container::default()
            };
            parsed.line_fact(document, line, container);
        }
        // Ports stand last, and go on alone in the lines below.
        if let (Some((name, running)), Some(cell)) = (&last, cells.last())
            && cell.split(',').any(|piece| ports::mapping(piece.trim()).is_some())
        {
            ports::of_column(cell, name, *running, &source, &mut parsed);
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_rows_and_every_state_are_read() {
        let text = "     Name                Command             State                 Ports\n\
                    ------------------------------------------------------------------------------\n\
                    shop_db_1     docker-entry ... postgres   Up (healthy)   5432/tcp\n\
                    shop_web_1    /bin/sh -c nginx            Up             0.0.0.0:443->443/tcp,\n\
                    \x20                                                         0.0.0.0:80->80/tcp\n\
                    shop_job_1    migrate                     Exit 137\n";
        let parsed = parse(&Document::new("ps", text.as_bytes()));
        assert_eq!(parsed.problems, []);
        let told = |fact: &bundlescope_facts::Fact| {
            let of = |field: &str| fact.get(field).to_string();
            (
                fact.source.first_line,
                of("name") + &of("container"),
                of("status") + &of("host_port"),
                of("exit_code") + &of("health"),
            )
        };
        let expected = [
            (3, "shop_db_1", "running", "healthy"),
            (4, "shop_web_1", "running", ""),
            (4, "shop_web_1", "443", ""),
            (5, "shop_web_1", "80", ""),
            (6, "shop_job_1", "exited", "137"),
        ];
        let expected =
            expected.map(|(line, name, state, rest)| (line, name.to_owned(), state.to_owned(), rest.to_owned()));
        assert_eq!(parsed.facts.iter().map(told).collect::<Vec<_>>(), expected);
    }
}
