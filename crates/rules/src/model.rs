//! What a rule file becomes: everything checked, names resolved to positions, regular expressions compiled.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use bundlescope_facts::{FieldType, Text, Value};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use regex::Regex;

use crate::site::glob;
use crate::template::Template;

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Unique name.
    pub id: Text,
    /// File that holds it.
    pub path: Text,
    /// One line for people.
    pub title: Template,
    /// How much harm it does.
    pub severity: Severity,
    /// How sure a firing is.
    pub confidence: Confidence,
    /// Life cycle.
    pub status: Status,
    /// Cause, symptom or note.
    pub role: RuleRole,
    /// Id of the cause in the vocabulary of causes; the rule's id unless told otherwise.
    pub cause: Text,
    /// What it is and why it happens.
    pub about: Text,
    /// Links.
    pub references: Vec<Text>,
    /// What the host must be for the rule to be asked at all: of each kind of which the host has a fact, one must match.
    pub applies_to: Vec<FactPattern>,
    /// The part of the field that it is about, as its pack declares it.
    pub domain: Option<Arc<Domain>>,
    /// What must hold, in written order.
    pub when: Vec<Condition>,
    /// What must not hold: none of these may match under the bindings of `when`.
    pub unless: Vec<Condition>,
    /// Expressions over aliases and variables that must be true.
    pub filters: Vec<Template>,
    /// Rule ids and kinds of events whose symptoms this rule explains.
    pub explains: Vec<Text>,
    /// Rules whose findings about the same thing give way to this one's.
    pub supersedes: Vec<Text>,
    /// What happened, for the triager.
    pub message: Template,
    /// What to tell the customer.
    pub customer: Option<Template>,
    /// What to do.
    pub fix: Vec<FixStep>,
    /// Command that collects a kind of fact, where the usual one does not fit.
    pub collect: BTreeMap<Text, Text>,
    /// What a finding is about, by name; the rule's variables unless told otherwise.
    pub subjects: Vec<(Text, Operand)>,
    /// Subjects in which the rows of one finding may differ: it is about all their values.
    pub together: Vec<Text>,
    /// The facts that it yields instead of findings.
    pub emit: Option<Emit>,
    /// Every variable, by slot. Slot 0 is the node.
    pub variables: Vec<Variable>,
    /// Facts of different nodes may be joined.
    pub across_nodes: bool,
    /// Its tests.
    pub tests: Vec<RuleTest>,
}

/// A product or platform that some rules of a pack are about, and what shows that a bundle has anything of it.
#[derive(Debug, Clone)]
pub struct Domain {
    /// Its name, for people.
    pub name: Text,
    /// Facts of which each shows it. None of them has variables.
    pub traces: Vec<FactPattern>,
    /// Patterns of the paths of documents that are about it, in lower case, read or not.
    pub documents: Vec<Text>,
    /// Patterns of the paths of rule files.
    pub(crate) rules: Vec<Text>,
}

impl Domain {
    /// Whether a document is about it, by its path.
    pub fn is_in(&self, document: &str) -> bool {
        let path = document.to_lowercase();
        self.documents.iter().any(|pattern| glob(pattern, &path))
    }

    /// Whether a rule file belongs to it; packs may lie anywhere.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.rules.iter().any(|pattern| glob(pattern, path) || glob(&format!("*/{pattern}"), path))
    }
}

impl Rule {
    /// Slot of the implicit variable that holds the node.
    pub const NODE: usize = 0;
}

macro_rules! words {
    ($(#[$doc:meta])* $ty:ident { $( $(#[$variant_doc:meta])* $variant:ident = $word:literal, )* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $ty {
            $( $(#[$variant_doc])* $variant, )*
        }

        impl $ty {
            /// Every word, in order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word that rule files write.
            pub fn word(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )*
                }
            }

            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word {
                    $( $word => Some(Self::$variant), )*
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// How much harm it does; the worst first.
    Severity {
        /// Nothing works.
        Critical = "critical",
        /// A service does not work.
        High = "high",
        /// Something works badly.
        Medium = "medium",
        /// Worth mending.
        Low = "low",
        /// Worth knowing.
        Info = "info",
    }
}

words! {
    /// How sure a firing is; the surest first.
    Confidence {
        /// The evidence leaves no other explanation.
        High = "high",
        /// Likely.
        Medium = "medium",
        /// A hint.
        Low = "low",
    }
}

words! {
    /// Life cycle.
    Status {
        /// Being tried; evaluated only when asked for.
        Draft = "draft",
        /// In use.
        Stable = "stable",
        /// About to go; evaluated like a stable one, and the checker warns of it.
        Deprecated = "deprecated",
    }
}

words! {
    /// What a finding of the rule is.
    RuleRole {
        /// What is wrong.
        Cause = "cause",
        /// What was seen because of it.
        Symptom = "symptom",
        /// Worth telling, not a fault.
        Note = "note",
    }
}

/// A variable of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Name without the `$`.
    pub name: Text,
    /// For a parameter: the value that it has from the start.
    pub value: Option<Value>,
    /// Only seen inside `unless:` or `count:`, where it cannot be named by templates.
    pub local: bool,
}

/// One condition.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Name by which templates call what it matched; empty inside lists.
    pub alias: Text,
    /// What must hold.
    pub pattern: Pattern,
    /// Line of the rule file, counted from 1.
    pub line: usize,
}

/// What a condition asks for.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// A fact of that kind.
    Fact(FactPattern),
    /// A probe's answer.
    Probe(ProbePattern),
    /// One of several conditions, each of which that holds is a match.
    Any(Vec<Condition>),
    /// All of several conditions.
    All(Vec<Condition>),
    /// Each match of the first condition, of which there is at least one, meets the others.
    Every(Vec<Condition>),
    /// Nothing meets all of these conditions.
    None(Vec<Condition>),
    /// A condition that adds to a match when it holds and takes nothing away when it does not.
    Optional(Box<Condition>),
    /// A number of facts.
    Count(CountPattern),
}

