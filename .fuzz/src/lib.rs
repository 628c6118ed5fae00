//! What the fuzz targets do with their bytes. A target fails by panicking, by taking longer than its time, or by more memory
//! than it may have.

#[path = "../../crates/parsers/tests/support/inside.rs"]
mod inside;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use bundlescope_analysis::{Rulebook, load_texts};
use bundlescope_bundle::{Entry, Input, Limits, Sink};
use bundlescope_facts::{Fact, Proto, Text};
use bundlescope_logs::{Scanned, Scanner};
use bundlescope_netfilter::{Flow, From, Network};
use bundlescope_parsers::{Document, FAMILIES, Identity};
use bundlescope_report::{
    Redactor, TextOptions, render_csv, render_html, render_json, render_json_line, render_markdown, render_sarif,
    render_text,
};
use bundlescope_rules::{Pack, RuleFile, embedded};
use inside::stays_inside;

/// The first byte chooses the format of the family, the first line is the path, the rest the document.
pub fn parse(family: &str, data: &[u8]) {
    let Some((_, formats)) = FAMILIES.iter().find(|(name, _)| *name == family) else { panic!("no family {family}") };
    let Some((choice, rest)) = data.split_first() else { return };
    let (path, bytes) = path_and_bytes(rest);
    let format = formats[usize::from(*choice) % formats.len()];
    stays_inside(bytes, &format.read(&Document::new(path, bytes)));
}

/// The first line is the path, the rest the document, which is read as what it is taken for.
pub fn identify(data: &[u8]) {
    let (path, bytes) = path_and_bytes(data);
    if let Identity::Format(format) = bundlescope_parsers::identify(&path, bytes).identity {
        stays_inside(bytes, &format.read(&Document::new(path, bytes)));
    }
}

fn path_and_bytes(data: &[u8]) -> (Text, &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    (String::from_utf8_lossy(&data[..end]).into(), data.get(end + 1..).unwrap_or_default())
}

struct ReadAll;

impl Sink for ReadAll {
    fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
        assert!(!entry.path.starts_with('/') && !entry.path.split('/').any(|part| part == ".."), "{}", entry.path);
        content.read_to_end(&mut Vec::new()).expect("the bundle's content never fails");
    }
}

/// A file that is opened as a bundle.
pub fn bundle(data: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("a temporary file");
    // Small limits are reached by small files.
    let limits = Limits { total_bytes: 16 << 20, entries: 2_000, ..Limits::default() };
    if let Ok(summary) = bundlescope_bundle::read(&Input::Path(file.path().into()), &limits, &mut ReadAll) {
        assert!(summary.bytes <= limits.total_bytes && summary.documents <= limits.entries);
    }
}

/// The built-in rules and signatures.
static RULES: LazyLock<Rulebook> = LazyLock::new(|| {
    let (pack, _) = Pack::load_sources(&[embedded()]);
    Rulebook::new(pack).expect("the built-in rules are sound")
});

/// A log, whole and in pieces of a size that the first byte tells: both say the same.
pub fn logs(data: &[u8]) {
    let Some((size, text)) = data.split_first() else { return };
    let whole = scan(text, text.len().max(1));
    assert_eq!(whole, scan(text, usize::from(*size).max(1)));
}

fn scan(text: &[u8], size: usize) -> Scanned {
    let mut scanner = Scanner::new(RULES.signatures(), "app.log".into(), Some("app".into()));
    text.chunks(size).for_each(|piece| scanner.feed(piece));
    scanner.finish()
}

/// A rule file: every mistake is told with its place, and what is sound can be used.
pub fn rules(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let (pack, diagnostics) = Pack::load(vec![RuleFile { path: "rule.yaml".into(), text }]);
    for diagnostic in diagnostics {
        assert!(!diagnostic.to_string().is_empty());
    }
    if let Ok(rules) = Rulebook::new(pack) {
        load_texts(&[("app.log".into(), "ERROR connection refused\n".into())], &rules).diagnose(rules.pack());
    }
}

/// Interfaces, routes, bridges and containers of a host.
static HOST: LazyLock<Vec<Fact>> = LazyLock::new(|| {
    let documents: [(&str, &[u8]); 4] = [
        ("ip_addr.txt", include_bytes!("../../crates/parsers/tests/network/fixtures/ip-addr.txt")),
        ("ip_route.txt", include_bytes!("../../crates/parsers/tests/network/fixtures/ip-route-all.txt")),
        ("docker_inspect.json", include_bytes!("../../crates/parsers/tests/docker/fixtures/inspect-running.json")),
        ("docker_network.json", include_bytes!("../../crates/parsers/tests/docker/fixtures/network-inspect.json")),
    ];
    documents.iter().flat_map(|(path, bytes)| facts(path, bytes)).collect()
});

fn facts(path: &str, bytes: &[u8]) -> Vec<Fact> {
    match bundlescope_parsers::identify(path, bytes).identity {
        Identity::Format(format) => format.read(&Document::new(path, bytes)).facts,
        _ => Vec::new(),
    }
}

/// Eight bytes that choose the connection, and documents of a host: facts become a model, and it is asked.
pub fn netfilter(data: &[u8]) {
    let Some((flow, bytes)) = data.split_first_chunk::<8>() else { return };
    let [from, proto, port_high, port_low, rest @ ..] = *flow;
    let mut known = HOST.clone();
    known.extend(facts("host.txt", bytes));
    let network = Network::from_facts(&known);
    for host in network.hosts() {
        let other = IpAddr::V4(Ipv4Addr::from(rest));
        let containers = known.iter().filter(|fact| fact.kind() == "container");
        let from = match from % 4 {
            0 => From::Host { bound: None },
            1 => From::Outside { address: other, input: None },
            2 => From::Outside { address: other, input: Some("eth0".into()) },
            _ => From::Container(containers.map(|fact| fact.get("name").to_string()).next().unwrap_or_default().into()),
        };
        let proto = [Proto::Tcp, Proto::Udp, Proto::Icmp][usize::from(proto) % 3];
        let own = known.iter().filter(|fact| fact.kind() == "address");
        let targets = own.filter_map(|fact| fact.get("address").to_string().parse().ok()).chain([other]);
        for to in targets.take(8) {
            let port = u16::from_be_bytes([port_high, port_low]);
            // Without a rule or a route on its way there is nothing to tell of a packet.
            host.probe(&Flow { from: from.clone(), proto, to, port, sport: None }).lines();
        }
    }
}

/// A bundle of one document (the first line is its path), diagnosed with the built-in rules and reported in every form.
pub fn report(data: &[u8]) {
    let (path, bytes) = path_and_bytes(data);
    let text = String::from_utf8_lossy(bytes).into();
    let diagnosis = load_texts(&[(path, text)], &RULES).diagnose(RULES.pack());
    render_text(&diagnosis, &TextOptions::default());
    render_json(&diagnosis);
    render_json_line(&diagnosis);
    render_markdown(&diagnosis);
    let page = render_html(&diagnosis);
    assert!(!page.contains("<script src"));
    render_sarif(&diagnosis);
    render_csv(&diagnosis);
    Redactor::default().mask(&String::from_utf8_lossy(bytes));
}
