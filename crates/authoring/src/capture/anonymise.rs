//! Names, ids and secrets of a customer as ones that say nothing, the same everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use bundlescope_analysis::Loaded;
use bundlescope_report::Redactor;
use regex::{Captures, Regex};

use super::addresses::Addresses;

macro_rules! regexes {
    ($($name:ident = $pattern:literal;)*) => {
        $( static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($pattern).ok()); )*
    };
}

regexes! {
    MASKED = r"\[masked (\d+)\]";
    MAIL = r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b";
    UUID = r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b";
    HEX = r"[0-9a-f]{12,64}";
    DOMAIN = r"\b(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+(?:com|net|org|io|dev|cloud|local|lan|corp|internal|intra|home|de|at|ch|fr|uk|eu|us|nl|it|es|se|no|dk|fi|pl|cz|br|in|jp|cn|au|ca)\b";
}

/// Domains that everybody has in their bundles.
const PUBLIC: &[&str] = &[
    "docker.io",
    "docker.com",
    "ghcr.io",
    "quay.io",
    "gcr.io",
    "k8s.io",
    "kubernetes.io",
    "github.com",
    "mcr.microsoft.com",
    "debian.org",
    "ubuntu.com",
    "redhat.com",
    "replicated.com",
    "cluster.local",
    "example.com",
    "example.org",
    "example.net",
    "arpa.com",
    "golang.org",
    "google.golang.org",
    "compose.project.config",
];

/// Names that everybody's networks and hosts have.
const COMMON: &[&str] =
    &["localhost", "host", "default", "none", "bridge", "ingress", "docker_gwbridge", "podman", "docker0"];

/// What may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Classes {
    pub(super) names: bool,
    pub(super) ids: bool,
    pub(super) addresses: bool,
}

/// What stands for what.
#[derive(Debug, Clone, Default)]
pub(super) struct Mapping {
    /// Names of containers, hosts and networks, longest first.
    names: Vec<(String, String)>,
    domains: BTreeMap<String, String>,
    ids: BTreeMap<String, String>,
    uuids: BTreeMap<String, String>,
    addresses: Addresses,
}

impl Mapping {
    /// Learns what these documents hold that points to somebody. Names are those of the containers, hosts and networks
    /// of the bundle that they come from.
    pub(super) fn learn(files: &[(String, String)], loaded: &Loaded) -> Self {
        let texts: Vec<String> = files.iter().flat_map(|(path, text)| [path.clone(), without_secrets(text)]).collect();
        let mut mapping = Self { addresses: Addresses::learn(texts.iter().map(String::as_str)), ..Self::default() };
        let mut containers: BTreeSet<String> = BTreeSet::new();
        let mut hosts: BTreeSet<String> = BTreeSet::new();
        let mut networks: BTreeSet<String> = BTreeSet::new();
        let mut servers: BTreeSet<String> = BTreeSet::new();
        for fact in &loaded.facts {
            let of = |name: &str| fact.get(name).as_text().map(str::to_owned);
            match fact.kind() {
                "container" => {
                    containers.extend(of("name"));
                    hosts.extend(of("hostname"));
                }
                "hostname" => hosts.extend(of("name")),
                "network" => networks.extend(of("name")),
                _ => {
                    containers.extend(of("container"));
                    networks.extend(of("network"));
                    // Whom a log names.
                    servers.extend(fact.occurrences.and_then(|_| of("host")));
                }
            }
            hosts.insert(fact.node.to_string());
        }
        let used = |name: &String| {
            name.len() > 1
                && name.parse::<std::net::IpAddr>().is_err()
                && !is_id(name)
                && !COMMON.contains(&name.as_str())
                && texts.iter().any(|text| text.contains(name.as_str()))
        };
        let numbered = |set: BTreeSet<String>, word: &str| {
            let used: Vec<String> = set.into_iter().filter(used).collect();
            used.into_iter().enumerate().map(|(n, name)| (name, format!("{word}-{}", n + 1))).collect::<Vec<_>>()
        };
        // A name stands for one thing, the first that it is known as.
        hosts.retain(|name| !containers.contains(name));
        networks.retain(|name| !containers.contains(name) && !hosts.contains(name));
        // What has dots is a domain.
        servers.retain(|name| {
            !name.contains('.') && ![&containers, &hosts, &networks].iter().any(|known| known.contains(name))
        });
        mapping.names = numbered(containers, "container");
        mapping.names.extend(numbered(hosts, "host"));
        mapping.names.extend(numbered(networks, "network"));
        mapping.names.extend(numbered(servers, "server"));
        mapping.names.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        for text in &texts {
            each(&UUID, text, |found| {
                let next = mapping.uuids.len() + 1;
                let made = format!("00000000-0000-4000-8000-{next:012x}");
                mapping.uuids.entry(found.to_ascii_lowercase()).or_insert(made);
            });
            each(&HEX, text, |found| {
                if let Some(short) = found.get(..12).filter(|_| is_id(found)) {
                    let next = mapping.ids.len() + 1;
                    mapping.ids.entry(short.to_owned()).or_insert_with(|| format!("c0ffee{next:06x}"));
                }
            });
            each(&DOMAIN, text, |found| {
                let lower = found.to_ascii_lowercase();
                let public = PUBLIC.iter().any(|known| lower == *known || lower.ends_with(&format!(".{known}")));
                if !public && mapping.names.iter().all(|(name, _)| *name != lower) {
                    let next = mapping.domains.len() + 1;
                    mapping.domains.entry(lower).or_insert_with(|| format!("domain-{next}.example.com"));
                }
            });
        }
        mapping
    }

