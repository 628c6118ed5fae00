//! Hostile strings planted in a real bundle, in every place that text of a bundle can reach: names of documents, of the
//! bundle, hosts, containers, images, networks, interfaces, chains and processes; labels, environments, comments of firewall
//! rules, lines of logs and what rules capture of them. Nothing of it acts in any form of any command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

#[path = "../../report/tests/support/harmless.rs"]
mod harmless;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use bundlescope_analysis::{Loaded, Options, Rulebook, load};
use bundlescope_bundle::Input;
use bundlescope_engine::Diagnosis;
use bundlescope_report::{
    Redactor, TextOptions, render_csv, render_diff_json, render_diff_markdown, render_diff_text, render_html,
    render_json, render_junit, render_markdown, render_markdown_short, render_sarif, render_text,
};
use bundlescope_rules::Pack;
use harmless::{OWN, assert_csv, assert_harmless, assert_junit, assert_markdown, assert_sarif, strings, tokenize};
use serde_json::{Value, json};

const BUNDLE: &str = "a-host-input-firewall-flagship2.replicated.tar.gz";
/// Containers with hostile names in one bundle.
const AT_ONCE: usize = 40;

/// Ours, and of the public lists so many that each kind of attack is among them: every field of a report is tried with every
/// one of them by the tests of `report`, and here it is about the way of a text from a bundle into these fields.
fn some() -> Vec<String> {
    let own = OWN.iter().map(|bad| (*bad).to_owned());
    let public = strings().into_iter().skip(OWN.len()).step_by(25);
    // Docker knows no container without a name.
    own.chain(public).filter(|bad| !bad.trim().is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
}

type Documents = BTreeMap<String, Vec<u8>>;

fn real() -> Documents {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bundles").join(BUNDLE);
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut tar).unwrap();
    let mut documents = Documents::new();
    for entry in tar::Archive::new(&tar[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.header().entry_type().is_file() {
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            documents.insert(path, content);
        }
    }
    documents
}

/// What can be a name in a folder.
fn file_name(bad: &str) -> String {
    let name: String = bad.chars().map(|c| if matches!(c, '/' | '\0') { '_' } else { c }).take(40).collect();
    if name.trim_matches('.').is_empty() { "dots".to_owned() } else { name }
}

fn edit(documents: &mut Documents, path: &str, edit: impl FnOnce(String) -> String) {
    let document = documents.get_mut(path).unwrap_or_else(|| panic!("{path} is not in the bundle"));
    *document = edit(String::from_utf8(std::mem::take(document)).unwrap()).into_bytes();
}

fn edit_json(documents: &mut Documents, path: &str, change: impl FnOnce(&mut Value)) {
    edit(documents, path, |text| {
        let mut value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        value.to_string()
    });
}

/// The bundle with each string as the name of a container that cannot reach the database, and of much else.
fn planted(bad: &[String]) -> Documents {
    let mut documents = real();
    let model: Value = serde_json::from_slice(&documents["app/containers/orders.json"]).unwrap();
    let log = String::from_utf8(documents["app/logs/orders.log"].clone()).unwrap();
    let mut listed = Vec::new();
    let (mut rules, mut chains, mut interfaces, mut processes) =
        (String::new(), String::new(), String::new(), String::new());
    for (index, bad) in bad.iter().enumerate() {
        let mut container = model.clone();
        let id = format!("{index:064x}");
        container["Id"] = json!(id);
        // A log is that of the container whose name its file has.
        let name = file_name(bad);
        container["Name"] = json!(format!("/{name}"));
        container["Config"]["Image"] = json!(bad);
        container["Config"]["Hostname"] = json!(bad);
        container["Config"]["Labels"] = json!({ bad.as_str(): bad, "com.docker.compose.project": bad });
        container["Config"]["Env"] = json!([bad, format!("HOST={bad}")]);
        container["Config"]["Cmd"] = json!([bad]);
        container["State"]["Error"] = json!(bad);
        let address = format!("172.26.{}.{}", 1 + index / 250, 1 + index % 250);
        let mut endpoint = container["NetworkSettings"]["Networks"]["bridge"].clone();
        endpoint["IPAddress"] = json!(address);
        endpoint["Aliases"] = json!([bad]);
        container["NetworkSettings"]["IPAddress"] = json!(address);
        container["NetworkSettings"]["Networks"]["bridge"] = endpoint;
        listed
            .push(json!({ "Id": id, "Names": [format!("/{name}")], "Image": bad, "State": "running", "Status": bad }));
        documents.insert(format!("app/containers/{name}{index}.json"), container.to_string().into_bytes());
        let line = bad.replace(['\n', '\r'], " ");
        let told = format!(
            "{log}2026-11-21T01:36:00.000000000Z {line} dial tcp 10.32.184.40:5432: connect: connection refused {line}\n\
             2026-11-21T01:36:00.100000000Z dial tcp: lookup {line} on 127.0.0.11:53: no such host\n\
             2026-11-21T01:36:00.200000000Z ERROR {line} failed to {line}\n"
        );
        documents.insert(format!("app/logs/{name}.log"), told.into_bytes());
        documents.insert(format!("default/commands/{name}-{index}.txt"), bad.clone().into_bytes());
        let quoted = line.replace(['\\', '"'], "_");
        rules.push_str(&format!(
            "-A INPUT -s 192.0.2.9/32 -p tcp -m comment --comment \"{quoted}\" -j LOG --log-prefix \"{quoted}\"\n"
        ));
        let word: String = line.split_whitespace().collect();
        if !word.is_empty() {
            chains.push_str(&format!(":{word} - [0:0]\n"));
            rules.push_str(&format!("-A {word} -j {word}\n"));
            let number = 900 + index;
            interfaces.push_str(&format!("{number}: {word}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default\n    inet 198.18.{}.{}/32 scope global {word}\n", index / 250, index % 250));
            processes.push_str(&format!(
                "tcp        0      0 0.0.0.0:{}           0.0.0.0:*               LISTEN      {number}/{word}\n",
                20_000 + index
            ));
        }
    }
    edit_json(&mut documents, "default/docker/docker_ps_all.json", |all| all.as_array_mut().unwrap().extend(listed));
    edit_json(&mut documents, "default/docker/docker_networks.json", |all| {
        let networks = all.as_array_mut().unwrap();
        let model = networks[0].clone();
        networks.extend(bad.iter().enumerate().map(|(index, bad)| {
            let mut network = model.clone();
            network["Name"] = json!(bad);
            network["Id"] = json!(format!("{:064x}", 1 << 20 | index));
            network["Labels"] = json!({ bad.as_str(): bad });
            network["Options"] = json!({ "com.docker.network.bridge.name": bad });
            network
        }));
    });
    edit(&mut documents, "default/commands/iptables_save", |text| {
        assert!(text.contains("*filter\n") && text.contains("-A INPUT "));
        let text = text.replacen("*filter\n", &format!("*filter\n{chains}"), 1);
        text.replacen("-A INPUT ", &format!("{rules}-A INPUT "), 1)
    });
    edit(&mut documents, "default/commands/ip_addr_show", |text| text + &interfaces);
    edit(&mut documents, "default/commands/netstat", |text| {
        let at = text.find("tcp ").expect("listeners");
        format!("{}{processes}{}", &text[..at], &text[at..])
    });
    let first = bad[0].replace(['\n', '\r'], " ");
    for path in ["default/etc/hostname", "default/commands/hostname"] {
        documents.insert(path.to_owned(), format!("{first}\n").into_bytes());
    }
    documents
}

fn write(documents: &Documents, path: &Path) {
    let mut builder = tar::Builder::new(std::fs::File::create(path).unwrap());
    for (name, content) in documents {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, &content[..]).unwrap();
    }
    builder.finish().unwrap();
}

