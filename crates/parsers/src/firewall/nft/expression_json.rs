//! Expressions and statements of JSON in the words of nft. The reader of JSON limits their nesting.

use crate::json::{Fields, Node, Value};

/// Writes a word; names with blanks and the like stand in quotes.
fn word(text: &str, out: &mut String) {
    let plain = |c: char| c.is_alphanumeric() || "_.:/*@-+<>=".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !super::rule::is_statement(text) {
        out.push_str(text);
    } else {
        out.push('"');
        out.extend(text.chars().map(|c| if matches!(c, '"' | '\n' | '\r') { ' ' } else { c }));
        out.push('"');
    }
}

/// A member of an object as a word; nothing when absent.
fn member(node: &Node<'_>, key: &str, out: &mut String) -> bool {
    match node.member(key) {
        Some(member) if member.value.value != Value::Null => {
            expression(&member.value, out);
            true
        }
        _ => false,
    }
}

/// ` WORD value` when the member is there.
fn option(node: &Node<'_>, key: &str, before: &str, out: &mut String) {
    if node.has(key) {
        out.push_str(before);
        member(node, key, out);
    }
}

fn joined(items: &[Node<'_>], between: &str, out: &mut String) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(between);
        }
        expression(item, out);
    }
}

/// Writes an expression.
fn expression(node: &Node<'_>, out: &mut String) {
    match &node.value {
        Value::Null => {}
        Value::Bool(flag) => out.push_str(if *flag { "exists" } else { "missing" }),
        Value::Number(number) => out.push_str(number),
        Value::Text(text) => word(text, out),
        // Flags.
        Value::Array(items) => joined(items, ",", out),
        Value::Object(members) => {
            for member in members {
                operator(&member.key, &member.value, out);
            }
        }
    }
}

fn operator(kind: &str, node: &Node<'_>, out: &mut String) {
    let text = |key: &str| match node.member(key).map(|member| &member.value.value) {
        Some(Value::Text(text)) => text.as_ref(),
        _ => "",
    };
    match kind {
        "&" | "|" | "^" | "<<" | ">>" => {
            for (index, item) in node.items().iter().enumerate() {
                if index > 0 {
                    out.push_str(&format!(" {kind} "));
                }
                match &item.value {
                    Value::Array(flags) => {
                        out.push('(');
                        joined(flags, "|", out);
                        out.push(')');
                    }
                    _ => expression(item, out),
                }
            }
        }
        "range" => joined(node.items(), "-", out),
        "concat" => joined(node.items(), " . ", out),
        "prefix" => {
            member(node, "addr", out);
            option(node, "len", "/", out);
        }
        "set" => {
            out.push_str("{ ");
            list(node, out);
            out.push_str(" }");
        }
        "elem" => {
            member(node, "val", out);
        }
        "map" => {
            member(node, "key", out);
            option(node, "data", " map ", out);
        }
        "meta" => out.push_str(&format!("meta {}", text("key"))),
        "ct" => {
            out.push_str("ct ");
            for key in ["dir", "family", "key"] {
                if !text(key).is_empty() {
                    out.push_str(text(key));
                    out.push(' ');
                }
            }
        }
        "payload" if node.has("base") => {
            out.push('@');
            member(node, "base", out);
            option(node, "offset", ",", out);
            option(node, "len", ",", out);
        }
        "payload" => out.push_str(&format!("{} {}", text("protocol"), text("field"))),
        "tcp option" => {
            out.push_str("tcp option ");
            member(node, "name", out);
            option(node, "field", " ", out);
        }
        "exthdr" => out.push_str(&format!("{} {}", text("name"), text("field"))),
        "socket" | "rt" | "osf" => out.push_str(&format!("{kind} {} {}", text("family"), text("key"))),
        "fib" => {
            let flags = node.member("flags").map(|member| member.value.items()).unwrap_or_default();
            out.push_str("fib ");
            joined(flags, " . ", out);
            out.push_str(&format!(" {}", text("result")));
        }
        "numgen" => {
            out.push_str(&format!("numgen {}", text("mode")));
            option(node, "mod", " mod ", out);
            option(node, "offset", " offset ", out);
        }
        "jhash" | "symhash" => {
            out.push_str(&format!("{kind} "));
            member(node, "expr", out);
            option(node, "mod", " mod ", out);
        }
        "accept" | "drop" | "continue" | "return" => out.push_str(kind),
        "jump" | "goto" => {
            out.push_str(&format!("{kind} "));
            member(node, "target", out);
        }
        _ => word(&format!("json-{kind}"), out),
    }
}

/// Elements of a set or map, without what hangs on them.
fn list(node: &Node<'_>, out: &mut String) {
    for (index, item) in node.items().iter().enumerate() {
        if index > 0 {
            out.push_str(" , ");
        }
        match item.items() {
            [key, value] => {
                expression(key, out);
                out.push_str(" : ");
                expression(value, out);
            }
            _ => expression(item, out),
        }
    }
}