    /// Names that are replaced.
    pub(super) fn names(&self) -> Vec<String> {
        self.names.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The mapping with these names only.
    pub(super) fn only(&self, names: &BTreeSet<String>) -> Self {
        let mut fewer = self.clone();
        fewer.names.retain(|(known, _)| names.contains(known));
        fewer
    }

    /// Networks that could not be replaced.
    pub(super) fn kept_networks(&self) -> &[String] {
        &self.addresses.kept
    }

    /// A text with everything replaced that belongs to the classes; secrets always go.
    pub(super) fn apply(&self, text: &str, classes: Classes) -> String {
        let mut text = without_secrets(text);
        if classes.ids {
            text = swapped(&UUID, &text, |found| self.uuids.get(&found.to_ascii_lowercase()).cloned());
            text = swapped(&HEX, &text, |found| {
                let short = self.ids.get(found.get(..12)?).filter(|_| is_id(found))?;
                Some(format!("{short}{}", "0".repeat(found.len() - 12)))
            });
        }
        if classes.names {
            text = swapped(&MAIL, &text, |_| Some("someone@example.com".to_owned()));
            text = swapped(&DOMAIN, &text, |found| self.domains.get(&found.to_ascii_lowercase()).cloned());
            text = self.renamed(&text);
        }
        if classes.addresses {
            text = self.addresses.replace(&text);
        }
        text
    }

    /// Names as words of their own.
    fn renamed(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric());
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let found = self.names.iter().filter(|_| !word(before)).find(|(name, _)| {
                rest.starts_with(name.as_str()) && !word(rest.get(name.len()..).and_then(|rest| rest.chars().next()))
            });
            match found {
                Some((name, new)) => {
                    out.push_str(new);
                    at += name.len();
                }
                None => {
                    let Some(c) = rest.chars().next() else { break };
                    out.push(c);
                    at += c.len_utf8();
                }
            }
        }
        out
    }
}

/// Digits and letters that a program made up.
fn is_id(text: &str) -> bool {
    text.len() >= 12
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A text without passwords, tokens and keys, as reports mask them. What stands for one is a single word, so that the
/// URL or the setting around it is still read.
pub(super) fn without_secrets(text: &str) -> String {
    let masked = Redactor::default().mask(text);
    match MASKED.as_ref() {
        Some(regex) => regex.replace_all(&masked, "REDACTED$1").into_owned(),
        None => masked,
    }
}

fn each(regex: &LazyLock<Option<Regex>>, text: &str, mut see: impl FnMut(&str)) {
    if let Some(regex) = regex.as_ref() {
        regex.find_iter(text).for_each(|found| see(found.as_str()));
    }
}

fn swapped(regex: &LazyLock<Option<Regex>>, text: &str, new: impl Fn(&str) -> Option<String>) -> String {
    match regex.as_ref() {
        Some(regex) => regex
            .replace_all(text, |found: &Captures<'_>| new(&found[0]).unwrap_or_else(|| found[0].to_owned()))
            .into_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_wherever_they_stand() {
        for (text, clean) in [
            ("POSTGRES_PASSWORD=hunter2x", "POSTGRES_PASSWORD=REDACTED1"),
            ("\"Env\": [\"API_TOKEN=f00dcafe99\", \"A=b\"]", "\"Env\": [\"API_TOKEN=REDACTED1\", \"A=b\"]"),
            ("postgres://app:hunter2x@db:5432/x", "postgres://app:REDACTED1@db:5432/x"),
            ("redis://:hunter2x@cache:6379", "redis://:REDACTED1@cache:6379"),
        ] {
            assert_eq!(without_secrets(text), clean);
        }
        assert_eq!(without_secrets("no secret here"), "no secret here");
    }
}
