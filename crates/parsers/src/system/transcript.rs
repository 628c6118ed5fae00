//! A transcript: the outputs of several commands in one document, each under a heading.
//!
//! Headings are shell prompts (`$ ss -tlnp`, `root@web1:~# ip addr`), traces (`+ ip addr`), `tail`'s `==> /etc/hosts <==`, comments and
//! decorations (`# ip addr`, `### iptables-save ###`, `--- ss ---`) and underlined commands. A comment inside a file is told from a
//! heading by what it names: a known command with fitting arguments, or an absolute path, and nothing else. Blocks of code of a
//! Markdown text (a ticket, an issue) are sections too, whether or not a command stands above them.

use bundlescope_facts::Text;

use crate::document::{Document, Line, LogPart, Parsed};
use crate::format::{Format, Hint, Match, all};
use crate::layout::{Command, command_line};

/// The format.
pub(crate) static TRANSCRIPT: Format = Format { name: "transcript", collect: "", kinds: &[], detect, parse };

/// A part of a document below one heading; the first may have none.
struct Section<'a> {
    command: Option<Command>,
    first_line: u32,
    /// Position in the bytes of the document.
    start: usize,
    bytes: &'a [u8],
}

/// The command that a line announces.
fn heading(line: &str) -> Option<Command> {
    if line.len() > 400 || line.starts_with([' ', '\t']) {
        return None;
    }
    let line = line.trim_end();
    let inner = decorated(line).or_else(|| prompt(line)).or_else(|| announced(line))?;
    let inner = inner.trim().trim_end_matches(':').trim();
    let quoted =
        inner.len() > 2 && ["`", "'", "\""].iter().any(|quote| inner.starts_with(quote) && inner.ends_with(quote));
    command_line(if quoted { &inner[1..inner.len() - 1] } else { inner })
}

/// `# ip addr`, `### iptables-save ###`, `==> /etc/hosts <==`, `+ ip addr`, `[ip addr]`.
fn decorated(line: &str) -> Option<&str> {
    const SIGNS: [char; 9] = ['#', '=', '-', '*', '>', '<', '+', '~', '_'];
    let inner = line.trim_start_matches(SIGNS);
    if inner.len() == line.len() || !inner.starts_with([' ', '`', '\'', '[']) {
        return None;
    }
    let inner = inner.trim_end_matches(SIGNS).trim();
    Some(inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(inner))
}

/// What follows a shell's prompt.
fn prompt(line: &str) -> Option<&str> {
    if let Some(rest) = ["$ ", "% ", "❯ ", "➜  "].iter().find_map(|sign| line.strip_prefix(sign)) {
        return Some(rest);
    }
    // `[root@web1 ~] ip addr`, of shells whose prompt ends with the bracket.
    if let Some((inside, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once("] "))
        && inside.contains('@')
        && inside.len() < 80
    {
        return Some(rest);
    }
    let at = line.find("# ").or_else(|| line.find("$ ")).or_else(|| line.find(" % ").map(|at| at + 1))?;
    let (before, rest) = (&line[..at], &line[at + 2..]);
    let user = before
        .split_once('@')
        .is_some_and(|(user, host)| !user.contains(' ') && !host.is_empty() && host.split(' ').count() <= 2);
    let plain = matches!(before, "/ " | "~ ") || before.starts_with("bash-") || before.starts_with("sh-");
    (before.len() < 120 && (user || plain)).then_some(rest)
}

/// `Command: ip addr`, `Output of ip addr:`.
fn announced(line: &str) -> Option<&str> {
    let starts = [
        "Command: ",
        "command: ",
        "COMMAND: ",
        "CMD: ",
        "cmd: ",
        "Running: ",
        "Executing: ",
        "Output of ",
        "output of ",
        "Running command: ",
        "Command output: ",
    ];
    starts.iter().find_map(|start| line.strip_prefix(start))
}

/// A line of signs alone, as under or over a heading.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.bytes().all(|byte| matches!(byte, b'=' | b'-' | b'#' | b'*' | b'~' | b'_'))
}

