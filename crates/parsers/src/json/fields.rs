//! Typed access to the values of a record, with problems for what has the wrong type.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_facts::{self as facts, Source, Text};
use ipnet::IpNet;
use jiff::Timestamp;

use super::reader::{Damage, Member, Node, Reader, Value};
use crate::{Document, Parsed};

/// Where records come from: the readers of JSON and of YAML.
pub(crate) trait Records<'a> {
    /// The next record.
    fn next_record(&mut self) -> Option<Node<'a>>;
    /// What was found wrong since the last call.
    fn take_damages(&mut self) -> Vec<Damage>;
    /// The object whose list the last record stands in, as far as it was read.
    fn envelope(&self) -> Option<&[Member<'a>]>;
}

impl<'a> Records<'a> for Reader<'a> {
    fn next_record(&mut self) -> Option<Node<'a>> {
        self.next()
    }

    fn take_damages(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damages)
    }

    fn envelope(&self) -> Option<&[Member<'a>]> {
        Reader::envelope(self)
    }
}

/// Hands out every record of a document, in order. Damages of the syntax and values of the wrong type become problems.
pub(crate) fn read(document: &Document<'_>, parsed: &mut Parsed, mut each: impl FnMut(Fields<'_, '_>, &mut Parsed)) {
    read_records(document, &mut Reader::new(document.bytes), parsed, |record, _, parsed| each(record, parsed));
}

/// Hands out every record as [`read`] does, and the elements of a list `items` in an object one by one: a cluster's pods
/// need not be held all at once. `each` also gets what stands before the list, which is `kind` and `apiVersion` at best;
/// the object itself comes behind its elements, with an empty list.
pub(crate) fn read_items(
    document: &Document<'_>,
    parsed: &mut Parsed,
    each: impl FnMut(Fields<'_, '_>, &str, &mut Parsed),
) {
    read_records(document, &mut Reader::new(document.bytes).with_list("items"), parsed, each);
}

/// Hands out records, whatever their syntax was. The text that `each` gets is the kind of the list around the record,
/// where it is known.
pub(crate) fn read_records<'a>(
    document: &Document<'_>,
    records: &mut impl Records<'a>,
    parsed: &mut Parsed,
    mut each: impl FnMut(Fields<'_, '_>, &str, &mut Parsed),
) {
    let context = Context {
        document,
        line_ends: memchr::memchr_iter(b'\n', document.bytes).map(|at| u32::try_from(at).unwrap_or(u32::MAX)).collect(),
        wrong: RefCell::new(Vec::new()),
    };
    loop {
        let record = records.next_record();
        for damage in records.take_damages() {
            parsed.problem(document, context.line(damage.at), damage.message);
        }
        let Some(record) = record else { return };
        let list = records.envelope().into_iter().flatten().find(|member| member.key == "kind");
        let list = match list.map(|member| &member.value.value) {
            Some(Value::Text(kind)) => kind.as_ref(),
            _ => "",
        };
        each(Fields { node: Some(&record), start: record.start, context: &context }, list, parsed);
        for (at, what) in context.wrong.borrow_mut().drain(..) {
            let message = format!("{} {what}", path(&record, at));
            parsed.problem(document, context.line(at), message);
        }
    }
}

/// What all fields of a document share.
struct Context<'d> {
    document: &'d Document<'d>,
    line_ends: Vec<u32>,
    wrong: RefCell<Vec<(u32, String)>>,
}

impl Context<'_> {
    fn line(&self, at: u32) -> u32 {
        let before = self.line_ends.partition_point(|end| *end < at);
        self.document.first_line.saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
    }
}

/// Text that an anonymiser put in the place of a value, such as `***HIDDEN***` or `********`. It is as good as absent
/// where something else than text is expected.
fn is_masked(text: &str) -> bool {
    text.contains("***")
}

/// The way from a record to the value at an offset, as `State.Health.Log[2]`.
fn path(record: &Node<'_>, at: u32) -> String {
    let (mut node, mut path) = (record, String::new());
    while node.start != at {
        let members = node.members();
        let items = node.items();
        if let Some(member) = members.partition_point(|member| member.start <= at).checked_sub(1).map(|i| &members[i]) {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&member.key);
            node = &member.value;
        } else if let Some(index) = items.partition_point(|item| item.start <= at).checked_sub(1) {
            path.push_str(&format!("[{index}]"));
            node = &items[index];
        } else {
            break;
        }
        if node.start > at {
            break;
        }
    }
    if path.is_empty() { "the record".to_owned() } else { path }
}

