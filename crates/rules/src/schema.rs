//! The rule language as a JSON Schema, for editors: made of the vocabulary, so that it completes kinds, fields,
//! operators and words. What the schema cannot say, such as which variables are bound, the checker tells.

use bundlescope_facts::{EVENTS, FieldSpec, FieldType, KINDS, KindSpec};
use serde_json::{Map, Value, json};

use crate::check::TYPES;
use crate::keys;
use crate::model::{Confidence, RuleRole, Severity, Status};
use crate::vocabulary::{COMMON, PROBE, origin_fields};

/// The schema of rule and signature files, draft 2020-12.
pub fn schema() -> Value {
    let mut defs = Map::new();
    defs.insert("name".into(), json!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*$" }));
    defs.insert("scalar".into(), json!({ "type": ["string", "number", "boolean"] }));
    defs.insert("texts".into(), one_or_list(&json!({ "type": "string" })));
    let mut kinds = Map::new();
    for spec in KINDS.iter().copied().chain(EVENTS) {
        let fields = kind(&mut defs, spec, &[]);
        defs.insert(format!("kind_{}", spec.name), fields);
        kinds.insert(spec.name.into(), reference(&format!("kind_{}", spec.name)));
    }
    let probe = kind(&mut defs, &PROBE, &["from", "to"]);
    defs.insert("probe".into(), probe);
    defs.insert("count".into(), count(&kinds));
    defs.insert(
        "conditions".into(),
        json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/condition" } }),
    );
    defs.insert("condition".into(), condition(&kinds));
    defs.insert("rule_test".into(), rule_test());
    defs.insert("signature_test".into(), signature_test());
    defs.insert("pattern".into(), pattern());
    defs.insert("rule".into(), rule());
    defs.insert("signature".into(), signature());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Bundlescope rule or signature file",
        "type": "object",
        "if": { "required": ["signature"] },
        "then": { "$ref": "#/$defs/signature" },
        "else": { "$ref": "#/$defs/rule" },
        "$defs": defs,
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn described(mut schema: Value, doc: &str) -> Value {
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".into(), doc.into());
    }
    schema
}

fn one_or_list(item: &Value) -> Value {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

fn doc(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// A condition on a field of that type: a value, a variable, a list, or operators.
fn field_value(ty: FieldType) -> Value {
    let one = scalar(ty);
    json!({ "anyOf": [one, { "type": "array", "items": one }, operators(ty)] })
}

/// A fixed value, or `$name`.
fn scalar(ty: FieldType) -> Value {
    let variable = json!({ "type": "string", "pattern": "^\\$" });
    match ty {
        FieldType::Text => json!({ "type": ["string", "integer"] }),
        FieldType::Integer => json!({ "anyOf": [{ "type": "integer" }, measure(), variable] }),
        FieldType::Float => json!({ "anyOf": [{ "type": "number" }, measure(), variable] }),
        FieldType::Bool => json!({ "anyOf": [{ "type": "boolean" }, variable] }),
        FieldType::Word(words) => json!({ "anyOf": [{ "enum": words }, variable] }),
        FieldType::Address | FieldType::Network | FieldType::Time => json!({ "type": "string" }),
        FieldType::List(inner) => scalar(*inner),
        FieldType::Map(_) | FieldType::Record(_) | FieldType::Any => reference("scalar"),
    }
}

/// A number with a unit: `512MiB`, `5m`, `90%`.
fn measure() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]" })
}

fn operators(ty: FieldType) -> Value {
    let one = scalar(ty);
    let several = one_or_list(&one);
    let element = match ty {
        FieldType::List(inner) => *inner,
        other => other,
    };
    let any = element == FieldType::Any;
    let text = any || matches!(element, FieldType::Text | FieldType::Word(_));
    let number = matches!(element, FieldType::Integer | FieldType::Float);
    let address = text || matches!(element, FieldType::Address | FieldType::Network);
    let time = any || element == FieldType::Time;
    let texts = json!({ "type": ["string", "integer"] });
    let mut all = Map::new();
    let mut put = |name: &str, fits: bool, schema: &Value, doc: &str| {
        if fits {
            all.insert(name.into(), described(schema.clone(), doc));
        }
    };
    put("is", true, &one, "The field is equal; a new variable gets its value.");
    put("not", true, &json!({}), "The condition does not hold; also where nothing is stated.");
    put("any_of", true, &several, "The field is equal to one of these.");
    put("none_of", true, &several, "The field is equal to none of these; also where nothing is stated.");
    let ordered = number || text || time;
    for (name, word) in [("gt", "Greater"), ("ge", "Greater or equal"), ("lt", "Less"), ("le", "Less or equal")] {
        put(name, ordered, &json!({ "type": ["string", "number"] }), &format!("{word}: numbers, versions, times."));
    }
    put(
        "matches",
        address || time,
        &json!({ "type": "string", "format": "regex" }),
        "The regular expression is found; named groups bind variables.",
    );
    put(
        "contains",
        text || matches!(ty, FieldType::List(_)),
        &texts,
        "The text contains the text, the list the element.",
    );
    put("starts_with", address || time, &texts, "The text begins so.");
    put("ends_with", address || time, &texts, "The text ends so.");
    let networks = one_or_list(&json!({ "type": "string" }));
    put("in_subnet", address, &networks, "The address or network lies in one of these networks.");
    put("overlaps", address, &networks, "The network shares addresses with one of these.");
    put("contains_address", text || element == FieldType::Network, &texts, "The network holds the address.");
    put("within", time, &texts, "The time is at most so far from `of`, or from the capture.");
    put("of", time, &texts, "The time from which `within` counts.");
    put("before", time, &texts, "The time is earlier.");
    put("after", time, &texts, "The time is later.");
    put("absent", true, &json!({ "type": "boolean" }), "Whether nothing is stated.");
    json!({ "type": "object", "minProperties": 1, "additionalProperties": false, "properties": all })
}

/// A reference to the conditions on fields of that type, which are written once.
fn value(defs: &mut Map<String, Value>, ty: FieldType) -> Value {
    let name = format!("field_{}", type_name(ty));
    if !defs.contains_key(&name) {
        defs.insert(name.clone(), field_value(ty));
    }
    reference(&name)
}

fn type_name(ty: FieldType) -> String {
    match ty {
        FieldType::Text => "text".into(),
        FieldType::Integer => "integer".into(),
        FieldType::Float => "float".into(),
        FieldType::Bool => "bool".into(),
        FieldType::Address => "address".into(),
        FieldType::Network => "network".into(),
        FieldType::Time => "time".into(),
        FieldType::Word(words) => words.join("_or_").replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
        FieldType::List(inner) => format!("list_of_{}", type_name(*inner)),
        FieldType::Map(_) | FieldType::Record(_) | FieldType::Any => "any".into(),
    }
}

fn field(defs: &mut Map<String, Value>, spec: &FieldSpec) -> Value {
    described(value(defs, spec.ty), &doc(spec.doc))
}

/// The fields of a kind; dotted paths reach into maps and records.
fn kind(defs: &mut Map<String, Value>, spec: &KindSpec, required: &[&str]) -> Value {
    let mut properties = Map::new();
    let mut paths = Map::new();
    for one in COMMON.iter().chain(origin_fields(spec.name)).chain(spec.fields) {
        properties.insert(one.name.into(), field(defs, one));
        let inner = match one.ty {
            FieldType::List(inner) => *inner,
            other => other,
        };
        match inner {
            FieldType::Record(fields) => {
                for part in fields {
                    properties.insert(format!("{}.{}", one.name, part.name), field(defs, part));
                }
                paths.insert(format!("^{}\\.", one.name), json!({}));
            }
            FieldType::Map(values) => {
                paths.insert(format!("^{}\\.", one.name), value(defs, *values));
            }
            FieldType::Any => {
                paths.insert(format!("^{}\\.", one.name), value(defs, FieldType::Any));
            }
            _ => {}
        }
    }
    json!({
        "description": doc(spec.doc),
        "type": ["object", "null"],
        "required": required,
        "properties": properties,
        "patternProperties": paths,
        "additionalProperties": false,
    })
}

/// One condition: a kind of fact, which packs may add to, or a word of the language.
fn condition(kinds: &Map<String, Value>) -> Value {
    let mut properties = kinds.clone();
    for (name, schema, doc) in [
        ("probe", reference("probe"), doc(PROBE.doc)),
        ("count", reference("count"), "How many facts there are, or what is computed of them.".into()),
        ("any", reference("conditions"), "One of several conditions.".into()),
        ("all", reference("conditions"), "All of several conditions.".into()),
        ("every", reference("conditions"), "A set, and what each of it must meet.".into()),
        ("none", one_or_list(&reference("condition")), "Nothing meets all of these conditions.".into()),
        ("optional", reference("condition"), "Adds to a match when it holds, and takes nothing away.".into()),
    ] {
        properties.insert(name.into(), described(schema, &doc));
    }
    json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": properties,
        "additionalProperties": { "type": ["object", "null"] },
    })
}