fn rules() -> Rulebook {
    Rulebook::new(Pack::load_sources(&[bundlescope_rules::embedded()]).0).unwrap()
}

fn read(documents: &Documents, name: &str, rules: &Rulebook) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    write(documents, &path);
    load(&Input::Path(path), rules, &Options::default()).unwrap()
}

/// Checks every form; returns the kinds of elements in the page.
fn assert_forms(diagnosis: &Diagnosis) -> BTreeSet<String> {
    assert_harmless("text", &render_text(diagnosis, &TextOptions::default()));
    assert_markdown("markdown", &render_markdown(diagnosis));
    assert_markdown("short markdown", &render_markdown_short(diagnosis));
    assert_junit(&render_junit(diagnosis));
    assert_eq!(assert_csv(&render_csv(diagnosis)), diagnosis.findings.len());
    assert_sarif(&render_sarif(diagnosis));
    let json = render_json(diagnosis);
    assert_harmless("json", &json);
    serde_json::from_str::<Value>(&json).unwrap();
    let html = render_html(diagnosis);
    assert_harmless("html", &html);
    if let Some(folder) = std::env::var_os("REPORT_PAGES") {
        let name = format!("planted-{}.html", diagnosis.documents.len());
        std::fs::write(Path::new(&folder).join(name), &html).unwrap();
    }
    let seen = tokenize(&html);
    assert_eq!(seen.faults, [""; 0]);
    assert_eq!(seen.open, [""; 0]);
    assert_eq!(seen.singles, ["html", "head", "title", "style", "body", "main", "footer", "script"]);
    let ids: BTreeSet<&String> = seen.ids.iter().collect();
    assert_eq!(ids.len(), seen.ids.len(), "an id stands twice");
    for place in &seen.places {
        match place.strip_prefix('#') {
            Some(id) => assert!(ids.contains(&id.to_owned()), "{place} leads nowhere"),
            None => assert!(place.starts_with("https://") && !place.contains(['"', '<', ' ']), "{place}"),
        }
    }
    seen.kinds
}

