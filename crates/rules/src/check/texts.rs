//! Texts and expressions of a rule: the names in them exist, and what looks like a name is one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bundlescope_facts::Text;

use super::Checker;
use super::scope::{Shape, field_of, known_prefix};
use crate::codes;
use crate::suggest;
use crate::template::{Piece, Template, pieces};
use crate::yaml::{Node, Yaml};

/// The name by which texts have all values of the subjects in `together`.
const ALL: &str = "all";

/// The names that templates of a rule may use.
pub(crate) struct Names {
    pub(super) aliases: BTreeMap<Text, Vec<Shape>>,
    pub(super) variables: BTreeSet<Text>,
    /// Variables that are only bound inside `unless`, or in some alternatives of `any`.
    pub(super) local: BTreeSet<Text>,
    /// Names of conditions that are wrong themselves, so that one mistake is not told twice.
    pub(super) broken: BTreeSet<String>,
    /// What `all` has the values of: the names in `together`.
    pub(super) together: Vec<Text>,
}

impl Names {
    fn knows(&self, name: &str) -> bool {
        self.aliases.contains_key(name) || self.variables.contains(name)
    }
}

impl Checker<'_> {
    pub(crate) fn named_template(&mut self, node: &Node, what: &str, names: &Names) -> Option<Template> {
        self.named(node, what, names, false)
    }

    /// A template or expression whose names exist.
    pub(crate) fn named(&mut self, node: &Node, what: &str, names: &Names, expression: bool) -> Option<Template> {
        let template = self.template(node, what, expression)?;
        if !expression {
            self.shown(node, what, names);
        }
        for name in &template.names {
            let (head, rest) = name.split_once('.').map_or((&**name, None), |(head, rest)| (head, Some(rest)));
            if names.broken.contains(head) || names.variables.contains(head) {
                continue;
            }
            if head == ALL && rest.is_some_and(|rest| names.together.iter().any(|name| **name == *rest)) {
                continue;
            }
            match (names.aliases.get(head), rest) {
                (Some(shapes), Some(rest)) => {
                    if let Err(help) = field_of(self.vocabulary, shapes, rest) {
                        let known = known_prefix(self.vocabulary, shapes, rest);
                        let span =
                            self.part_of(&self.name_within(node, name, expression), name, head.len() + 1 + known);
                        let message = format!("`{head}` has no field `{rest}`");
                        self.report(&codes::UNKNOWN_NAME, span, message, "unknown field", help);
                    }
                }
                (Some(_), None) => {}
                (None, _) if names.local.contains(head) => {
                    let span = self.name_within(node, head, expression);
                    let message = format!("{what} names `{head}`, which does not always have a value");
                    let help = "what `optional`, `every`, `none` and `unless` bind is only known in them, and what `any` \
                                binds only when every alternative does";
                    self.report(&codes::UNKNOWN_NAME, span, message, "only bound in a part", Some(help.to_owned()));
                }
                (None, _) => {
                    let known = names.aliases.keys().chain(&names.variables).map(|name| &**name);
                    let help = suggest::help(head, "names of this rule", known);
                    let span = self.name_within(node, head, expression);
                    let message = format!("{what} names `{head}`, which this rule does not bind");
                    self.report(&codes::UNKNOWN_NAME, span, message, "not bound", help);
                }
            }
        }
        Some(template)
    }
}