fn count(kinds: &Map<String, Value>) -> Value {
    let mut properties = kinds.clone();
    for name in ["gt", "ge", "lt", "le", "is"] {
        properties.insert(name.into(), json!({ "type": ["string", "number"] }));
    }
    for name in ["distinct", "sum", "max", "min"] {
        properties.insert(name.into(), described(json!({ "type": "string" }), "The field of which it is computed."));
    }
    properties.insert("with".into(), described(reference("conditions"), "What each counted fact must meet besides."));
    json!({ "type": "object", "minProperties": 2, "properties": properties, "additionalProperties": { "type": ["object", "null"] } })
}

/// The keys of a map with their schemas; a key without one is a mistake here, which a test would tell.
fn object(keys: &[&str], required: &[&str], of: impl Fn(&str) -> (Value, &'static str)) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| {
            let (schema, doc) = of(key);
            ((*key).to_owned(), described(schema, doc))
        })
        .collect();
    json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
}

fn rule() -> Value {
    object(keys::RULE, &["id", "when"], |key| match key {
        "id" => {
            (json!({ "type": "string", "pattern": "^[a-z][a-z0-9-]*$" }), "Unique name; the file is called the same.")
        }
        "title" => (json!({ "type": "string" }), "One line for people, a template."),
        "severity" => (json!({ "enum": Severity::WORDS }), "How much harm it does."),
        "confidence" => (json!({ "enum": Confidence::WORDS }), "How sure a firing is."),
        "status" => (json!({ "enum": Status::WORDS }), "Drafts are evaluated only when asked for."),
        "role" => (json!({ "enum": RuleRole::WORDS }), "What a finding of the rule is."),
        "cause" => (json!({ "type": "string" }), "What is wrong, by its usual name."),
        "about" => (json!({ "type": "string" }), "What it is and why it happens."),
        "references" => (reference("texts"), "Links."),
        "params" => (
            json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/scalar" } }),
            "Values that a site may change.",
        ),
        "applies_to" => (
            json!({ "type": "object", "additionalProperties": { "type": ["object", "null"] } }),
            "Kinds of facts with the versions and products that the rule is for.",
        ),
        "across_nodes" => (json!({ "type": "boolean" }), "Conditions may match on different hosts."),
        "when" => (
            json!({
                "type": "object",
                "minProperties": 1,
                "propertyNames": { "pattern": "^[a-z][a-z0-9_]*$" },
                "additionalProperties": { "$ref": "#/$defs/condition" },
            }),
            "What must hold: an alias for each condition.",
        ),
        "unless" => (reference("conditions"), "What must not hold."),
        "where" => (reference("texts"), "Expressions that must be true."),
        "explains" => (reference("texts"), "Rules and events whose symptoms are nested under this rule's findings."),
        "supersedes" => (reference("texts"), "Rules whose findings about the same thing give way."),
        "subjects" => (
            json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/scalar" } }),
            "What a finding is about, by name.",
        ),
        "together" => {
            (reference("texts"), "Subjects that do not tell findings apart: one finding is about all their values.")
        }
        "message" => (json!({ "type": "string" }), "What happened, a template."),
        "customer" => (json!({ "type": "string" }), "What to tell the customer, a template."),
        "fix" => (json!({ "type": "array", "items": step() }), "What to do."),
        "collect" => (
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            "Commands that collect a kind of fact.",
        ),
        "emit" => (
            json!({ "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": { "type": "object" } }),
            "Facts that the rule makes instead of findings.",
        ),
        _ => (json!({ "type": "array", "items": { "$ref": "#/$defs/rule_test" } }), "Tests of the rule."),
    })
}

