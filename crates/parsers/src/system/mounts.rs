//! Mounted file systems: `mount`, /proc/mounts, /proc/PID/mountinfo, `findmnt` as tree, list, pairs and JSON.

use bundlescope_facts::{HostMount, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields};
use crate::words;

use super::table::{Columns, branch, pairs};

/// `mount`.
pub(crate) static MOUNT: Format =
    Format { name: "mount", collect: "mount", kinds: &["mount"], detect: detect_mount, parse: parse_mount };

/// /proc/mounts, /proc/PID/mounts, /etc/mtab.
pub(crate) static PROC_MOUNTS: Format = Format {
    name: "proc-mounts",
    collect: "cat /proc/mounts",
    kinds: &["mount"],
    detect: detect_table,
    parse: |document| lines(document, "expected `source target type options 0 0`", proc_mount),
};

/// /proc/PID/mountinfo.
pub(crate) static MOUNTINFO: Format = Format {
    name: "mountinfo",
    collect: "cat /proc/self/mountinfo",
    kinds: &["mount"],
    detect: detect_info,
    parse: |document| lines(document, "expected the fields of mountinfo and ` - type source options`", mount_info),
};

/// `findmnt`.
pub(crate) static FINDMNT: Format =
    Format { name: "findmnt", collect: "findmnt", kinds: &["mount"], detect: detect_findmnt, parse: parse_findmnt };

/// The source without the directory of it that is mounted: `/dev/vda[/run/netns]`.
fn whole(source: &str) -> &str {
    source.strip_suffix(']').and_then(|inner| inner.split_once('[')).map_or(source, |(whole, _)| whole)
}

fn mount(source: &str, target: &str, fs_type: Option<&str>, options: &str) -> HostMount {
    let options: Vec<Text> = split_options(options).into_iter().map(Text::from).collect();
    HostMount {
        source: source.into(),
        target: target.into(),
        fs_type: fs_type.filter(|name| !name.is_empty()).map(Text::from),
        read_only: options.iter().any(|option| &**option == "ro"),
        options,
        container: None,
    }
}

/// Options between commas; those in quotes may hold commas (`context="…:c184,c371"`).
fn split_options(options: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, byte) in options.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                parts.push(&options[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(options.get(start..).unwrap_or_default());
    parts.retain(|part| !part.is_empty());
    parts
}

/// `source on target type ext4 (rw,relatime) [label]`; the source and the target may hold any of these words.
fn printed(line: &str) -> Option<HostMount> {
    let mut line = line.trim_end();
    // `mount -l` writes the label behind.
    if line.ends_with(']') && !line.ends_with(")]") {
        line = line.get(..line.rfind(") [")? + 1)?;
    }
    let (front, options) = line.strip_suffix(')')?.rsplit_once(" (")?;
    let (place, fs_type) = match front.rsplit_once(" type ") {
        Some((place, fs_type)) if !fs_type.contains(' ') && place.contains(" on ") => (place, Some(fs_type)),
        _ => (front, None),
    };
    // A target is absolute, which tells the right ` on `.
    let at = place.find(" on /").or_else(|| place.find(" on "))?;
    let (source, target) = (place.get(..at)?, place.get(at + 4..)?);
    (!source.is_empty() && !target.is_empty()).then(|| mount(source, target, fs_type, options))
}

/// The match of a document most of whose lines are of a form, or of which the path tells more than its damaged lines do.
fn told(content: bool, path: bool, hint: &Hint<'_>, is: impl Fn(&str) -> bool) -> Match {
    match (content, path) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, true) if hint.head.lines().take(100).any(is) => Match::Path,
        _ => Match::No,
    }
}

fn detect_mount(hint: &Hint<'_>) -> Match {
    let linux =
        |line: &str| printed(line).is_some_and(|mount| mount.fs_type.is_some() && mount.target.starts_with('/'));
    let content = words::most_lines(hint.head, linux);
    told(content, words::subject_is(hint.subject, &["mount"]), hint, linux)
}

fn lines(document: &Document<'_>, expected: &str, read: impl Fn(&str) -> Option<HostMount>) -> Parsed {
    super::load::one_line(document, expected, |line| {
        read(line).map(|mount| HostMount { container: document.container.clone(), ..mount })
    })
}

fn parse_mount(document: &Document<'_>) -> Parsed {
    lines(document, "expected `source on target type name (options)`", printed)
}

