//! What a format is, and the list of all formats.

use crate::terminal::Plain;
use crate::{
    Document, Parsed, deploy, docker, firewall, helm, kubernetes, network, packages, reach, services, system, tls,
    troubleshoot,
};

/// What is known of a document before it is read: enough to say what it is.
#[derive(Debug, Clone, Copy)]
pub struct Hint<'a> {
    /// Path inside the bundle, as it is.
    pub path: &'a str,
    /// The command or file that the path stands for in a known layout, normalised: `ip addr show`,
    /// `iptables -t nat -nvL`, `/etc/resolv.conf`. Empty where the layout tells nothing.
    pub subject: &'a str,
    /// The first bytes as text, cut at a line end; at most 64 KiB.
    pub head: &'a str,
}

/// How sure a format is of a document. The surest wins; the order of [`all`] breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// Not this format.
    No,
    /// The path says so and the content does not contradict it.
    Path,
    /// The content says so.
    Content,
    /// Path and content both say so.
    Both,
}

impl Match {
    /// What content that is sure tells, with a path that says so or not; a path alone is nothing.
    pub(crate) fn of(content: bool, named: bool) -> Self {
        match (content, named) {
            (true, true) => Self::Both,
            (true, false) => Self::Content,
            (false, _) => Self::No,
        }
    }
}

/// One format of one command or file.
#[derive(Debug)]
pub struct Format {
    /// Stable name, such as `iptables-save`; the kind that `undecided` answers ask for.
    pub name: &'static str,
    /// The command that a customer runs to collect it.
    pub collect: &'static str,
    /// Kinds of facts that it produces.
    pub kinds: &'static [&'static str],
    /// Recognises the format. Content decides: a path alone only suggests.
    pub detect: fn(&Hint<'_>) -> Match,
    /// Reads a document without control sequences; see [`Format::read`].
    pub parse: fn(&Document<'_>) -> Parsed,
}

impl Format {
    /// Reads a document of this format, its colours left out. Never fails.
    pub fn read(&self, document: &Document<'_>) -> Parsed {
        match Plain::of(document.bytes) {
            // What is not text may hold any bytes.
            Some(_) if std::ptr::eq(self, tls::DER) => (self.parse)(document),
            Some(plain) => plain.read(document, self.parse),
            None => (self.parse)(document),
        }
    }
}

/// The families of formats, each with its name and with its more specific formats first.
pub static FAMILIES: &[(&str, &[&Format])] = &[
    ("transcript", &[&system::TRANSCRIPT]),
    ("firewall", firewall::FORMATS),
    ("network", network::FORMATS),
    ("services", services::FORMATS),
    ("deploy", deploy::FORMATS),
    ("docker", docker::FORMATS),
    ("kubernetes", kubernetes::FORMATS),
    ("helm", helm::FORMATS),
    ("troubleshoot", troubleshoot::FORMATS),
    ("packages", packages::FORMATS),
    ("tls", tls::FORMATS),
    ("reach", reach::FORMATS),
    ("system", system::FORMATS),
];

/// Every format, the more specific ones first.
pub fn all() -> impl Iterator<Item = &'static Format> {
    FAMILIES.iter().flat_map(|(_, formats)| *formats).copied()
}
