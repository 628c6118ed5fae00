//! `docker port NAME` (`5432/tcp -> 127.0.0.1:15432`), `podman port -a`, which puts the short id of the container before it.

use bundlescope_facts::{PublishedPort, Text};

use crate::{Document, Parsed};

use super::ports;

/// True when a line is of either form.
pub(super) fn is_row(line: &str) -> bool {
    row(line).is_some()
}

/// The container where the line names it, the port inside and the place on the host.
fn row(line: &str) -> Option<(Option<&str>, &str, &str)> {
    let (inside, outside) = line.trim().split_once(" -> ")?;
    let (container, inside) = match inside.split_once(char::is_whitespace) {
        Some((container, inside)) => (Some(container), inside.trim()),
        None => (None, inside),
    };
    ports::port_and_proto(inside).filter(|_| inside.contains('/'))?;
    let (address, port) = outside.rsplit_once(':')?;
    (crate::words::address(address).is_some() && port.parse::<u16>().is_ok()).then_some((container, inside, outside))
}

/// Reads lines of ports; without a name in the line they are of the container that the command names.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let named = document.subject.split_ascii_whitespace().skip_while(|word| *word != "port").nth(1);
    let named: Text = named.filter(|name| !name.starts_with('-')).unwrap_or_default().into();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if named.is_empty() && row(line.text).is_some_and(|(container, ..)| container.is_none()) {
            parsed.problem(
                document,
                line.number,
                "ports of a container that neither the line nor the document's name tells",
            );
            return parsed;
        }
        let read = row(line.text).and_then(|(container, inside, outside)| {
            let (container_port, proto) = ports::port_and_proto(inside)?;
            let (address, port) = outside.rsplit_once(':')?;
            Some(PublishedPort {
                container: container.map_or_else(|| named.clone(), Text::from),
                proto,
                container_port,
                host_address: crate::words::address(address),
                host_port: port.parse().ok(),
                active: true,
            })
        });
        match read {
            Some(port) => parsed.line_fact(document, line, port),
            None => parsed.problem(document, line.number, "not a port such as `80/tcp -> 0.0.0.0:8080`"),
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "5432/tcp -> 127.0.0.1:18082\n9000/udp -> [::]:18083\n";

    fn read(path: &str, text: &str) -> (Vec<String>, usize) {
        let parsed = parse(&Document::new(path, text.as_bytes()));
        let shown = |fact: &bundlescope_facts::Fact| {
            ["container", "container_port", "proto", "host_address", "host_port"]
                .map(|name| fact.get(name).to_string())
                .join(" ")
        };
        (parsed.facts.iter().map(shown).collect(), parsed.problems.len())
    }

    #[test]
    fn the_command_or_the_line_names_the_container() {
        let expected = ["db 5432 tcp 127.0.0.1 18082", "db 9000 udp :: 18083"].map(str::to_owned).to_vec();
        assert_eq!(read("docker_port_db.txt", ROWS), (expected.clone(), 0));
        let of_podman = ROWS.replace("5432", "db\t5432").replace("9000", "db\t9000");
        assert_eq!(read("ports.txt", &of_podman), (expected, 0));
    }

    #[test]
    fn ports_of_nobody_are_a_problem() {
        assert_eq!(read("ports.txt", ROWS), (Vec::new(), 1));
        assert_eq!(read("docker_port_db.txt", "no public port '7890/udp' published for test\n"), (Vec::new(), 1));
    }
}
