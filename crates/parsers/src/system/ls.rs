//! What a directory holds: `ls` (coreutils 8 and 9, busybox 1.3x; plain, `-1`, `-l`, `-R`, several directories) and `tree` 1.x and 2.x.
//!
//! Names are nothing by which a listing could be told, so that the command has to be known. A name with blanks stays whole only in a
//! listing that is long.

use bundlescope_facts::{DirectoryListing, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};

/// `ls` and `tree`.
pub(crate) static LS: Format =
    Format { name: "ls", collect: "ls -lR DIRECTORY", kinds: &["directory_listing"], detect, parse };

/// The program and the directories that a command names, without its options and what stands behind a pipe.
fn command(subject: &str) -> Option<(&str, Vec<&str>)> {
    let command = subject.split(['|', ';', '>']).next()?;
    let mut words = command.split_ascii_whitespace().filter(|word| *word != "sudo");
    let program = words.next()?.rsplit('/').next()?;
    matches!(program, "ls" | "tree" | "ll").then(|| (program, words.filter(|word| !word.starts_with('-')).collect()))
}

fn detect(hint: &Hint<'_>) -> Match {
    if command(hint.subject).is_none() {
        return Match::No;
    }
    let first = hint.head.lines().find(|line| !line.trim().is_empty());
    // A complaint alone is no listing.
    let listed = first.is_some_and(|line| !line.starts_with("ls: ") && !line.contains("command not found"));
    if listed { Match::Both } else { Match::No }
}

/// A directory being read.
struct Open<'a> {
    path: Text,
    entries: Vec<Text>,
    first: Line<'a>,
    last: Line<'a>,
}

impl<'a> Open<'a> {
    fn new(path: Text, line: Line<'a>) -> Self {
        Self { path, entries: Vec::new(), first: line, last: line }
    }

    fn flush(self, document: &Document<'_>, parsed: &mut Parsed) {
        let path = Some(self.path).filter(|path| !path.is_empty());
        parsed.fact(document, self.first, self.last, DirectoryListing { path, entries: self.entries });
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let Some((program, directories)) = command(&document.subject) else { return parsed };
    if program == "tree" {
        tree(document, &mut parsed);
        return parsed;
    }
    let asked: Text = match directories.as_slice() {
        [one] => trimmed(one).into(),
        _ => Text::default(),
    };
    let mut open: Option<Open<'_>> = None;
    for line in document.lines() {
        let text = line.text.trim_end();
        if text.trim().is_empty() || is_total(text) {
            continue;
        }
        if let Some(complaint) = text.strip_prefix("ls: ") {
            parsed.problem(document, line.number, format!("ls could not list everything: {complaint}"));
            continue;
        }
        if let Some(path) =
            text.strip_suffix(':').filter(|path| path.starts_with(['/', '.', '~']) || directories.contains(path))
        {
            if let Some(done) = open.replace(Open::new(trimmed(path).into(), line)) {
                done.flush(document, &mut parsed);
            }
            continue;
        }
        let open = open.get_or_insert_with(|| Open::new(asked.clone(), line));
        open.last = line;
        match long(text) {
            Some("." | "..") => {}
            Some(name) => open.entries.push(name.into()),
            None => open.entries.extend(text.split_ascii_whitespace().map(|name| Text::from(bare(name)))),
        }
    }
    if let Some(done) = open {
        done.flush(document, &mut parsed);
    }
    parsed
}

fn is_total(text: &str) -> bool {
    text.strip_prefix("total ").is_some_and(|size| size.starts_with(|first: char| first.is_ascii_digit()))
}

/// A path without the slash at its end.
fn trimmed(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => path,
        path => path,
    }
}

/// A name without the sign that `-F` and `-p` put behind it.
fn bare(name: &str) -> &str {
    name.strip_suffix(['/', '*', '@']).unwrap_or(name)
}