/// A line that begins or ends a block of code in Markdown.
fn is_fence(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t', '>']);
    line.starts_with("```") && !line[3..].contains('`') && line.len() < 40
}

fn sections<'a>(document: &Document<'a>) -> Vec<Section<'a>> {
    let mut found: Vec<Section<'a>> = Vec::new();
    let mut lines = document.lines().peekable();
    // The byte behind the last line that belongs to the open section, for cutting at lines of signs.
    let mut open: Option<(Option<Command>, u32, usize)> = None;
    let position =
        |line: &Line<'_>| usize::try_from(line.start.saturating_sub(document.offset)).unwrap_or(document.bytes.len());
    let mut previous_rule: Option<usize> = None;
    while let Some(line) = lines.next() {
        let start = position(&line);
        if is_fence(line.text) {
            let behind = lines
                .peek()
                .map_or((line.number.saturating_add(1), document.bytes.len()), |next| (next.number, position(next)));
            // The block below a heading is the output of its command.
            let kept = match open.take() {
                Some((Some(command), _, at)) if is_blank(document, at, start) => Some(command),
                other => {
                    close(document, &mut found, other, start);
                    None
                }
            };
            open = Some((kept, behind.0, behind.1));
            previous_rule = None;
            continue;
        }
        let underlined = lines.peek().is_some_and(|next| is_rule(next.text));
        let command = heading(line.text).or_else(|| {
            if underlined && !line.text.starts_with([' ', '\t']) { command_line(line.text.trim()) } else { None }
        });
        if let Some(command) = command {
            // A line of signs above the heading belongs to it.
            let end = previous_rule.unwrap_or(start);
            close(document, &mut found, open.take(), end);
            if underlined {
                lines.next();
            }
            let (number, at) = lines
                .peek()
                .map_or((line.number.saturating_add(1), document.bytes.len()), |next| (next.number, position(next)));
            open = Some((Some(command), number, at));
            previous_rule = None;
            continue;
        }
        if open.is_none() {
            open = Some((None, line.number, start));
        }
        previous_rule = if is_rule(line.text) {
            previous_rule.or(Some(start))
        } else if line.text.trim().is_empty() {
            previous_rule
        } else {
            None
        };
    }
    close(document, &mut found, open, document.bytes.len());
    found
}

/// True when nothing stands between two positions.
fn is_blank(document: &Document<'_>, start: usize, end: usize) -> bool {
    document.bytes.get(start..end).is_some_and(|bytes| bytes.iter().all(u8::is_ascii_whitespace))
}

fn close<'a>(
    document: &Document<'a>,
    found: &mut Vec<Section<'a>>,
    open: Option<(Option<Command>, u32, usize)>,
    end: usize,
) {
    if let Some((command, first_line, start)) = open {
        let bytes = document.bytes.get(start..end.max(start)).unwrap_or_default();
        found.push(Section { command, first_line, start, bytes });
    }
}

