//! What rules may name: kinds of facts with their fields, events of the loaded signatures, probes.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::{EVENTS, Fact, FieldSpec, FieldType, KINDS, KindSpec, ORIGIN_FIELDS, kind_spec};

use crate::suggest;

const TEXT: FieldType = FieldType::Text;
const ANY: FieldType = FieldType::Any;

const fn field(name: &'static str, ty: FieldType, doc: &'static [&'static str]) -> FieldSpec {
    FieldSpec { name, ty, doc }
}

/// Words of a probe's verdict.
pub const VERDICTS: &[&str] =
    &["delivered", "refused", "rejected", "dropped", "unroutable", "stalled", "closed", "unknown"];

const DOCUMENT: FieldSpec = field("document", TEXT, &[" Document that states it."]);
const LINE: FieldSpec = field("line", FieldType::Integer, &[" Its line, counted from 1."]);
const RULE_TEXT: FieldSpec = field("text", TEXT, &[" As the document writes it."]);
const TABLE: FieldSpec = field("table", TEXT, &[" Table, such as `filter`."]);
const CHAIN: FieldSpec = field("chain", TEXT, &[" Chain, such as `INPUT`."]);

const RULE_PARTS: &[FieldSpec] = &[
    RULE_TEXT,
    field("number", FieldType::Integer, &[" Position in its chain, counted from 1; absent for a policy."]),
    TABLE,
    CHAIN,
    field("backend", FieldType::Word(&["legacy", "nft"]), &[" Kernel interface that holds it."]),
    field("native", FieldType::Bool, &[" In a table of nft that iptables does not show."]),
    DOCUMENT,
];

const REDIRECT_PARTS: &[FieldSpec] = &[RULE_TEXT, TABLE, CHAIN, DOCUMENT, LINE];

const DECIDED_PARTS: &[FieldSpec] = &[
    field("kind", FieldType::Word(&["rule", "policy", "listener", "route", "sysctl", "neighbour"]), &[" What it is."]),
    RULE_TEXT,
    field("setting", TEXT, &[" Name of the sysctl."]),
    DOCUMENT,
    LINE,
];

const REACHED_PARTS: &[FieldSpec] = &[
    field("host", TEXT, &[" Host."]),
    field("container", TEXT, &[" Container, unless it is the host itself."]),
    field("address", FieldType::Address, &[" Address."]),
    field("port", FieldType::Integer, &[" Port."]),
    field("process", TEXT, &[" Process that listens."]),
];

const LOOPBACK_PARTS: &[FieldSpec] = &[
    field("sockets", TEXT, &[" Addresses and ports."]),
    field("process", TEXT, &[" Process."]),
    field("where", TEXT, &[" `on the host`, or `inside` a container."]),
    DOCUMENT,
    LINE,
];

/// What a rule may name of a probe's answer; `from`, `to`, `proto`, `port` and `node` are the question.
pub const PROBE: KindSpec = KindSpec {
    name: "probe",
    doc: &[" Would a new connection be delivered? Followed through the captured firewall, routes and listeners."],
    fields: &[
        field("from", TEXT, &[" Container by name, `host`, or an outside address."]),
        field("to", TEXT, &[" Name or address."]),
        field("proto", TEXT, &[" Protocol: `tcp`, `udp`, `icmp`."]),
        field("port", FieldType::Integer, &[" Destination port."]),
        field("node", TEXT, &[" Host whose model is asked."]),
        field("verdict", FieldType::Word(VERDICTS), &[" What becomes of the connection."]),
        field(
            "packet",
            TEXT,
            &[" Which packet the verdict is about: `fwd`, `rep`, `ack`, `dat`, `err`, `pfwd`, `prep`."],
        ),
        field("reject_with", TEXT, &[" How a rule answered, such as `icmp-host-prohibited`."]),
        field("rule", FieldType::Record(RULE_PARTS), &[" The rule that decides, or the policy."]),
        field(
            "redirected_by",
            FieldType::Record(REDIRECT_PARTS),
            &[" The rule that gave the first packet another destination."],
        ),
        field(
            "spared_by",
            FieldType::Record(REDIRECT_PARTS),
            &[" The rule that let the first packet out with its own source, ahead of those that translate it."],
        ),
        field("decided_by", FieldType::Record(DECIDED_PARTS), &[" What decides."]),
        field("in_interface", TEXT, &[" Interface by which the packet enters the host where it is decided."]),
        field("out_interface", TEXT, &[" Interface by which it would leave."]),
        field("source", FieldType::Address, &[" Source address at the deciding place."]),
        field("destination", FieldType::Address, &[" Destination address at the deciding place."]),
        field("hook", TEXT, &[" Netfilter hook of the deciding place."]),
        field("reached", FieldType::Record(REACHED_PARTS), &[" Where it arrives."]),
        field(
            "traffic",
            TEXT,
            &[" From where to where: `container_to_host`, `container_to_container`, `container_to_outside`, …"],
        ),
        field("destination_port", FieldType::Integer, &[" Destination port at the deciding place."]),
        field("source_translated", FieldType::Bool, &[" The source address was translated on the way."]),
        field("allow_command", TEXT, &[" Command that lets the packet pass; quoted for a shell."]),
        field("remove_command", TEXT, &[" Command that removes the deciding rule; quoted for a shell."]),
        field(
            "bound_to_loopback",
            FieldType::Bool,
            &[" Someone listens on that port, but on a loopback address only."],
        ),
        field("loopback", FieldType::Record(LOOPBACK_PARTS), &[" The service that is bound to loopback."]),
        field(
            "if_unseen",
            FieldType::Word(VERDICTS),
            &[" For `unknown` because tables were not captured: the verdict if they are empty."],
        ),
        field("assumed", FieldType::List(&TEXT), &[" What the bundle did not say and was assumed."]),
    ],
};

/// Fields that every fact has.
pub(crate) const COMMON: &[FieldSpec] = &[
    field("node", TEXT, &[" Host on which the document was taken."]),
    field("document", TEXT, &[" Path of the document inside the bundle."]),
    field("line", FieldType::Integer, &[" First line of the fact, counted from 1."]),
    field("count", FieldType::Integer, &[" For events: number of records; 1 for other facts."]),
    field("first", FieldType::Time, &[" For events: time of the first record."]),
    field("last", FieldType::Time, &[" For events: time of the last record."]),
    field("per_minute", FieldType::Float, &[" For events: records a minute between the first and the last."]),
];

/// Every name that rules of the loaded packs may use.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    /// Kinds that signatures and `emit:` make, with their fields.
    pub(crate) dynamic: BTreeMap<String, BTreeMap<String, FieldType>>,
    /// Ids of all rules.
    pub(crate) rules: BTreeSet<String>,
}