/// Undoes `\040` and its like, which the kernel writes for blanks, tabs, line ends and backslashes.
fn unescape(word: &str) -> String {
    let mut rest = word;
    let mut text = String::with_capacity(word.len());
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code.filter(|code| code.is_ascii()) {
            Some(code) => {
                text.push(char::from(code));
                rest = rest.get(at + 4..).unwrap_or_default();
            }
            None => {
                text.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    text.push_str(rest);
    text
}

/// `/dev/sda1 /boot ext4 rw,relatime 0 0`. Copies in documentation have plain blanks in the target.
fn proc_mount(line: &str) -> Option<HostMount> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [source, target @ .., fs_type, options, dump, pass] = words.as_slice() else { return None };
    let numbers = dump.parse::<u8>().is_ok() && pass.parse::<u8>().is_ok();
    let real = split_options(options).first().is_some_and(|first| matches!(*first, "rw" | "ro"));
    (numbers && real && target.first()?.starts_with(['/', '-']))
        .then(|| mount(&unescape(source), &unescape(&target.join(" ")), Some(fs_type), options))
}

fn detect_table(hint: &Hint<'_>) -> Match {
    // What is to be mounted is written in the same way.
    if hint.subject.ends_with("fstab") || hint.path.contains("fstab") {
        return Match::No;
    }
    let content = words::most_lines(hint.head, |line| proc_mount(line).is_some())
        && !hint.head.lines().any(|line| line.starts_with('#'));
    let path = hint.subject.ends_with("/mounts") || hint.subject == "/etc/mtab";
    told(content, path, hint, |line| proc_mount(line).is_some())
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`, proc_pid_mountinfo(5).
fn mount_info(line: &str) -> Option<HostMount> {
    let (front, back) = line.split_once(" - ")?;
    let mut words = front.split_ascii_whitespace();
    words.next()?.parse::<u32>().ok()?;
    words.next()?.parse::<u32>().ok()?;
    let (major, minor) = words.next()?.split_once(':')?;
    major.parse::<u32>().ok().zip(minor.parse::<u32>().ok())?;
    let (_root, target, own) = (words.next()?, words.next()?, words.next()?);
    let mut back = back.split_ascii_whitespace();
    let (fs_type, source) = (back.next()?, back.next()?);
    // Those of the file system follow those of the mount; either may be read-only.
    let shared = back.next().unwrap_or_default();
    let both: Vec<&str> = split_options(own).into_iter().chain(split_options(shared)).collect();
    let mut distinct: Vec<&str> = Vec::with_capacity(both.len());
    for option in both {
        if !distinct.contains(&option) {
            distinct.push(option);
        }
    }
    Some(mount(&unescape(source), &unescape(target), Some(fs_type), &distinct.join(",")))
}

fn detect_info(hint: &Hint<'_>) -> Match {
    let content = words::most_lines(hint.head, |line| mount_info(line).is_some());
    told(content, hint.subject.ends_with("mountinfo"), hint, |line| mount_info(line).is_some())
}

/// `TARGET SOURCE FSTYPE OPTIONS [PROPAGATION]`.
fn titles(line: &str) -> Option<Columns<'_>> {
    let columns = Columns::new(line);
    (columns.names().next() == Some("TARGET") && columns.has("SOURCE") && columns.has("OPTIONS")).then_some(columns)
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{') && text.contains("\"filesystems\"") && text.contains("\"target\"")
}

fn detect_findmnt(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(5).any(|line| titles(line).is_some())
        || is_json(hint.head)
        || words::most_lines(hint.head, |line| line.starts_with("TARGET=\"") && line.contains(" SOURCE=\""));
    let named = words::subject_is(hint.subject, &["findmnt"]);
    // `-n` leaves the titles out.
    let bare = named && words::most_lines(hint.head, |line| untitled(line).is_some());
    match (content || bare, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_findmnt(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    if document.bytes.trim_ascii_start().starts_with(b"{") {
        json::read(document, &mut parsed, |record, parsed| {
            for item in record.list("filesystems") {
                json_mount(item, document, parsed, 0);
            }
        });
        return parsed;
    }
    let mut current: Option<Columns<'_>> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(columns) = titles(line.text) {
            current = Some(columns);
            continue;
        }
        let found = if line.text.starts_with("TARGET=\"") {
            let pairs = pairs(line.text);
            let get = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| &**value);
            get("TARGET").zip(get("OPTIONS")).map(|(target, options)| {
                mount(whole(get("SOURCE").unwrap_or_default()), target, get("FSTYPE"), options)
            })
        } else {
            match &current {
                Some(columns) => aligned(columns, line.text).or_else(|| in_order(columns, line.text)),
                None => untitled(line.text),
            }
        };
        match found.filter(|mount| !mount.target.is_empty()) {
            Some(mount) => {
                parsed.line_fact(document, line, HostMount { container: document.container.clone(), ..mount });
            }
            None => {
                parsed.problem(document, line.number, "expected a mount with the columns of the titles; line skipped")
            }
        }
    }
    parsed
}

/// `/proc proc proc rw,relatime`: the columns that findmnt prints without options, by their order.
fn untitled(line: &str) -> Option<HostMount> {
    let words: Vec<&str> = branch(line.trim_end()).split_ascii_whitespace().collect();
    let [target, source, fs_type, options] = words[..] else { return None };
    let real = matches!(split_options(options).first(), Some(&("rw" | "ro")));
    (real && target.starts_with('/')).then(|| mount(whole(source), target, Some(fs_type), options))
}

/// A row whose cells stand below their titles.
fn aligned(columns: &Columns<'_>, line: &str) -> Option<HostMount> {
    let cells = columns.row(line)?;
    // A source may be empty, and options are always there.
    let (target, options) = (branch(cells.get("TARGET")?), cells.get("OPTIONS")?);
    Some(mount(whole(cells.get("SOURCE").unwrap_or_default()), target, cells.get("FSTYPE"), options))
}

/// A row that has lost its alignment (a path replaced by an anonymiser), with one word for each title.
fn in_order(columns: &Columns<'_>, line: &str) -> Option<HostMount> {
    let words: Vec<&str> = branch(line).split_ascii_whitespace().collect();
    let titles: Vec<&str> = columns.names().collect();
    let get = |name: &str| titles.iter().position(|title| *title == name).and_then(|at| words.get(at)).copied();
    let (target, options) = (get("TARGET")?, get("OPTIONS")?);
    let fits = words.len() == titles.len() && target.starts_with('/') && matches!(options.get(..2), Some("rw" | "ro"));
    fits.then(|| mount(whole(get("SOURCE").unwrap_or_default()), target, get("FSTYPE"), options))
}

fn json_mount(item: Fields<'_, '_>, document: &Document<'_>, parsed: &mut Parsed, depth: u8) {
    let text = |key: &str| item.text(key).unwrap_or_default();
    let found = mount(whole(&text("source")), &text("target"), item.text("fstype").as_deref(), &text("options"));
    let source = item.source_of(&["target", "source", "fstype", "options"]);
    if !found.target.is_empty() {
        parsed
            .facts
            .push(bundlescope_facts::Fact::new(source, HostMount { container: document.container.clone(), ..found }));
    }
    if depth < 64 {
        for child in item.list("children") {
            json_mount(child, document, parsed, depth + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_the_words_of_the_form() {
        let found = printed("/dev/sr1 on /run/media/Disk on C type NFS type iso9660 (ro,uid=0) [C type Disk]").unwrap();
        assert_eq!((&*found.source, &*found.target), ("/dev/sr1", "/run/media/Disk on C type NFS"));
        assert_eq!((found.fs_type.as_deref(), found.read_only), (Some("iso9660"), true));
        let found = printed("/a (b) on /c (d) type ext4 (rw)").unwrap();
        assert_eq!((&*found.source, &*found.target), ("/a (b)", "/c (d)"));
        let titles = "TARGET      SOURCE            FSTYPE OPTIONS";
        let row = format!("{titles}\n├─/var/lib/docker    /dev/vda[/srv] ext4    rw,relatime\n");
        let parsed = parse_findmnt(&Document::new("findmnt", row.as_bytes()));
        assert_eq!((parsed.problems.len(), parsed.facts[0].get("source").to_string()), (0, "/dev/vda".to_owned()));
        assert_eq!(printed("see mount(8) on your system"), None);
    }

    #[test]
    fn what_the_kernel_escapes_is_undone() {
        assert_eq!(unescape("/mnt/a\\040b\\134c\\0"), "/mnt/a b\\c\\0");
        let found = proc_mount("//srv/share /mnt/my\\040share cifs ro,context=\"a:c1,c2\",x 0 0").unwrap();
        assert_eq!((&*found.target, found.options.len(), found.read_only), ("/mnt/my share", 3, true));
        assert_eq!(proc_mount("UUID=1 / ext4 defaults 0 1"), None);
    }
}