fn step() -> Value {
    object(&["say", "run", "proves", "risk"], &["say"], |key| match key {
        "say" => (json!({ "type": "string" }), "What to do, a template."),
        "run" => (json!({ "type": "string" }), "The command, a template; values are quoted for a shell."),
        "risk" => (json!({ "type": "string" }), "What the step may break."),
        _ => (
            json!({ "type": "object", "required": ["probe"], "properties": { "probe": { "$ref": "#/$defs/probe" } }, "additionalProperties": false }),
            "The probe that must answer so after the command.",
        ),
    })
}

fn rule_test() -> Value {
    let expect =
        object(&["fires", "undecided", "missing", "message", "title", "evidence", "run", "subjects"], &[], |key| {
            match key {
                "fires" => (json!({ "type": "integer", "minimum": 0 }), "Number of findings."),
                "undecided" => (json!({ "type": "boolean" }), "Whether evidence is missing."),
                "subjects" => (json!({ "type": "object" }), "Subjects of a finding."),
                _ => (reference("texts"), "Texts that must be there."),
            }
        });
    object(&["name", "files", "bundle", "expect"], &["name", "expect"], |key| match key {
        "name" => (json!({ "type": "string" }), "What it shows."),
        "files" => (json!({ "type": "object" }), "Documents by path."),
        "bundle" => (json!({ "type": "string" }), "A bundle on disk."),
        _ => (expect.clone(), "What must come out."),
    })
}