impl Vocabulary {
    pub(crate) fn knows_kind(&self, kind: &str) -> bool {
        kind_spec(kind).is_some() || self.dynamic.contains_key(kind)
    }

    /// Documented events, and kinds of signatures and rules.
    pub(crate) fn knows_event(&self, kind: &str) -> bool {
        EVENTS.iter().any(|event| event.name == kind) || self.dynamic.contains_key(kind)
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = &str> {
        KINDS
            .iter()
            .map(|spec| spec.name)
            .chain(EVENTS.iter().map(|spec| spec.name))
            .chain(self.dynamic.keys().map(String::as_str))
    }

    /// Where the first part of a path begins that the kind does not have.
    pub(crate) fn known_prefix(&self, kind: &str, path: &str) -> usize {
        let ends = path.match_indices('.').map(|(at, _)| at);
        ends.filter(|end| path.get(..*end).is_some_and(|known| self.field_type(kind, known).is_ok()))
            .max()
            .map_or(0, |end| end + 1)
    }

    /// The words of a field that is a text, when its documentation begins with the list of all: `` `a`, `b` or `c`. ``
    pub(crate) fn words(&self, kind: &str, path: &str) -> Option<Vec<&'static str>> {
        let field = kind_spec(kind)?.field(path)?;
        let doc = field.doc.first()?.trim();
        let (_, list) = doc.split_once(": ").filter(|(head, _)| !head.contains('`')).unwrap_or(("", doc));
        let mut words = Vec::new();
        let mut rest = list;
        loop {
            let (word, after) = rest.strip_prefix('`')?.split_once('`')?;
            words.push(word);
            let next = [", or ", ", ", " or "].iter().find_map(|between| after.strip_prefix(between));
            match next {
                Some(next) => rest = next,
                None if after.starts_with(['.', ';']) => break,
                None => return None,
            }
        }
        let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '_');
        (words.len() > 2 && words.iter().all(plain)).then_some(words)
    }

    /// Whether a type has a part of that name.
    pub(crate) fn part(&self, ty: FieldType, name: &str) -> bool {
        match element(ty) {
            FieldType::Record(fields) => fields.iter().any(|field| field.name == name),
            FieldType::Map(_) => true,
            _ => false,
        }
    }

    /// The kinds that have a field of each of these names, the common ones aside.
    pub(crate) fn kinds_with(&self, fields: &[&str]) -> Vec<&str> {
        let has = |kind: &&str| fields.iter().all(|field| self.field_type(kind, field).is_ok());
        self.kinds().filter(has).collect()
    }

    /// The type of a field, or the help for a name that is none.
    pub(crate) fn field_type(&self, kind: &str, path: &str) -> Result<FieldType, Option<String>> {
        let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let spec = if kind == PROBE.name { Some(&PROBE) } else { kind_spec(kind) };
        let own = spec.and_then(|spec| spec.field(head));
        let dynamic = self.dynamic.get(kind);
        let common = COMMON.iter().chain(origin_fields(kind)).find(|field| field.name == head);
        if let Some(field) = own.or(common) {
            return below(field.ty, rest);
        }
        if let Some(ty) = dynamic.and_then(|fields| fields.get(head)) {
            return below(*ty, rest);
        }
        let mut known: Vec<&str> = spec.into_iter().flat_map(|spec| spec.fields).map(|field| field.name).collect();
        known.extend(dynamic.into_iter().flat_map(BTreeMap::keys).map(String::as_str));
        known.extend(Fact::COMMON_FIELDS);
        known.extend(origin_fields(kind).iter().map(|field| field.name));
        Err(suggest::help(head, &format!("fields of {kind}"), known))
    }
}