impl Checker<'_> {
    /// Tells of what a template shows as it is although it looks like a name, of whole facts that it shows, and of
    /// values inside quotes of a command.
    fn shown(&mut self, node: &Node, what: &str, names: &Names) {
        let Yaml::Text(source) = &node.value else { return };
        let command = what == "`run`";
        let mut quotes = Quotes::default();
        for piece in pieces(source) {
            match piece {
                Piece::Text(range) => {
                    let text = source.get(range.clone()).unwrap_or_default();
                    quotes.read(text);
                    let found = if command {
                        closing(text)
                    } else {
                        closing(text).or_else(|| curly(text)).or_else(|| like_a_name(text, names))
                    };
                    if let Some(found) = found {
                        let part = range.start + found.at.start..range.start + found.at.end;
                        let span = self.part_within(node, source, part).unwrap_or_else(|| node.span.clone());
                        let word = self.text.get(span.clone()).unwrap_or_default().to_owned();
                        let message = format!("{what} shows `{word}` as it is");
                        self.report(&codes::AS_IT_IS, span, message, "as it is", Some(found.help));
                    }
                }
                Piece::Value(range) => {
                    let inside = source.get(range.clone()).unwrap_or_default();
                    let trimmed = inside.trim_matches(['-', ' ', '\n']);
                    let start = range.start + inside.find(trimmed).unwrap_or(0);
                    let place = || self.part_within(node, source, start..start + trimmed.len());
                    if names.aliases.contains_key(trimmed) && !names.variables.contains(trimmed) {
                        let span = place().unwrap_or_else(|| node.span.clone());
                        let message = format!("{what} shows `{trimmed}`, which is a whole fact");
                        let help = Some(format!("name a field of it, such as `{{{{ {trimmed}.node }}}}`"));
                        self.report(&codes::UNKNOWN_NAME, span, message, "no value", help);
                    } else if command
                        && !trimmed.starts_with(['"', '\''])
                        && let Some(quote) = quotes.open
                    {
                        // A text that the rule itself writes, such as `{{ '{{' }}`, is no value of a bundle.
                        let part = range.start - 2..(range.end + 2).min(source.len());
                        let span = self.part_within(node, source, part).unwrap_or_else(|| node.span.clone());
                        let message = format!("the value stands inside `{quote}` of the command");
                        let help = "leave these quotes out: every value is quoted where it needs it".to_owned();
                        self.report(&codes::QUOTED_VALUE, span, message, "quoted twice", Some(help));
                    }
                }
                Piece::Statement(_) => {}
            }
        }
    }

    /// Tells of a template where none is filled in.
    pub(super) fn no_template(&mut self, node: &Node, what: &str) {
        let Yaml::Text(source) = &node.value else { return };
        let value = pieces(source).into_iter().find_map(|piece| match piece {
            Piece::Value(range) => Some(range),
            _ => None,
        });
        let Some(range) = value else { return };
        let part = range.start.saturating_sub(2)..(range.end + 2).min(source.len());
        let span = self.part_within(node, source, part).unwrap_or_else(|| node.span.clone());
        let message = format!("{what} is shown as it is: templates are not filled in here");
        let help = "say it in `title`, `message`, `customer`, `say` or `run`, or without the value".to_owned();
        self.report(&codes::TEMPLATE_IN_CONDITION, span, message, "stays as it is", Some(help));
    }
}

/// The quotes of a shell that are open in the text of a command.
#[derive(Default)]
struct Quotes {
    open: Option<char>,
}

impl Quotes {
    fn read(&mut self, text: &str) {
        let mut escaped = false;
        for c in text.chars() {
            match (self.open, c) {
                _ if escaped => escaped = false,
                (Some('\''), '\'') => self.open = None,
                (Some('\''), _) => {}
                (_, '\\') => escaped = true,
                (Some('"'), '"') => self.open = None,
                (None, '\'' | '"') => self.open = Some(c),
                _ => {}
            }
        }
    }
}

/// A piece of text that was probably meant otherwise.
struct Likely {
    at: Range<usize>,
    help: String,
}

/// Braces that close nothing.
fn closing(text: &str) -> Option<Likely> {
    let (at, mark) = ["}}", "%}"].into_iter().filter_map(|mark| Some((text.find(mark)?, mark))).min()?;
    let open = if mark == "}}" { "{{" } else { "{%" };
    Some(Likely { at: at..at + 2, help: format!("open it with `{open}` before") })
}

/// A text that is put into the quotes of a word processor, which mean nothing in YAML.
fn curly(text: &str) -> Option<Likely> {
    let first = text.chars().next().filter(|c| matches!(c, '“' | '”' | '‘' | '’' | '„'))?;
    let help = "write plain quotes, `\"` or `'`, around the text".to_owned();
    Some(Likely { at: 0..first.len_utf8(), help })
}

/// `$name`, `${name}`, `{name}`, `%(name)s` of a name that the rule has.
fn like_a_name(text: &str, names: &Names) -> Option<Likely> {
    for (at, _) in text.match_indices(['$', '{', '%']) {
        let rest = text.get(at..)?;
        let inner = rest.trim_start_matches(['$', '{', '(', '%', ' ']);
        let length = inner.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.')).count();
        let word = inner.get(..length)?.trim_end_matches('.');
        let behind = inner.get(word.len()..)?;
        let bracket =
            |open: &str, close: char| rest.starts_with(open) && behind.trim_start_matches(' ').starts_with(close);
        let end = if bracket("${", '}') || bracket("{", '}') || bracket("%(", ')') {
            rest.len() - behind.trim_start_matches(' ').len() + 1 + usize::from(rest.starts_with("%("))
        } else if rest.starts_with('$') && rest.get(1..)?.starts_with(word) {
            rest.len() - behind.len()
        } else {
            continue;
        };
        if names.knows(word.split('.').next()?) {
            return Some(Likely { at: at..(at + end).min(text.len()), help: format!("write `{{{{ {word} }}}}`") });
        }
    }
    None
}
