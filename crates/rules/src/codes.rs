//! The stable codes of everything that can be wrong in a rule file.

/// One kind of mistake.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable name, `BS` and four digits; those from `BS0900` on are warnings.
    pub id: &'static str,
    /// True when the rule can be used all the same.
    pub warning: bool,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// What the author should know to mend it.
    pub explanation: &'static str,
}

macro_rules! codes {
    ($( $name:ident = $id:literal $(#[$kind:ident])? $title:literal, $explanation:literal; )*) => {
        $( pub(crate) static $name: Code = Code {
            id: $id,
            warning: codes!(@warning $($kind)?),
            title: $title,
            explanation: $explanation,
        }; )*

        /// Every code, in order.
        pub static CODES: &[&Code] = &[$( &$name, )*];
    };
    (@warning warning) => { true };
    (@warning) => { false };
}

codes! {
    SYNTAX = "BS0001" "not valid YAML",
        "The file could not be read as YAML. Check indentation, brackets and quotes; a text that holds `: ` or begins with a special character needs quotes.";
    DUPLICATE_KEY = "BS0002" "a key stands twice",
        "A map holds the same key twice. YAML would keep one of them silently, so it is refused.";
    UNKNOWN_KEY = "BS0003" "unknown key",
        "The key means nothing here.";
    MISSING_KEY = "BS0004" "missing key",
        "A key that is needed is not there.";
    WRONG_SHAPE = "BS0005" "wrong shape",
        "A map, a list or a scalar stands where another of them is needed.";
    WRONG_WORD = "BS0006" "not one of the allowed words",
        "The value is one of a closed set of words.";
    BAD_NAME = "BS0007" "a name with characters that names may not have",
        "Ids consist of lower-case letters, digits and `-`; aliases, variables and kinds of lower-case letters, digits and `_`, and begin with a letter.";
    DUPLICATE_ID = "BS0008" "two rules with one id",
        "Ids are unique within one pack. A later pack may replace a rule by giving it the same id.";
    UNKNOWN_KIND = "BS0009" "unknown kind of fact",
        "No parser, no signature and no `emit:` of the loaded packs yields facts of that kind.";
    UNKNOWN_FIELD = "BS0010" "unknown field",
        "Facts of that kind have no such field.";
    UNKNOWN_OPERATOR = "BS0011" "unknown operator",
        "A map in the place of a value holds operators.";
    WRONG_OPERATOR = "BS0012" "the operator does not fit the field",
        "The operator needs a field of another type.";
    WRONG_TYPE = "BS0013" "wrong type of value",
        "The value is of another type than the field, so that the condition could never hold.";
    BAD_REGEX = "BS0014" "the regular expression cannot be read",
        "Regular expressions follow the syntax of Rust's regex crate: no look-around and no back-references, so that none can blow up.";
    BAD_NETWORK = "BS0015" "not an address range",
        "Networks are written in CIDR notation, such as `10.0.0.0/8` or `fd00::/8`.";
    BAD_MEASURE = "BS0016" "a time, duration, size or number that cannot be read",
        "Durations are numbers with `ms`, `s`, `m`, `h`, `d` or `w`; sizes are numbers with `B`, `kB`, `MB`, `GB`, `TB` (powers of 1000) or `KiB`, `MiB`, `GiB`, `TiB`, `K`, `M`, `G`, `T` (powers of 1024); times are RFC 3339.";
    UNBOUND = "BS0017" "a variable that nothing binds",
        "A variable is bound where it stands alone as the value of a field in an earlier condition or in the same one.";
    NAME_CLASH = "BS0018" "one name for two things",
        "Aliases, variables and parameters share the names that templates use.";
    BAD_TEMPLATE = "BS0019" "the template or expression cannot be read",
        "Templates and expressions are those of minijinja: `{{ alias.field }}`, `{% if … %}…{% endif %}`.";
    UNKNOWN_NAME = "BS0020" "a template names something that does not exist",
        "Templates may name the aliases and variables of `when:`, parameters, and `node`.";
    UNKNOWN_RULE = "BS0021" "a reference to something that does not exist",
        "`explains:` names rules or kinds of events.";
    BAD_FIX = "BS0022" "a remedy that cannot be proved",
        "`proves:` holds a probe that is asked again after `run:` was simulated, so it needs `run:` and a verdict.";
    EMIT_CYCLE = "BS0023" "rules that need each other's facts",
        "A rule that emits facts must not depend on them, directly or through other rules.";
    BAD_SIGNATURE = "BS0024" "a signature does not fit its event",
        "Named groups, `fields:` and `map:` are fields of the event.";
    NOTHING_TO_MATCH = "BS0025" "nothing to match",
        "A rule needs at least one condition, a signature at least one pattern.";
    TEMPLATE_IN_CONDITION = "BS0026" "a template where none is filled in",
        "Conditions compare with fixed values, variables (`$name`) and fields of earlier conditions (`$alias.field`); templates belong to `title`, `message`, `customer`, `say` and `run`.";
    TOO_NEW = "BS0027" "the pack needs a newer program",
        "`pack.yaml` says with `requires:` which version of the program it was made for at least.";
    CIRCULAR = "BS0028" "rules that explain or supersede each other",
        "A finding is nested under the one that explains it, and gives way to the one that supersedes it; in a circle neither can be.";
    QUOTED_VALUE = "BS0029" "a value inside quotes in a command",
        "In `run:` each value is quoted for a shell where it needs it. Inside of quotes that are written there the two would end each other, and the shell would run what a bundle says.";
    NO_POSITIVE_TEST = "BS0901" #[warning] "no test that shows it at work",
        "A rule or signature that no test has seen at work may never work. Drafts are not asked for tests.";
    UNKNOWN_SUPERSEDED = "BS0902" #[warning] "a superseded rule that is not loaded",
        "`supersedes:` may name rules of packs that are not loaded, so this is only a warning; it may also be a typing mistake.";
    NO_NEGATIVE_TEST = "BS0903" #[warning] "no test in which it stays silent",
        "A look-alike that does not fire is what keeps a rule from accusing a healthy system. Drafts are not asked for tests.";
    NEVER_HOLDS = "BS0904" #[warning] "a condition that can never hold",
        "Operators of one field contradict each other, or a condition of `unless` asks for what `when` asks for, so that the rule can never fire.";
    UNUSED = "BS0905" #[warning] "a name that nothing uses",
        "A parameter, a variable or an alias to which nothing refers: it may be a remnant or a typing mistake.";
    NO_LITERAL = "BS0906" #[warning] "a pattern without a text to search for",
        "Logs are searched for fixed texts first. A pattern that needs none is tried on every record of every log, which is slow.";
    VACUOUS_TEST = "BS0907" #[warning] "a test that would pass without the rule",
        "A look-alike shows something only when it holds a fact that meets some demand of the rule and fails another: nothing in these documents meets any demand of any condition of `when`. A test with an empty `expect:` passes always, too.";
    DEPRECATED = "BS0908" #[warning] "a rule that is about to go",
        "`status: deprecated` says that the rule will be removed; it is still evaluated.";
    DEAD_SUPPRESSION = "BS0909" #[warning] "a suppression of nothing",
        "The suppression names a rule that is not loaded, so it suppresses nothing.";
    WRONG_TEST = "BS0910" #[warning] "an expectation that cannot come true",
        "The test fails whatever comes out. What it expects must be possible: evidence is `document:line` of one of its documents, subjects are those of the rule, fields those of the event, and a test in which nothing fires has no message.";
    AS_IT_IS = "BS0911" #[warning] "a text that is taken as it is",
        "A plain value is compared letter by letter, and text outside of `{{ … }}` is shown as it is. What looks like a pattern, an operator, a list or the name of a variable is none of these there.";
    FILE_NAME = "BS0912" #[warning] "a file that is not called like its rule",
        "A rule is found by its id, so that its file is called `<id>.yaml`.";
    NO_LINK = "BS0913" #[warning] "a reference that is no link",
        "`references:` holds links that reports show: each begins with `https://` or `http://`.";
    SAME_TEST = "BS0914" #[warning] "two tests with one name",
        "Tests are chosen and reported by their names.";
    NO_BUNDLE = "BS0915" #[warning] "a test whose bundle is not there",
        "The test is skipped. The path of a `bundle:` is relative to the folder of the pack, or to a folder above it.";
    BAD_PATH = "BS0916" #[warning] "a path that no document has",
        "Documents have paths relative to the bundle, with slashes, and without `.` and `..`.";
}

/// The code of that name.
pub fn code(id: &str) -> Option<&'static Code> {
    CODES.iter().copied().find(|code| code.id == id)
}