/// The fields that events have besides those of their kind; none for kinds of facts.
pub(crate) fn origin_fields(kind: &str) -> &'static [FieldSpec] {
    let fact = kind == PROBE.name || KINDS.iter().any(|spec| spec.name == kind);
    if fact { &[] } else { ORIGIN_FIELDS }
}

/// The type at the rest of a path inside a value of that type. Each round takes one segment.
fn below(ty: FieldType, rest: Option<&str>) -> Result<FieldType, Option<String>> {
    let mut ty = ty;
    let mut rest = rest;
    while let Some(path) = rest {
        let (head, tail) = path.split_once('.').map_or((path, None), |(head, tail)| (head, Some(tail)));
        match ty {
            // Keys of maps may contain dots themselves, so whatever follows is a key.
            FieldType::Map(inner) => return Ok(*inner),
            FieldType::Any => return Ok(ANY),
            FieldType::List(inner) => {
                ty = *inner;
                continue;
            }
            FieldType::Record(fields) => match fields.iter().find(|field| field.name == head) {
                Some(field) => ty = field.ty,
                None => {
                    return Err(suggest::help(head, "its fields", fields.iter().map(|field| field.name)));
                }
            },
            _ => {
                return Err(Some(format!("the field holds {} and has no parts", describe(ty))));
            }
        }
        rest = tail;
    }
    Ok(ty)
}

/// A type in words.
pub(crate) fn describe(ty: FieldType) -> String {
    match ty {
        FieldType::Text => "text".into(),
        FieldType::Integer => "a whole number".into(),
        FieldType::Float => "a number".into(),
        FieldType::Bool => "true or false".into(),
        FieldType::Address => "an address".into(),
        FieldType::Network => "a network".into(),
        FieldType::Time => "a time".into(),
        FieldType::Word(words) => format!("one of {}", words.join(", ")),
        FieldType::List(inner) => match inner {
            FieldType::List(_) => "lists".into(),
            inner => format!("a list, each element of which is {}", describe(*inner)),
        },
        FieldType::Map(_) => "values by name".into(),
        FieldType::Record(_) => "a record".into(),
        FieldType::Any => "anything".into(),
    }
}

/// The type of single values: that of the elements for a list.
pub(crate) fn element(ty: FieldType) -> FieldType {
    match ty {
        FieldType::List(inner) => *inner,
        other => other,
    }
}