/// A value of a record, or its absence. All access is total: what is absent has absent members.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'t, 'a> {
    node: Option<&'t Node<'a>>,
    /// Where the value's name begins; the value itself where it has none.
    start: u32,
    context: &'t Context<'t>,
}

impl<'t, 'a> Fields<'t, 'a> {
    /// The value itself; `None` when absent or `null`.
    pub(crate) fn node(self) -> Option<&'t Node<'a>> {
        self.node.filter(|node| node.value != Value::Null)
    }

    /// True when there is a value that is not `null`.
    pub(crate) fn is_present(self) -> bool {
        self.node().is_some()
    }

    /// True when the object has a member of that name, be it `null`.
    pub(crate) fn has(self, key: &str) -> bool {
        self.node.is_some_and(|node| node.has(key))
    }

    fn at(self, node: Option<&'t Node<'a>>, start: u32) -> Self {
        Self { node, start, context: self.context }
    }

    /// The member of that name, whatever its type.
    pub(crate) fn get(self, key: &str) -> Self {
        match self.node.and_then(|node| node.member(key)) {
            Some(member) => self.at(Some(&member.value), member.start),
            None => self.at(None, self.start),
        }
    }

    /// Notes that a value is not what it should be.
    pub(crate) fn wrong(self, expected: &str) {
        let Some(node) = self.node else { return };
        let found = match &node.value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => (*number).to_owned(),
            Value::Text(text) => format!("`{}`", text.chars().take(40).collect::<String>()),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        self.context.wrong.borrow_mut().push((node.start, format!("is {found}, expected {expected}")));
    }

    /// The value when `pick` takes it; a problem when there is one that it does not take.
    fn pick<T>(self, expected: &str, pick: impl FnOnce(&'t Value<'a>) -> Option<T>) -> Option<T> {
        let node = self.node()?;
        let picked = pick(&node.value);
        if picked.is_none() && !matches!(&node.value, Value::Text(text) if is_masked(text)) {
            self.wrong(expected);
        }
        picked
    }

    /// An object member; absent when it is something else.
    pub(crate) fn object(self, key: &str) -> Self {
        let member = self.get(key);
        let found = member.pick("an object", |value| matches!(value, Value::Object(_)).then_some(()));
        if found.is_some() { member } else { self.at(None, self.start) }
    }

    /// The elements of a list member.
    pub(crate) fn list(self, key: &str) -> impl Iterator<Item = Fields<'t, 'a>> + use<'t, 'a> {
        let member = self.get(key);
        let items = member.pick("a list", |value| match value {
            Value::Array(items) => Some(items.as_slice()),
            _ => None,
        });
        items.unwrap_or_default().iter().map(move |item| member.at(Some(item), item.start))
    }

    /// The elements of this value; none where it is not a list.
    pub(crate) fn items(self) -> impl Iterator<Item = Fields<'t, 'a>> + use<'t, 'a> {
        let items = self.node.map(Node::items).unwrap_or_default();
        items.iter().map(move |item| self.at(Some(item), item.start))
    }