/// The surest format of a section.
fn format_of(section: &Section<'_>) -> Option<&'static Format> {
    let command = section.command.as_ref();
    if command.is_some_and(Command::is_log) {
        return None;
    }
    let subject = command.map_or("", |command| command.subject.as_str());
    let head = &section.bytes[..section.bytes.len().min(64 << 10)];
    let head = crate::identify::valid_prefix(head);
    if head.trim().is_empty() {
        return None;
    }
    // The document's own path says nothing about one of its sections.
    let hint = Hint { path: subject, subject, head };
    let mut best: (Match, Option<&'static Format>) = (Match::Path, None);
    for format in all().filter(|format| format.name != TRANSCRIPT.name) {
        let found = (format.detect)(&hint);
        if found > best.0 {
            best = (found, Some(format));
        }
    }
    best.1
}

fn detect(hint: &Hint<'_>) -> Match {
    // Most documents have no heading at all; a look at the first bytes of each line is cheap.
    let headings = hint.head.lines().filter(|line| heading(line).is_some()).take(2).count();
    let underlined = hint.head.lines().any(is_rule);
    let fences = hint.head.lines().filter(|line| is_fence(line)).take(2).count();
    if headings == 0 && !underlined && fences < 2 {
        return Match::No;
    }
    let document = Document::new("", hint.head.as_bytes());
    let sections = sections(&document);
    let named = sections.iter().filter(|section| section.command.is_some()).count();
    let first = sections.first().is_some_and(|section| section.command.is_some());
    // A copied file may name itself in its first comment.
    let file = hint.subject.starts_with('/');
    let enough = named >= 2 || (first && !file) || fences >= 2;
    let read =
        sections.iter().any(|section| (section.command.is_some() || fences >= 2) && format_of(section).is_some());
    if enough && read { Match::Both } else { Match::No }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    // A heading on the last line heads nothing, and what would follow it lies outside of the document.
    for section in sections(document).into_iter().filter(|section| !section.bytes.is_empty()) {
        let command = section.command.as_ref();
        let log_of = command.and_then(|command| command.log_of().or_else(|| command.container.clone()));
        let (pod, of_pod) = command.and_then(Command::pod_of_log).unzip();
        let log = LogPart {
            container: log_of.or(of_pod.flatten()).or_else(|| document.container.clone()),
            pod,
            is_log: command.is_some_and(Command::is_log),
            first_line: section.first_line,
            span: (section.start, section.start + section.bytes.len()),
        };
        let Some(format) = format_of(&section) else {
            parsed.logs.push(log);
            continue;
        };
        let (subject, container): (Text, Option<Text>) = match section.command {
            Some(command) => (command.subject.into(), command.container),
            None => (document.subject.clone(), None),
        };
        let inner = Document {
            path: document.path.clone(),
            subject,
            bytes: section.bytes,
            container: container.or_else(|| document.container.clone()),
            first_line: section.first_line,
            indent: document.indent,
            offset: document.offset + section.start as u64,
        };
        let one = format.read(&inner);
        // What a failed command says is read as a log as well: `docker run`, `docker pull`, `curl` name the cause there.
        if !one.facts.is_empty() && one.facts.iter().all(|fact| fact.kind() == "collection_error") {
            parsed.logs.push(log);
        }
        if !one.facts.is_empty() || one.problems.is_empty() {
            parsed.sections.push((format.name, inner.container.clone()));
        }
        parsed.facts.extend(one.facts);
        parsed.problems.extend(one.problems);
        parsed.more_problems += one.more_problems;
        parsed.logs.extend(
            one.logs
                .into_iter()
                .map(|part| LogPart { span: (section.start + part.span.0, section.start + part.span.1), ..part }),
        );
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, identify};

    fn kinds(path: &str, text: &str) -> Vec<(String, u32, String)> {
        let identified = identify(path, text.as_bytes());
        let Identity::Format(format) = identified.identity else { return Vec::new() };
        assert_eq!(format.name, "transcript");
        let document = Document { container: identified.container, ..Document::new(path, text.as_bytes()) };
        let parsed = format.read(&document);
        assert_eq!(parsed.problems, []);
        let container = |fact: &bundlescope_facts::Fact| fact.get("container").to_string();
        parsed.facts.iter().map(|fact| (fact.kind().to_owned(), fact.source.first_line, container(fact))).collect()
    }

    #[test]
    fn sections_keep_their_lines_and_the_container_of_the_document() {
        let text = "# /etc/resolv.conf\nnameserver 10.0.0.1\n# ip route\ndefault via 172.26.0.1 dev eth0 \n# ss -tlnp\n\
                    State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\nLISTEN 0      244          0.0.0.0:5432      0.0.0.0:*\n";
        let db = || "db".to_owned();
        let found: Vec<_> =
            kinds("docker/exec/db.txt", text).into_iter().filter(|(kind, ..)| kind != "listener_list").collect();
        assert_eq!(found, [("resolver".into(), 2, db()), ("route".into(), 4, db()), ("listener".into(), 7, db())]);
    }

    #[test]
    fn headings_of_every_style() {
        for style in [
            "# CMD",
            "$ CMD",
            "### CMD ###",
            "==> CMD <==",
            "+ CMD",
            "root@web1:~# CMD",
            "[root@web1 ~]# CMD",
            "--- CMD ---",
            "CMD\n---------",
            "=======\nCMD\n=======",
            "Command: CMD",
            "## `CMD`:",
        ] {
            let text = format!(
                "{}\ndefault via 10.0.0.1 dev eth0\n\n{}\n10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 STALE\n",
                style.replace("CMD", "ip route"),
                style.replace("CMD", "ip neigh show")
            );
            let found: Vec<_> = kinds("notes.txt", &text).into_iter().map(|(kind, ..)| kind).collect();
            assert_eq!(found, ["route", "neighbour"], "{style}");
        }
    }

    #[test]
    fn a_command_run_inside_a_container_belongs_to_it() {
        let text =
            "$ docker exec db ip route\ndefault via 172.26.0.1 dev eth0\n$ ip route\ndefault via 10.0.0.1 dev eth1\n";
        let found: Vec<_> =
            kinds("session.txt", text).into_iter().map(|(_, line, container)| (line, container)).collect();
        assert_eq!(found, [(2, "db".to_owned()), (4, String::new())]);
    }

    #[test]
    fn sections_that_no_parser_reads_are_told() {
        let text = "$ ip route\ndefault via 10.0.0.1 dev eth1\n$ docker logs --tail 100 api\ndown\nagain\n$ ip route\ndefault via 10.0.0.1 dev eth1\n";
        let Identity::Format(format) = identify("session.txt", text.as_bytes()).identity else { panic!("not known") };
        let parsed = format.read(&Document::new("session.txt", text.as_bytes()));
        let [part] = &parsed.logs[..] else { panic!("{:?}", parsed.logs) };
        assert_eq!((part.container.as_deref(), part.is_log, part.first_line), (Some("api"), true, 4));
        assert_eq!(&text[part.span.0..part.span.1], "down\nagain\n");
    }

    #[test]
    fn blocks_of_code_in_a_ticket_are_sections() {
        let text = "# No route\n\nHello, I ran\n\n```console\n$ ip route\ndefault via 10.0.0.1 dev eth0\n```\n\nand then\n\n```\n\
                    10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 STALE\n```\n\n### ip route\n\n```\ndefault via 10.0.0.2 dev eth1\n```\nThank you.\n";
        let found: Vec<_> = kinds("ticket.md", text).into_iter().map(|(kind, line, _)| (kind, line)).collect();
        let expected = [("route", 7), ("neighbour", 13), ("route", 19)];
        assert_eq!(found, expected.map(|(kind, line)| (kind.to_owned(), line)));
    }

    #[test]
    fn comments_of_files_and_lines_of_logs_are_not_headings() {
        for (path, text) in [
            (
                "rules",
                "# Generated by iptables-save v1.8.7 on Mon\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n# Completed on Mon\n",
            ),
            ("etc/sysctl.conf", "# sysctl settings\n# /etc/sysctl.conf\nnet.ipv4.ip_forward = 1\n"),
            ("etc/hosts", "# /etc/hosts\n127.0.0.1 localhost\n"),
            ("app/logs/api.log", "+ ip route\ndefault via 10.0.0.1 dev eth0\n+ ip neigh\n"),
        ] {
            let identity = identify(path, text.as_bytes()).identity;
            assert!(!matches!(identity, Identity::Format(format) if format.name == "transcript"), "{path}");
        }
    }

    #[test]
    fn a_heading_at_the_very_end_heads_nothing() {
        let bytes = b"$ ip addr\n1: lo: <LOOPBACK,UP> mtu 65536 state UNKNOWN\n$ docker logs api";
        let parsed = parse(&Document::new("notes.txt", bytes));
        assert!(parsed.logs.iter().all(|log| log.span.1 <= bytes.len() && log.first_line <= 3), "{:?}", parsed.logs);
    }
}