/// A fact with these fields.
#[derive(Debug, Clone)]
pub struct FactPattern {
    /// Its kind.
    pub kind: Text,
    /// Conditions on its fields; those that bind variables come first.
    pub fields: Vec<FieldCondition>,
}

/// A probe and what its answer must be.
#[derive(Debug, Clone)]
pub struct ProbePattern {
    /// Container, `host`, or an outside address.
    pub from: Operand,
    /// Name or address.
    pub to: Operand,
    /// Protocol; `tcp` unless told otherwise.
    pub proto: Operand,
    /// Destination port; none for icmp.
    pub port: Option<Operand>,
    /// Host whose model is asked; the rule's node unless told otherwise.
    pub node: Option<Operand>,
    /// Conditions on the answer, `verdict` among them.
    pub fields: Vec<FieldCondition>,
}

/// How many facts match.
#[derive(Debug, Clone)]
pub struct CountPattern {
    /// What is counted. Variables that are not bound yet make groups.
    pub fact: FactPattern,
    /// What each counted fact must meet besides.
    pub with: Vec<Condition>,
    /// What is computed of the facts.
    pub aggregate: Aggregate,
    /// Comparisons of the number, all of which must hold.
    pub compare: Vec<(Comparison, Operand)>,
}

/// What is computed of a set of facts.
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregate {
    /// Their number; an event counts as often as it was seen.
    Count,
    /// The number of different values of a field.
    Distinct(Text),
    /// The sum of a field.
    Sum(Text),
    /// The largest value of a field.
    Max(Text),
    /// The smallest value of a field.
    Min(Text),
}

/// A condition on one field.
#[derive(Debug, Clone)]
pub struct FieldCondition {
    /// Field, perhaps with a dotted path into it.
    pub path: Text,
    /// What its value must be.
    pub test: Test,
    /// As written, on one line, for explanations.
    pub written: Text,
}

/// What a value must be. A list satisfies it when one of its elements does. An absent value satisfies nothing but
/// [`Test::Not`] and [`Test::Absent`]`(true)`.
#[derive(Debug, Clone)]
pub enum Test {
    /// Equal; an unbound variable is bound.
    Is(Operand),
    /// Equal to one of these.
    AnyOf(Vec<Operand>),
    /// The test does not hold.
    Not(Box<Test>),
    /// All of these.
    All(Vec<Test>),
    /// Greater or less: numbers as numbers, other text as versions.
    Compare(Comparison, Operand),
    /// The regular expression is found; its named groups bind variables.
    Matches(Regex, Vec<(Text, usize)>),
    /// The text contains the text, the list the element.
    Contains(Operand),
    /// The text begins so.
    StartsWith(Operand),
    /// The text ends so.
    EndsWith(Operand),
    /// The address or network lies in one of these networks.
    InSubnet(Vec<Operand>),
    /// The network shares addresses with one of these.
    Overlaps(Vec<Operand>),
    /// The network holds the address.
    ContainsAddress(Operand),
    /// The time is at most so many seconds from another, or from the capture.
    Within(Operand, Option<Operand>),
    /// The time is earlier.
    Before(Operand),
    /// The time is later.
    After(Operand),
    /// Nothing is stated, or the list is empty; or the opposite.
    Absent(bool),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Equal.
    Eq,
}

impl Comparison {
    /// Whether an ordering satisfies it.
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Eq => ordering.is_eq(),
        }
    }
}

