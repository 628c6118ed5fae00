//! What a rule refers to: other rules, events, pages.

use bundlescope_facts::Text;

use super::{Checker, Entries};
use crate::codes;
use crate::suggest;
use crate::yaml::{Node, Yaml};

impl Checker<'_> {
    /// Links that reports show.
    pub(super) fn links(&mut self, node: &Node) -> Vec<Text> {
        let links = self.texts(node, "`references`");
        for item in node.items() {
            let Some(text) = item.as_text() else { continue };
            if let Some(help) = no_link(text) {
                let message = format!("`{text}` is no link");
                self.report(&codes::NO_LINK, item.span.clone(), message, "no link", Some(help));
            }
        }
        links
    }

    /// The rules, and perhaps events, that a key names.
    pub(super) fn references_to(&mut self, entries: Entries<'_>, key: &str, events: bool) -> Vec<Text> {
        let Some(node) = entries.get(key) else {
            return Vec::new();
        };
        if matches!(node.value, Yaml::Map(_)) {
            self.wrong_shape(node, &format!("`{key}`"), "a list");
            return Vec::new();
        }
        let mut names: Vec<Text> = Vec::new();
        for item in node.items() {
            let Some(name) = self.text(item, &format!("`{key}`")) else { continue };
            if names.contains(&name) {
                let message = format!("`{name}` stands twice in `{key}`");
                self.report(&codes::UNUSED, item.span.clone(), message, "again", Some("keep one of them".to_owned()));
                continue;
            }
            if entries.get("id").and_then(Node::as_text) == Some(&*name) {
                let message = format!("the rule names itself in `{key}`");
                let help = Some("name other rules here".to_owned());
                self.report(&codes::UNKNOWN_RULE, item.span.clone(), message, "this rule", help);
                continue;
            }
            let known = self.vocabulary.rules.contains(&*name) || events && self.vocabulary.knows_event(&name);
            if !known {
                let mut known: Vec<&str> = self.vocabulary.rules.iter().map(String::as_str).collect();
                if events {
                    known.extend(bundlescope_facts::EVENTS.iter().map(|event| event.name));
                    known.extend(self.vocabulary.dynamic.keys().map(String::as_str));
                }
                let help = self.other_than_rule(entries, &name, events);
                let help =
                    help.or_else(|| suggest::nearest(&name, known).map(|name| format!("did you mean `{name}`?")));
                let help = help.or_else(|| {
                    Some(if events {
                        format!("`bundlescope rules list` lists the rules; events are {}", event_names().join(", "))
                    } else {
                        "`bundlescope rules list` lists the rules".to_owned()
                    })
                });
                let (code, message) = if events {
                    (&codes::UNKNOWN_RULE, format!("`{name}` is neither a rule nor a kind of event"))
                } else {
                    (&codes::UNKNOWN_SUPERSEDED, format!("there is no rule `{name}`"))
                };
                self.report(code, item.span.clone(), message, "unknown", help);
            }
            names.push(name);
        }
        names
    }

    /// The help for a name that exists, and is no rule.
    fn other_than_rule(&self, entries: Entries<'_>, name: &str, events: bool) -> Option<String> {
        if let Some(condition) = entries.get("when").and_then(|when| when.get(name)) {
            let kind = condition.entries().first().map(|(kind, _)| kind.name.as_str())?;
            return Some(if events && self.vocabulary.knows_event(kind) {
                format!("`{name}` is an alias of this rule; its event is `{kind}`")
            } else {
                format!("`{name}` is an alias of this rule; name other rules by their ids")
            });
        }
        match (self.vocabulary.knows_event(name), self.vocabulary.knows_kind(name)) {
            (true, _) if !events => Some(format!("`{name}` is a kind of event; name rules by their ids here")),
            (false, true) => Some(format!("`{name}` is a kind of fact, and no event that could be explained")),
            _ => None,
        }
    }
}

/// Why a text is no link, as what to write.
fn no_link(text: &str) -> Option<String> {
    if let Some((_, rest)) = text.split_once("](") {
        return Some(format!("write the address alone: `{}`", rest.trim_end_matches(')')));
    }
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(host) = host else {
        let like_a_host = text.contains('.') && !text.contains([' ', ':', '(', '@']);
        return Some(if like_a_host {
            format!("write the whole address: `https://{text}`")
        } else {
            "write an address such as `https://docs.docker.com/…`; other words belong into `about`".to_owned()
        });
    };
    if text.contains(char::is_whitespace) {
        return Some(format!("an address has no blanks: `{}`", text.replace(' ', "%20")));
    }
    host.split('/').next().is_none_or(str::is_empty).then(|| "write the name of the host, too".to_owned())
}

/// Kinds of events that the program knows.
fn event_names() -> Vec<&'static str> {
    bundlescope_facts::EVENTS.iter().map(|event| event.name).collect()
}