fn signature_test() -> Value {
    object(&["name", "log", "expect"], &["name", "log", "expect"], |key| match key {
        "name" => (json!({ "type": "string" }), "What it shows."),
        "log" => (json!({ "type": "string" }), "The lines of a log."),
        _ => (json!({ "type": "array", "items": { "type": "object" } }), "The events, in order."),
    })
}

fn pattern() -> Value {
    object(keys::PATTERN, &["match"], |key| match key {
        "match" => (json!({ "type": "string" }), "Regular expression over a record; named groups are fields."),
        "then" => (reference("texts"), "What later records must say, in order."),
        "within" => (json!({ "type": "string" }), "Time from the first record to the last one at most."),
        "within_lines" => {
            (json!({ "type": "integer", "minimum": 1 }), "Lines from the first record to the last one at most.")
        }
        "fields" => (json!({ "type": "object" }), "Fields with fixed values."),
        _ => (
            json!({ "type": "object", "additionalProperties": { "type": "object" } }),
            "What a captured text stands for, by group.",
        ),
    })
}

fn signature() -> Value {
    let body = object(keys::SIGNATURE, &["event", "patterns"], |key| match key {
        "event" => (reference("name"), "Kind of the event that it makes."),
        "fields" => (json!({ "type": "object" }), "Fields with fixed values."),
        "types" => {
            (json!({ "type": "object", "additionalProperties": { "enum": TYPES } }), "Types of captured fields.")
        }
        "patterns" => (
            json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/pattern" } }),
            "Wordings, any of which makes an event.",
        ),
        "documents" => (reference("texts"), "Globs of the documents in which it applies."),
        _ => (reference("texts"), "Globs of the containers in whose logs it applies."),
    });
    object(&["id", "title", "status", "about", "references", "signature", "tests"], &["id", "signature"], |key| {
        match key {
            "id" => (
                json!({ "type": "string", "pattern": "^[a-z][a-z0-9-]*$" }),
                "Unique name; the file is called the same.",
            ),
            "status" => (json!({ "enum": Status::WORDS }), "Drafts are evaluated only when asked for."),
            "references" => (reference("texts"), "Links."),
            "signature" => (body.clone(), "What it searches for."),
            "tests" => {
                (json!({ "type": "array", "items": { "$ref": "#/$defs/signature_test" } }), "Tests of the signature.")
            }
            _ => (json!({ "type": "string" }), "A text for people."),
        }
    })
}