/// What a field is compared with.
#[derive(Debug, Clone)]
pub enum Operand {
    /// A fixed value.
    Value(Value),
    /// A fixed network, parsed.
    Network(IpNet),
    /// A fixed address, parsed.
    Address(IpAddr),
    /// A fixed time, parsed.
    Time(Timestamp),
    /// A variable, by slot.
    Variable(usize),
    /// A field of what an earlier condition matched.
    Field {
        /// Position of the condition in `when`.
        condition: usize,
        /// Field path.
        path: Text,
    },
}

/// One step of a remedy.
#[derive(Debug, Clone)]
pub struct FixStep {
    /// What to do, for people.
    pub say: Template,
    /// The command. Values are quoted for a POSIX shell.
    pub run: Option<Template>,
    /// The probe that must answer so once the command was simulated.
    pub proves: Option<ProbePattern>,
    /// What the step may break, for people.
    pub risk: Option<Text>,
}

/// Facts that a rule yields.
#[derive(Debug, Clone)]
pub struct Emit {
    /// Their kind.
    pub kind: Text,
    /// Their fields.
    pub fields: Vec<(Text, Operand)>,
}

/// A test of a rule.
#[derive(Debug, Clone)]
pub struct RuleTest {
    /// What it shows.
    pub name: Text,
    /// A virtual bundle: path and content of each document. With a bundle on disk, documents that replace those of the
    /// same path, or are added.
    pub files: Vec<(Text, Text)>,
    /// A bundle on disk, relative to the rule file's pack.
    pub bundle: Option<Text>,
    /// What must come out.
    pub expect: Expect,
    /// Line of the rule file, counted from 1.
    pub line: usize,
    /// Where what only others can check stands.
    pub places: TestPlaces,
}

/// Places of a test in its rule file, in bytes.
#[derive(Debug, Clone, Default)]
pub struct TestPlaces {
    /// The path of the bundle.
    pub bundle: Range<usize>,
    /// Each of `missing`.
    pub missing: Vec<Range<usize>>,
}

/// What a test of a rule expects; what is not named is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// Number of findings of the rule.
    pub fires: Option<u64>,
    /// The answer is `undecided`.
    pub undecided: Option<bool>,
    /// Kinds of documents that must be named as missing.
    pub missing: Vec<Text>,
    /// Text that the message of a finding contains.
    pub message: Vec<Text>,
    /// Text that the title of a finding contains.
    pub title: Vec<Text>,
    /// `document:line` of evidence that must be there.
    pub evidence: Vec<Text>,
    /// Commands that must be offered.
    pub run: Vec<Text>,
    /// Subjects of a finding.
    pub subjects: BTreeMap<Text, Value>,
}

/// A signature: patterns over log records that make events.
#[derive(Debug, Clone)]
pub struct Signature {
    /// Unique name.
    pub id: Text,
    /// File that holds it.
    pub path: Text,
    /// One line for people.
    pub title: Text,
    /// Life cycle.
    pub status: Status,
    /// Which client or server words it so.
    pub about: Text,
    /// Kind of the event.
    pub event: Text,
    /// Fields with fixed values, for every pattern.
    pub fields: Vec<(Text, Value)>,
    /// Types of the fields of an event that the program does not know; the others are texts.
    pub types: BTreeMap<Text, FieldType>,
    /// The patterns.
    pub patterns: Vec<SignaturePattern>,
    /// Globs of the documents in which it applies; empty for all.
    pub documents: Vec<Text>,
    /// Globs of the containers in whose logs it applies; empty for all.
    pub containers: Vec<Text>,
    /// Its tests.
    pub tests: Vec<SignatureTest>,
}

/// One pattern of a signature.
#[derive(Debug, Clone)]
pub struct SignaturePattern {
    /// Regular expression over the record; its named groups are fields. It is known to be
    /// well formed.
    pub regex: Text,
    /// What later records must say, one after the other; groups of the same name must agree. The event is made when the
    /// last one is found.
    pub then: Vec<Text>,
    /// Time from the first record to the last one at most.
    pub within: Option<SignedDuration>,
    /// Lines of the document from the first record to the last one at most.
    pub within_lines: Option<u32>,
    /// Fields with fixed values.
    pub fields: Vec<(Text, Value)>,
    /// What a captured text stands for, by field.
    pub map: BTreeMap<Text, BTreeMap<Text, Value>>,
    /// Bytes of the rule file that `match:` takes.
    pub span: Range<usize>,
    /// Line of the rule file, counted from 1.
    pub line: usize,
}

/// A test of a signature.
#[derive(Debug, Clone)]
pub struct SignatureTest {
    /// What it shows.
    pub name: Text,
    /// The log.
    pub log: Text,
    /// The events, in order; fields that are not named are not looked at.
    pub expect: Vec<BTreeMap<Text, Value>>,
    /// Line of the rule file, counted from 1.
    pub line: usize,
}