/// Elements of a named set or map.
pub(super) fn elements(elements: Fields<'_, '_>, out: &mut String) {
    if let Some(node) = elements.node() {
        match node.value {
            Value::Array(_) => list(node, out),
            _ => expression(node, out),
        }
    }
}

/// `"ipv4_addr"`, `["ipv4_addr", "inet_service"]`, `{"typeof": …}`.
pub(super) fn set_type(kind: Fields<'_, '_>, out: &mut String) {
    let Some(node) = kind.node() else { return };
    match &node.value {
        Value::Array(items) => joined(items, " . ", out),
        Value::Object(members) => members.iter().for_each(|member| expression(&member.value, out)),
        _ => expression(node, out),
    }
}

/// Adds a statement behind a blank.
pub(super) fn statement(kind: &str, value: Fields<'_, '_>, out: &mut String) {
    out.push(' ');
    let null = Node { start: 0, end: 0, value: Value::Null };
    let node = value.node().unwrap_or(&null);
    let text = |key: &str| value.get(key).as_text().unwrap_or_default();
    match kind {
        "match" => {
            member(node, "left", out);
            let operator = text("op");
            if operator != "in" {
                out.push_str(&format!(" {operator}"));
            }
            out.push(' ');
            member(node, "right", out);
        }
        "counter" | "limit" | "quota" if matches!(node.value, Value::Text(_)) => {
            out.push_str(&format!("{kind} name "));
            expression(node, out);
        }
        "counter" => {
            out.push_str("counter");
            option(node, "packets", " packets ", out);
            option(node, "bytes", " bytes ", out);
        }
        "limit" => {
            out.push_str("limit rate ");
            member(node, "rate", out);
            option(node, "per", "/", out);
        }
        "log" => {
            out.push_str("log");
            for key in ["prefix", "group", "level"] {
                option(node, key, &format!(" {key} "), out);
            }
        }
        "reject" => {
            out.push_str("reject");
            match (text("type"), value.get("expr").is_present()) {
                ("tcp reset", _) => out.push_str(" with tcp reset"),
                ("", _) | (_, false) => {}
                (kind, true) => {
                    out.push_str(&format!(" with {kind} "));
                    member(node, "expr", out);
                }
            }
        }
        "snat" | "dnat" | "masquerade" | "redirect" | "tproxy" => translate(kind, node, out),
        "mangle" => {
            member(node, "key", out);
            out.push_str(" set ");
            member(node, "value", out);
        }
        "vmap" => {
            member(node, "key", out);
            option(node, "data", " vmap ", out);
        }
        "set" | "map" => {
            // The set's own statements decide whether the rule goes on: `add @x { ip saddr limit rate 3/minute }`.
            out.push_str(&format!("{} ", text("op")));
            member(node, "set", out);
            out.push_str(" { ");
            member(node, "elem", out);
            for stated in value.get("stmt").items() {
                for (kind, value) in stated.entries() {
                    out.push_str(&format!(" {kind} "));
                    if let Some(node) = value.node() {
                        expression(node, out);
                    }
                }
            }
            out.push_str(" }");
        }
        "ct count" => {
            out.push_str("ct count over ");
            member(node, "val", out);
        }
        "ct helper" | "ct timeout" | "ct expectation" => {
            out.push_str(&format!("{kind} set "));
            expression(node, out);
        }
        "xt" => {
            let (kind, name) = (text("type"), text("name"));
            out.push_str(if kind == "target" { "xt target " } else { "xt match " });
            word(if name.is_empty() { "unnamed" } else { name }, out);
        }
        "notrack" | "quota" | "queue" | "dup" | "fwd" | "synproxy" | "flow" | "meter" | "last" => {
            out.push_str(kind);
            if kind == "meter" {
                out.push_str(" x { }");
            }
        }
        "comment" => {
            out.push_str("comment ");
            expression(node, out);
        }
        _ => operator(kind, node, out),
    }
}

fn translate(kind: &str, node: &Node<'_>, out: &mut String) {
    out.push_str(kind);
    option(node, "family", " ", out);
    let text = |key: &str| node.member(key).is_some_and(|member| member.value.value != Value::Null);
    let flags = |flag: &str| {
        let holds = |node: &Node<'_>| matches!(&node.value, Value::Text(text) if text == flag);
        node.member("type_flags").is_some_and(|flags| holds(&flags.value) || flags.value.items().iter().any(holds))
    };
    if flags("prefix") {
        out.push_str(" prefix");
    }
    if text("addr") || text("port") {
        out.push_str(" to ");
    }
    let mut address = String::new();
    member(node, "addr", &mut address);
    // A port may follow only in brackets.
    let bracket = text("port") && address.contains(':') && !address.contains(' ');
    if bracket {
        out.push_str(&format!("[{address}]"));
    } else {
        out.push_str(&address);
    }
    option(node, "port", ":", out);
    option(node, "flags", " ", out);
}