#[test]
fn a_bundle_full_of_hostile_strings_is_text_in_every_report() {
    let rules = rules();
    let strings = some();
    let words: Vec<String> = (0..AT_ONCE).map(|number| format!("word{number}")).collect();
    let tame = read(&planted(&words), "tame.tar", &rules);
    let redacted = |loaded: Loaded| {
        let mut diagnosis = loaded.diagnose(rules.pack());
        Redactor::default().diagnosis(&mut diagnosis);
        diagnosis
    };
    let mut known = assert_forms(&redacted(tame));
    // What stands open or closed depends on how much there is.
    known.insert("details open".to_owned());
    for part in strings.chunks(AT_ONCE) {
        let documents = planted(part);
        let name = format!("{}.tar", file_name(&part[0]));
        let diagnosis = redacted(read(&documents, &name, &rules));
        // The strings are where they were put: most containers cannot reach the database, and are named by what they are.
        let blocked = diagnosis.findings.iter().filter(|one| &*one.rule == "host-firewall-blocks-container").count();
        assert!(blocked * 2 > part.len(), "{blocked} of {} containers are blocked", part.len());
        let kinds = assert_forms(&diagnosis);
        let unexpected: Vec<&String> = kinds.difference(&known).collect();
        assert!(unexpected.is_empty(), "{unexpected:?} in the report of {name:?}");
    }
}

#[test]
fn a_comparison_of_hostile_bundles_is_text_in_every_form() {
    let rules = rules();
    let strings = some();
    for part in strings.chunks(AT_ONCE).take(1) {
        let name = format!("{}.tar", file_name(&part[0]));
        for swapped in [false, true] {
            let (tame, bad) = (read(&real(), "tame.tar", &rules), read(&planted(part), &name, &rules));
            let (old, new) = if swapped { (bad, tame) } else { (tame, bad) };
            let diff = bundlescope_analysis::diff(old, new, rules.pack());
            assert!(diff.changes.len() > part.len(), "{}", diff.changes.len());
            assert_harmless("text", &render_diff_text(&diff, 80));
            assert_markdown("markdown", &render_diff_markdown(&diff));
            let json = render_diff_json(&diff);
            assert_harmless("json", &json);
            serde_json::from_str::<Value>(&json).unwrap();
        }
    }
}

/// The commands print nothing that acts on a terminal, for names as for what they quote.
#[test]
fn no_command_sends_what_it_found_raw() {
    let own: Vec<String> = OWN.iter().map(|bad| (*bad).to_owned()).filter(|bad| !bad.trim().is_empty()).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{}.tar", file_name("\x1b]0;owned\x07\u{202e}")));
    write(&planted(&own), &path);
    let bundle = path.to_str().unwrap();
    let mut calls: Vec<Vec<&str>> = vec![
        vec!["diff", bundle, bundle],
        vec!["rules", "explain", "host-firewall-blocks-container", bundle],
        vec!["rules", "explain", "host-firewall-blocks-container", bundle, "--format", "json"],
        vec!["rules", "explain", "connection-failure", bundle],
        vec!["rules", "profile", bundle],
        vec!["open", bundle, "-o", "/dev/null"],
    ];
    for format in ["text", "markdown", "json"] {
        calls.push(vec!["ports", bundle, "--format", format]);
    }
    for format in ["table", "json", "jsonl"] {
        for kind in
            ["container", "network", "endpoint", "interface", "firewall_rule", "firewall_chain", "listener", "log"]
        {
            calls.push(vec!["facts", bundle, "--format", format, "--kind", kind]);
        }
    }
    for format in ["text", "json", "jsonl"] {
        calls.push(vec!["probe", bundle, "--from", &own[0], "--to", "10.32.184.40:5432", "--format", format]);
    }
    for args in calls {
        let output = Command::new(env!("CARGO_BIN_EXE_bundlescope")).args(&args).stdin(Stdio::null()).output().unwrap();
        assert!(
            [0, 2].contains(&output.status.code().unwrap()),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        for (stream, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
            let text = String::from_utf8(bytes).unwrap();
            assert_harmless(&format!("{stream} of {args:?}"), &text);
            if args[0] == "ports" && args[3] == "markdown" && stream == "stdout" {
                assert_ports_markdown(&text);
            }
        }
    }
}

/// The list of ports may hold tables beside what reports hold.
fn assert_ports_markdown(text: &str) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    for event in Parser::new_ext(text, Options::all()) {
        let acts = matches!(
            event,
            Event::Html(_)
                | Event::InlineHtml(_)
                | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock | Tag::FootnoteDefinition(_))
        );
        assert!(!acts, "{event:?}");
    }
}