/// The name in a long row: what stands behind the time, without the target of a link.
fn long(text: &str) -> Option<&str> {
    let mode = text.split_ascii_whitespace().next()?;
    let letters = mode.trim_end_matches(['.', '+', '@']);
    let is_mode = letters.len() == 10
        && letters.starts_with(['-', 'd', 'l', 'c', 'b', 'p', 's'])
        && letters.bytes().skip(1).all(|letter| b"rwxsStT-".contains(&letter));
    if !is_mode {
        return None;
    }
    let mut rest = text;
    let mut before = "";
    loop {
        let start = rest.trim_ascii_start();
        let end = start.find(' ').unwrap_or(start.len());
        let (word, after) = start.split_at(end);
        if word.is_empty() {
            return None;
        }
        let clock = word.len() >= 4 && word.split(':').count() >= 2 && word.starts_with(|c: char| c.is_ascii_digit());
        // `Mar  3  2024` stands for a time that is long ago.
        let year = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit()) && is_day(before);
        rest = after;
        if clock || year {
            break;
        }
        before = word;
    }
    let name = rest.trim_ascii_start();
    // The offset of `--full-time`.
    let name = match name.split_once(' ') {
        Some((zone, name)) if zone.len() == 5 && zone.starts_with(['+', '-']) => name,
        _ => name,
    };
    let name = name.split(" -> ").next().unwrap_or(name);
    (!name.is_empty()).then(|| bare(name))
}

fn is_day(word: &str) -> bool {
    word.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day))
}

/// `tree`: each level is four columns deeper.
fn tree(document: &Document<'_>, parsed: &mut Parsed) {
    let mut levels: Vec<Open<'_>> = Vec::new();
    let mut done: Vec<Open<'_>> = Vec::new();
    for line in document.lines() {
        let text = line.text.trim_end();
        if text.trim().is_empty() {
            continue;
        }
        let Some(at) = text.find("── ").or_else(|| text.find("-- ")) else {
            // The root, or the summary at the end.
            if levels.is_empty() {
                levels.push(Open::new(trimmed(text.trim()).into(), line));
            }
            continue;
        };
        let depth = text.get(..at).unwrap_or_default().chars().count() / 4 + 1;
        let name = text.get(at..).unwrap_or_default().trim_start_matches(['─', '-']).trim_start();
        let name = bare(name.split(" -> ").next().unwrap_or(name));
        while levels.len() > depth {
            done.extend(levels.pop());
        }
        let Some(parent) = levels.last_mut() else { continue };
        parent.entries.push(name.into());
        parent.last = line;
        let path: Text = format!("{}/{name}", parent.path.trim_end_matches('/')).into();
        levels.push(Open::new(path, line));
    }
    done.extend(levels);
    // What has no entries is a file, or a directory that cannot be told from one.
    done.retain(|open| !open.entries.is_empty());
    done.sort_by_key(|open| open.first.number);
    done.into_iter().for_each(|open| open.flush(document, parsed));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(subject: &str, text: &str) -> Vec<String> {
        let document = Document { subject: subject.into(), ..Document::new("x", text.as_bytes()) };
        let facts = parse(&document).facts;
        facts.iter().map(|fact| format!("{}: {}", fact.get("path"), fact.get("entries"))).collect()
    }

    #[test]
    fn plain_and_long_listings_are_read() {
        assert_eq!(
            read("ls /etc/kubernetes/manifests/", "kube-apiserver.manifest  kube-proxy.manifest\n"),
            ["/etc/kubernetes/manifests: kube-apiserver.manifest, kube-proxy.manifest"]
        );
        let long = "total 12\ndrwxr-xr-x 2 root root 4096 Nov 30 22:01 .\n-rw------- 1 root root 2345 Mar  3  2024 a b.yaml\n\
                    lrwxrwxrwx. 1 root root 7 2024-03-03 10:00 link -> a b.yaml\n";
        assert_eq!(read("sudo ls -la /srv", long), ["/srv: a b.yaml, link"]);
        assert_eq!(read("ls -R /a /b", "/a:\nx\n\n/b:\ny  z\n"), ["/a: x", "/b: y, z"]);
    }

    #[test]
    fn trees_are_read() {
        let text = "/etc/kubernetes/\n├── admin.conf\n├── manifests\n│   ├── kube-apiserver.manifest\n│   └── kube-proxy.manifest\n\
                    └── ssl\n    └── ca.pem\n\n2 directories, 4 files\n";
        assert_eq!(
            read("tree /etc/kubernetes", text),
            [
                "/etc/kubernetes: admin.conf, manifests, ssl",
                "/etc/kubernetes/manifests: kube-apiserver.manifest, kube-proxy.manifest",
                "/etc/kubernetes/ssl: ca.pem"
            ]
        );
    }
}