    /// The members of this object with their names, in order.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'t str, Fields<'t, 'a>)> + use<'t, 'a> {
        let members = self.node.map(Node::members).unwrap_or_default();
        members.iter().map(move |member| (member.key.as_ref(), self.at(Some(&member.value), member.start)))
    }

    /// This value when it is text; anything else is no problem, as where a number may stand as well.
    pub(crate) fn as_text(self) -> Option<&'t str> {
        match &self.node?.value {
            Value::Text(text) => Some(text.as_ref()),
            _ => None,
        }
    }

    /// This value as text, as written: may be empty.
    pub(crate) fn str(self) -> Option<&'t str> {
        self.pick("text", |value| match value {
            Value::Text(text) => Some(text.as_ref()),
            _ => None,
        })
    }

    /// A text member. Empty text is how Go programs write that nothing is set, and so it is absent here.
    pub(crate) fn text(self, key: &str) -> Option<Text> {
        self.get(key).str().filter(|text| !text.is_empty()).map(Text::from)
    }

    /// A text member, borrowed; empty when absent.
    pub(crate) fn word(self, key: &str) -> &'t str {
        self.get(key).str().unwrap_or_default()
    }

    /// This value as a list of texts; one text alone is a list of one.
    pub(crate) fn texts(self, key: &str) -> Vec<Text> {
        let member = self.get(key);
        match member.node().map(|node| &node.value) {
            Some(Value::Text(text)) => vec![Text::from(text.as_ref())],
            _ => self.list(key).filter_map(Self::str).map(Text::from).collect(),
        }
    }

    /// A map of text to text; numbers and booleans as written.
    pub(crate) fn map(self, key: &str) -> BTreeMap<Text, Text> {
        let scalar = |value: &Value<'_>| match value {
            Value::Text(text) => Some(Text::from(text.as_ref())),
            Value::Number(number) => Some(Text::from(*number)),
            Value::Bool(flag) => Some(Text::from(if *flag { "true" } else { "false" })),
            _ => None,
        };
        let entries = self.object(key).entries();
        entries.filter_map(|(name, value)| Some((Text::from(name), value.pick("text", scalar)?))).collect()
    }

    /// The value as rules see it, whatever its shape. Nesting is limited by the reader.
    pub(crate) fn value(self) -> facts::Value {
        fn convert(node: &Node<'_>) -> facts::Value {
            match &node.value {
                Value::Null => facts::Value::Null,
                Value::Bool(flag) => facts::Value::Bool(*flag),
                Value::Number(number) => match number.parse() {
                    Ok(whole) => facts::Value::Int(whole),
                    Err(_) => number.parse().map_or(facts::Value::Null, facts::Value::Float),
                },
                Value::Text(text) => facts::Value::Text(text.as_ref().into()),
                Value::Array(items) => facts::Value::List(items.iter().map(convert).collect()),
                Value::Object(members) => {
                    facts::Value::Map(members.iter().map(|m| (m.key.as_ref().into(), convert(&m.value))).collect())
                }
            }
        }
        self.node.map_or(facts::Value::Null, convert)
    }

    /// A boolean member.
    pub(crate) fn bool(self, key: &str) -> Option<bool> {
        self.get(key).pick("true or false", |value| match value {
            Value::Bool(flag) => Some(*flag),
            // The CLI's JSON lines hold text only, and the API before 1.19 writes numbers.
            Value::Text(text) => text.parse().ok(),
            Value::Number("1") => Some(true),
            Value::Number("0") => Some(false),
            _ => None,
        })
    }

    /// A whole number within the range of `T`; text that holds one will do, as the CLI's own JSON writes numbers so.
    pub(crate) fn int<T: TryFrom<i64>>(self, key: &str) -> Option<T> {
        let member = self.get(key);
        if matches!(member.node().map(|node| &node.value), Some(Value::Text(text)) if text.is_empty()) {
            return None;
        }
        member.pick("a whole number in range", |value| {
            let written = match value {
                Value::Number(number) => number,
                Value::Text(text) => text.as_ref(),
                _ => return None,
            };
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and within 2^53")]
            let whole = |float: f64| (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64);
            let number = written.parse::<i64>().ok().or_else(|| written.parse::<f64>().ok().and_then(whole))?;
            T::try_from(number).ok()
        })
    }

    /// A point in time; Go's zero time is absent.
    pub(crate) fn time(self, key: &str) -> Option<Timestamp> {
        let member = self.get(key);
        let unset = |text: &str| text.is_empty() || text.starts_with("0001-01-01T") || is_masked(text);
        let text = member.str().filter(|text| !unset(text))?;
        let time = text.parse().ok();
        if time.is_none() {
            member.wrong("a time such as 2024-05-01T10:00:00Z");
        }
        time
    }

    /// An address, with or without the length of a prefix behind it.
    pub(crate) fn address(self, key: &str) -> Option<IpAddr> {
        self.address_and_prefix(key).map(|(address, _)| address)
    }

    /// An address and the length of the prefix behind it, where there is one.
    pub(crate) fn address_and_prefix(self, key: &str) -> Option<(IpAddr, Option<u8>)> {
        let member = self.get(key);
        let unset = |text: &str| matches!(text, "" | "<nil>" | "invalid IP") || is_masked(text);
        let text = member.str().filter(|text| !unset(text))?;
        let read = match text.split_once('/') {
            Some((address, prefix)) => address.parse().ok().zip(prefix.parse().ok().map(Some)),
            None => text.parse().ok().map(|address| (address, None)),
        };
        if read.is_none() {
            member.wrong("an IP address");
        }
        read
    }

    /// A network in CIDR notation; bits behind the prefix are cleared.
    pub(crate) fn network(self, key: &str) -> Option<IpNet> {
        let member = self.get(key);
        let text = member.str().filter(|text| !text.is_empty() && !is_masked(text))?;
        let network = text.parse::<IpNet>().ok().map(|network| network.trunc());
        if network.is_none() {
            member.wrong("a network such as 172.18.0.0/16");
        }
        network
    }

    /// The lines and bytes of this value, its name included.
    pub(crate) fn source(self) -> Source {
        self.source_to(self)
    }

    /// The lines and bytes from this value to another one, both included with their names. One that is absent does
    /// not count.
    pub(crate) fn source_to(self, other: Self) -> Source {
        match (self.node, other.node) {
            (_, None) => self.span(self.start, self.end()),
            (None, _) => other.span(other.start, other.end()),
            _ => self.span(self.start.min(other.start), self.end().max(other.end())),
        }
    }

    /// The lines and bytes from the start of this value to the end of one inside it.
    pub(crate) fn source_up_to(self, inner: Self) -> Source {
        self.span(self.start, inner.end())
    }

    /// The lines and bytes that hold these members of this object; the whole object where it has none of them.
    pub(crate) fn source_of(self, keys: &[&str]) -> Source {
        let members = keys.iter().map(|key| self.get(key)).filter(|member| member.node.is_some());
        let span = members.fold(None, |span: Option<(u32, u32)>, member| {
            let (start, end) = span.unwrap_or((member.start, member.end()));
            Some((start.min(member.start), end.max(member.end())))
        });
        let (start, end) = span.unwrap_or((self.start, self.end()));
        self.span(start, end)
    }

    fn end(self) -> u32 {
        self.node.map_or(self.start, |node| node.end)
    }

    fn span(self, start: u32, end: u32) -> Source {
        let document = self.context.document;
        Source {
            document: document.path.clone(),
            first_line: self.context.line(start),
            last_line: self.context.line(end.saturating_sub(1).max(start)),
            span: (document.offset + u64::from(start), document.offset + u64::from(end)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"[
  {
    "Id": "abc",
    "State": {
      "Pid": "many",
      "Code": 137,
      "Log": [{"Output": 1}]
    },
    "IP": "172.18.0.2/16",
    "Masked": "***HIDDEN***/24",
    "Nothing": null
  }
]"#;

    #[test]
    fn wrong_types_are_absent_and_named_by_their_path() {
        let document = Document { first_line: 11, offset: 1000, ..Document::new("x.json", TEXT.as_bytes()) };
        let mut parsed = Parsed::default();
        read(&document, &mut parsed, |record, _| {
            let state = record.object("State");
            assert_eq!(state.int::<u32>("Pid"), None);
            assert_eq!(state.int::<u32>("Code"), Some(137));
            assert_eq!(state.list("Log").next().and_then(|log| log.text("Output")), None);
            assert_eq!(record.object("Nothing").object("below").text("x"), None);
            assert_eq!(record.address_and_prefix("IP"), Some(([172, 18, 0, 2].into(), Some(16))));
            assert_eq!(
                (record.address("Masked"), record.int::<u8>("Masked"), record.time("Masked")),
                (None, None, None)
            );
            assert!(!record.object("Id").is_present());
            let source = state.source();
            assert_eq!((source.first_line, source.last_line), (14, 18));
            let (from, to) = (source.span.0 as usize - 1000, source.span.1 as usize - 1000);
            assert!(TEXT[from..to].starts_with("\"State\": {") && TEXT[from..to].ends_with('}'));
        });
        let problems: Vec<_> = parsed.problems.iter().map(|p| (p.line, p.message.as_str())).collect();
        assert_eq!(
            problems,
            [
                (15, "State.Pid is `many`, expected a whole number in range"),
                (17, "State.Log[0].Output is 1, expected text"),
                (13, "Id is `abc`, expected an object"),
            ]
        );
    }
}
