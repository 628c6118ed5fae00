//! `--pretty` of `docker node inspect`, `docker service inspect`, `docker secret inspect` and `docker config inspect`: one block
//! for each object, which begins with `ID:`, a tree by indentation in it.

use bundlescope_facts::{Data, Proto, SwarmNode, SwarmObject, SwarmPort, SwarmService, Text};

use crate::{Document, Line, Parsed};

/// True when these are the first lines of such a block.
pub(super) fn is_pretty(head: &str) -> bool {
    let mut keys = head.lines().filter(|line| !line.trim().is_empty()).filter_map(key_of).take(12).peekable();
    if keys.next() != Some("ID") {
        return false;
    }
    let second = keys.peek().copied();
    match second {
        Some("Hostname" | "Labels") => keys.any(|key| matches!(key, "Joined at" | "Availability")),
        Some("Name") => keys.any(|key| matches!(key, "Service Mode" | "Mode" | "Created at")),
        _ => false,
    }
}

fn key_of(line: &str) -> Option<&str> {
    line.split_once(':').map(|(key, _)| key.trim())
}

/// One object while its lines are read. Which of the three it is shows below its name.
#[derive(Default)]
struct Block<'a> {
    first: Option<Line<'a>>,
    last: Option<Line<'a>>,
    node: SwarmNode,
    service: SwarmService,
    object: SwarmObject,
}

/// Reads a document of blocks.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut block = Block::default();
    let mut open: Vec<(usize, &str)> = Vec::new();
    for line in document.lines() {
        let text = line.text.trim();
        if line.text.starts_with("ID:") {
            close(document, std::mem::take(&mut block), &mut parsed);
            block.first = Some(line);
            open.clear();
        }
        if block.first.is_none() || text.is_empty() {
            continue;
        }
        let depth = line.text.len() - line.text.trim_start_matches(' ').len();
        open.retain(|(outer, _)| *outer < depth);
        let parent = open.last().map_or("", |(_, key)| *key);
        if parent == "Labels" || parent == "TLS Info" || parent == "Data" || text.starts_with("-----") {
            if parent == "Labels"
                && let Some((key, value)) = text.trim_start_matches("- ").split_once('=')
            {
                block.node.labels.insert(key.into(), value.into());
                block.object.labels.insert(key.into(), value.into());
                block.last = Some(line);
            }
            continue;
        }
        let separator = if parent == "Ports" || text.contains(" = ") && !text.contains(':') { '=' } else { ':' };
        let Some((key, value)) = text.split_once(separator) else { continue };
        let (key, value) = (key.trim(), value.trim());
        if setting(&mut block, parent, key, value) {
            block.last = Some(line);
        }
        // The ports of a service are set in below their first line without being its children.
        if parent != "Ports" && separator == ':' {
            open.push((depth, key));
        }
    }
    close(document, block, &mut parsed);
    parsed
}

/// Takes one line; false where nothing is kept of it.
fn setting(block: &mut Block<'_>, parent: &str, key: &str, value: &str) -> bool {
    let Block { node, service, object, .. } = block;
    let text = || Some(value).filter(|value| !value.is_empty()).map(Text::from);
    let lower = || text().map(|text| Text::from(text.to_lowercase()));
    match (parent, key) {
        ("", "ID") => {
            node.id = value.into();
            service.id = value.into();
            object.id = value.into();
        }
        ("", "Hostname") => {
            node.hostname = value.into();
            node.role = Some("worker".into());
        }
        ("Status", "State") if !node.hostname.is_empty() => node.state = lower(),
        ("Status", "Message") if !node.hostname.is_empty() => node.message = text(),
        ("Status", "Availability") => node.availability = lower(),
        ("Status", "Address") => node.address = crate::words::address(value),
        ("", "Manager Status") => node.role = Some("manager".into()),
        ("Manager Status", "Raft Status") => node.reachability = lower(),
        ("Manager Status", "Leader") => node.leader = value == "Yes",
        ("", "Engine Version") => node.engine_version = text(),
        ("", "Name") => {
            service.name = value.into();
            object.name = value.into();
        }
        ("", "Service Mode" | "Mode") => service.mode = lower().or_else(|| Some("".into())),
        ("Service Mode" | "Mode", "Replicas") => service.desired = value.parse().ok(),
        ("ContainerSpec", "Image") => service.image = text(),
        ("ContainerSpec", "Env") => {
            service.env = value.split(' ').filter(|pair| pair.contains('=')).map(super::container::pair).collect();
        }
        ("Placement", "Constraints") => {
            let inside = value.trim_matches(['[', ']']);
            service.constraints = inside.split(' ').filter(|word| !word.is_empty()).map(Text::from).collect();
        }
        ("", "Endpoint Mode") => service.endpoint_mode = lower(),
        ("", "Networks") => service.networks = value.split_whitespace().map(Text::from).collect(),
        ("UpdateStatus", "State") => service.update_state = lower(),
        ("UpdateStatus", "Message") => service.update_message = text(),
        (_, "PublishedPort") => {
            service.ports.push(SwarmPort { published: value.parse().ok(), ..SwarmPort::default() });
        }
        (_, "Protocol") => last_port(service, |port| port.proto = Proto::from_word(value).unwrap_or_default()),
        (_, "TargetPort") => last_port(service, |port| port.target = value.parse().ok()),
        (_, "PublishMode") => last_port(service, |port| port.mode = value.into()),
        ("", "Driver") => object.driver = text(),
        ("", "Created at") => object.created = super::cells::time(value),
        ("", "Updated at") => object.updated = super::cells::time(value),
        _ => return false,
    }
    true
}

fn last_port(service: &mut SwarmService, set: impl FnOnce(&mut SwarmPort)) {
    if let Some(port) = service.ports.last_mut() {
        set(port);
    }
}

fn close(document: &Document<'_>, block: Block<'_>, parsed: &mut Parsed) {
    let (Some(first), Some(last)) = (block.first, block.last) else { return };
    let Block { node, mut service, mut object, .. } = block;
    let data: Data = if !node.hostname.is_empty() {
        node.into()
    } else if service.mode.is_some() {
        service.mode = service.mode.filter(|mode| !mode.is_empty());
        service.into()
    } else if object.created.is_some() {
        let words: Vec<&str> = document.subject.split(' ').collect();
        object.object = ["secret", "config"].into_iter().find(|word| words.contains(word)).map(Text::from);
        object.into()
    } else {
        parsed.problem(document, first.number, "a node, a service, a secret or a config was expected below `ID:`");
        return;
    };
    parsed.fact(document, first, last, data);
}
