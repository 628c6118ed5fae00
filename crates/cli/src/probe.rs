//! `bundlescope probe`: would a connection be delivered, and what decides?

use std::fmt::Write;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;

use bundlescope_analysis::{Loaded, ProbeError};
use bundlescope_facts::Proto;
use bundlescope_netfilter::{Answer, Flow, From};
use bundlescope_report::{Redactor, escape_active, plain_line};
use serde::Serialize;
use serde_json::Value;

use crate::args::{Probe, ProbeFormat};
use crate::{Failure, packs, print, progress};

/// One question, as a line of a flows file or as the options say.
struct Question {
    id: Value,
    node: String,
    from: Party,
    to: String,
    proto: Proto,
    port: u16,
    sport: Option<u16>,
}

/// Where a connection starts.
enum Party {
    /// A container, `host`, or an address.
    Named { name: String, bound: Option<IpAddr> },
    /// A machine outside whose packets come by that interface.
    Outside { address: IpAddr, input: Option<String> },
}

pub(crate) fn run(args: &Probe) -> Result<ExitCode, Failure> {
    if args.bundle.as_os_str() == "-" && args.flows.as_deref().is_some_and(|flows| flows.as_os_str() == "-") {
        return Err(Failure::usage("the bundle and the flows cannot both be `-`, standard input"));
    }
    let questions = match &args.flows {
        Some(path) => flows(&read(path)?, args.host.as_deref().unwrap_or_default())?,
        None => vec![single(args)?],
    };
    let rules = packs::load_with_drafts(&args.reading)?;
    let loaded = progress::load(&args.bundle, &rules, &args.reading).map_err(Failure::unreadable)?;
    let mut out = String::new();
    let mut redactor = (!args.reading.no_redact).then(Redactor::default);
    for question in &questions {
        let answer = ask(&loaded, question);
        show(&mut out, args, question, &answer, redactor.as_mut())?;
    }
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<String, Failure> {
    let problem = |error: std::io::Error| Failure::usage(format!("{}: cannot read the flows: {error}", path.display()));
    if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(problem)?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(problem)
}

/// The question that the options ask.
fn single(args: &Probe) -> Result<Question, Failure> {
    let (Some(from), Some(to)) = (&args.from, &args.to) else {
        return Err(Failure::usage("expected --from and --to, or --flows"));
    };
    let proto = Proto::from_word(args.proto.word()).unwrap_or_default();
    let (to, port) = match (proto, split_port(to)) {
        (_, Some((host, port))) => (host, port),
        (Proto::Icmp, None) => (to.trim_matches(['[', ']']).to_owned(), 0),
        (_, None) => return Err(Failure::usage(format!("expected HOST:PORT after --to, got `{to}`"))),
    };
    Ok(Question {
        id: Value::Null,
        node: args.host.clone().unwrap_or_default(),
        from: Party::Named { name: from.clone(), bound: None },
        to,
        proto,
        port,
        sport: None,
    })
}

/// `db:5432`, `10.0.0.1:80`, `[::1]:80`.
fn split_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_literal = text.starts_with('[') && host.ends_with(']');
    // An IPv6 address without brackets has no port.
    (is_literal || !bare.contains(':')).then_some(())?;
    Some((bare.to_owned(), port.parse().ok()?))
}

/// The questions of a flows file: one JSON object a line.
fn flows(text: &str, node: &str) -> Result<Vec<Question>, Failure> {
    let mut questions = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |what: &str| Failure::usage(format!("line {} of the flows: {what}", index + 1));
        let flow: Value = serde_json::from_str(line).map_err(|error| wrong(&error.to_string()))?;
        let address = |name: &str, value: &Value| -> Result<Option<IpAddr>, Failure> {
            match value {
                Value::Null => Ok(None),
                value => {
                    let parsed = value.as_str().and_then(|text| text.parse().ok());
                    parsed.map(Some).ok_or_else(|| wrong(&format!("`{name}` is not an address")))
                }
            }
        };
        let number = |name: &str| match &flow[name] {
            Value::Null => Ok(None),
            value => {
                let parsed = value.as_u64().and_then(|port| u16::try_from(port).ok());
                parsed.map(Some).ok_or_else(|| wrong(&format!("`{name}` is not a port")))
            }
        };
        let from = match &flow["from"] {
            Value::String(name) => Party::Named { name: name.clone(), bound: address("bound", &flow["bound"])? },
            Value::Object(from) => Party::Outside {
                address: address("from.ip", from.get("ip").unwrap_or(&Value::Null))?
                    .ok_or_else(|| wrong("`from.ip` is missing"))?,
                input: from.get("in").and_then(Value::as_str).map(str::to_owned),
            },
            _ => return Err(wrong("expected `from`: a container, \"host\", or {\"ip\": …, \"in\": …}")),
        };
        let proto = match flow["proto"].as_str() {
            None => Proto::Tcp,
            Some(word) => Proto::from_word(word).ok_or_else(|| wrong("`proto` is one of tcp, udp, icmp"))?,
        };
        questions.push(Question {
            id: flow["id"].clone(),
            node: flow["host"].as_str().unwrap_or(node).to_owned(),
            from,
            to: flow["to"].as_str().ok_or_else(|| wrong("`to` is missing"))?.to_owned(),
            proto,
            port: number("port")?.unwrap_or(0),
            sport: number("sport")?,
        });
    }
    Ok(questions)
}

fn ask(loaded: &Loaded, question: &Question) -> Result<(Flow, Answer), ProbeError> {
    let prober = loaded.prober();
    let (name, direct) = match &question.from {
        Party::Named { name, bound: Some(bound) } if name == "host" => {
            ("host", Some(From::Host { bound: Some(*bound) }))
        }
        Party::Named { name, .. } => (name.as_str(), None),
        Party::Outside { address, input } => {
            let input = input.as_deref().map(Into::into);
            ("", Some(From::Outside { address: *address, input }))
        }
    };
    let from = match direct {
        Some(from) => from,
        None => prober.party(&question.node, name)?,
    };
    let to = prober.destination(&question.node, &from, &question.to)?;
    let flow = Flow { from, proto: question.proto, to, port: question.port, sport: question.sport };
    let answer = prober.host(&question.node)?.probe(&flow);
    Ok((flow, answer))
}

fn show(
    out: &mut String,
    args: &Probe,
    question: &Question,
    result: &Result<(Flow, Answer), ProbeError>,
    redactor: Option<&mut Redactor>,
) -> Result<(), Failure> {
    let form = if args.flows.is_some() && args.format == ProbeFormat::Text { ProbeFormat::Jsonl } else { args.format };
    if form == ProbeFormat::Text {
        let mut told = String::new();
        match result {
            Ok((flow, answer)) => text(&mut told, question, flow, answer),
            Err(error) => {
                // Writing to a string cannot fail.
                let _ = writeln!(told, "unknown: {}", plain_line(&error.to_string()));
            }
        }
        out.push_str(&redactor.map_or_else(|| told.clone(), |redactor| redactor.mask(&told)));
        return Ok(());
    }
    let id = args.flows.is_some().then_some(&question.id);
    let line = match result {
        Ok((_, answer)) => encode(&Numbered { id, answer }, form, redactor),
        Err(error) => {
            let assumed = vec![format!("not known: {error}")];
            encode(&Numbered { id, answer: Unanswered { verdict: "unknown", path: [], assumed } }, form, redactor)
        }
    };
    let line = line.map_err(|error| Failure::usage(format!("cannot write the answer as JSON: {error}")))?;
    let _ = writeln!(out, "{}", escape_active(&line));
    Ok(())
}

/// An answer with the id of its question in front.
#[derive(Serialize)]
struct Numbered<'q, A> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'q Value>,
    #[serde(flatten)]
    answer: A,
}

/// The answer to a question that the bundle does not even allow to be put.
#[derive(Serialize)]
struct Unanswered {
    verdict: &'static str,
    path: [u8; 0],
    assumed: Vec<String>,
}

fn encode(value: &impl Serialize, form: ProbeFormat, redactor: Option<&mut Redactor>) -> serde_json::Result<String> {
    let Some(redactor) = redactor else { return written(value, form) };
    let plain = serde_json::to_value(value)?;
    let masked = redactor.json(plain.clone());
    // An answer without secrets keeps its members in their order.
    if masked == plain { written(value, form) } else { written(&masked, form) }
}

fn written(value: &impl Serialize, form: ProbeFormat) -> serde_json::Result<String> {
    if form == ProbeFormat::Json { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) }
}

fn text(out: &mut String, question: &Question, flow: &Flow, answer: &Answer) {
    let from = match &question.from {
        Party::Named { name, .. } => name.clone(),
        Party::Outside { address, .. } => address.to_string(),
    };
    let port = if question.proto == Proto::Icmp { String::new() } else { format!(" port {}", question.port) };
    let resolved = if question.to == flow.to.to_string() { String::new() } else { format!(" ({})", flow.to) };
    let mut line = |text: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", plain_line(text));
    };
    line(&format!("{from} -> {}{resolved}{port}/{}: {}", question.to, question.proto, answer.verdict.word()));
    if let Some(by) = &answer.decided_by {
        let place = match (&by.document, by.line) {
            (Some(document), Some(line)) => format!("  ({document}:{line})"),
            _ => String::new(),
        };
        let chain = match (&by.table, &by.chain) {
            (Some(table), Some(chain)) => format!("{table} {chain}: "),
            _ => String::new(),
        };
        line(&format!("decided by {chain}{}{place}", by.text));
    }
    if let Some(packet) = answer.packet.filter(|packet| *packet != "fwd") {
        line(&format!("the packet that died: {packet}"));
    }
    for assumed in &answer.assumed {
        line(&format!("assumed: {assumed}"));
    }
    for command in &answer.missing {
        line(&format!("to collect: {command}"));
    }
    line("");
    for step in answer.lines() {
        line(&step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_a_port_behind_its_last_colon() {
        assert_eq!(split_port("db:5432"), Some(("db".into(), 5432)));
        assert_eq!(split_port("[fd00::1]:80"), Some(("fd00::1".into(), 80)));
        assert_eq!(split_port("fd00::1"), None);
        assert_eq!(split_port("db"), None);
        assert_eq!(split_port("db:99999"), None);
    }

    #[test]
    fn a_wrong_flow_is_told_with_its_line() {
        let error = flows("{\"from\":\"host\",\"to\":\"10.0.0.1\"}\n{\"to\":1}\n", "").map(|_| ()).unwrap_err();
        assert!(error.message.starts_with("line 2 of the flows: expected `from`"), "{}", error.message);
    }
}
