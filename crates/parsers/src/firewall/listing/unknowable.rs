//! Modules whose outcome a captured bundle cannot tell. Their options are only shown, never modelled, so what the
//! listing leaves out (the name of a hash table) does not matter.

use super::matches;
use super::scan::Scan;
use super::words::Words;

/// Reads the text of the module that begins with `word`, which has been taken.
pub(super) fn module(word: &str, negated: bool, scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    match word {
        "limit:" => limit(scan, words)?,
        "recent:" => recent(negated, scan, words)?,
        "statistic" => statistic(scan, words)?,
        "#conn" => connlimit(scan, words)?,
        "policy" => policy(scan, words)?,
        "STRING" => {
            scan.expect("match")?;
            let negated = scan.eat("!");
            let text = scan.quoted(Some(" ALGO"))?;
            words.new_module("string");
            let hex = text.len() > 1 && text.starts_with('|') && text.ends_with('|');
            words.pair(negated, if hex { "--hex-string" } else { "--string" }, text);
            pairs(&[("ALGO name", "--algo"), ("FROM", "--from"), ("TO", "--to"), ("ICASE", "--icase")], scan, words);
        }
        "TIME" => {
            let text = scan.until(matches::starts);
            words.unknowable("time", &format!("[TIME {text}]"));
        }
        "u32" => {
            let negated = scan.eat("!");
            let text = scan.quoted(None)?;
            words.new_module("u32");
            words.pair(negated, "--u32", text);
        }
        // iptables forgets the blank in front and the number of instructions.
        "match" => {
            scan.expect("bpf")?;
            words.new_module("bpf");
            words.pair(negated, "--bytecode", scan.until(matches::starts));
        }
        "quota:" => {
            let value = scan.value()?;
            scan.eat("bytes");
            words.new_module("quota");
            words.maybe_negated("--quota", &value);
        }
        "helper" => {
            scan.expect("match")?;
            let negated = scan.eat("!");
            let name = scan.word()?;
            words.new_module("helper");
            words.pair(negated, "--helper", name.trim_matches('"'));
        }
        "connbytes" => {
            let range = scan.value()?;
            words.new_module("connbytes");
            words.maybe_negated("--connbytes", &range);
            pairs(&[("connbytes mode", "--connbytes-mode"), ("connbytes direction", "--connbytes-dir")], scan, words);
        }
        "realm" => simple("realm", "--realm", negated, scan, words)?,
        "cpu" => simple("cpu", "--cpu", negated, scan, words)?,
        "connlabel" => simple("connlabel", "--label", negated, scan, words)?,
        "src-group" => simple("devgroup", "--src-group", negated, scan, words)?,
        "dst-group" => simple("devgroup", "--dst-group", negated, scan, words)?,
        "nfacct-name" => simple("nfacct", "--nfacct-name", negated, scan, words)?,
        "cgroup" => {
            let value = scan.value()?;
            words.new_module("cgroup");
            words.maybe_negated(if value.starts_with('/') { "--path" } else { "--cgroup" }, &value);
        }
        "OS" => {
            scan.expect("fingerprint")?;
            scan.expect("match")?;
            let value = scan.value()?;
            words.new_module("osf");
            words.maybe_negated("--genre", &value);
        }
        "esp" | "ah" => {
            let spi = scan.word()?;
            let value = spi.strip_prefix("spi:").or_else(|| spi.strip_prefix("spis:"))?;
            let (module, option) = if word == "esp" { ("esp", "--espspi") } else { ("ah", "--ahspi") };
            words.new_module(module);
            words.maybe_negated(option, value);
        }
        "ECN" => {
            scan.expect("match")?;
            words.new_module("ecn");
            while let Some(condition) = scan.value_if(|word| {
                matches!(word.trim_start_matches('!'), "CWR" | "ECE")
                    || word.trim_start_matches('!').starts_with("ECT=")
            }) {
                let (negated, name) = condition.strip_prefix('!').map_or((false, condition), |name| (true, name));
                match name.split_once('=') {
                    Some((_, value)) => words.pair(negated, "--ecn-ip-ect", value),
                    None => words.option(negated, &format!("--ecn-tcp-{}", name.to_ascii_lowercase())),
                }
            }
        }
        // IPv6 extension headers; the connections that are asked about have none.
        "rt" | "frag" | "hbh" | "dst" | "mh" => {
            let module = match word {
                "rt" => "rt",
                "frag" => "frag",
                "hbh" => "hbh",
                "dst" => "dst",
                _ => "mh",
            };
            scan.until(matches::starts);
            words.new_module(module);
        }
        "cluster" => {
            let text = scan.until(matches::starts);
            words.unknowable("cluster", &format!("[cluster {text}]"));
        }
        _ => return None,
    }
    Some(())
}

fn simple(module: &'static str, option: &str, negated: bool, scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    let value = scan.value()?;
    words.new_module(module);
    match value.strip_prefix('!') {
        Some(value) => words.pair(true, option, value),
        None => words.pair(negated, option, &value),
    }
    Some(())
}

/// Takes `PRINTED value` for each of the known pairs, in any order; one that is all upper case and known to stand
/// alone takes no value.
fn pairs(known: &[(&str, &str)], scan: &mut Scan<'_>, words: &mut Words) {
    'next: loop {
        for (printed, option) in known {
            let start = scan.clone();
            if !printed.split(' ').all(|word| scan.eat(word)) {
                *scan = start;
                continue;
            }
            words.option(false, option);
            if *printed != "ICASE"
                && let Some(value) = scan.word()
            {
                words.value(value);
            }
            continue 'next;
        }
        return;
    }
}

/// `limit: avg 3/min burst 5` of `-m limit`, `limit: above 10/sec burst 20 mode srcip` of `-m hashlimit`.
fn limit(scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    let kind = scan.word()?;
    if kind == "avg" {
        let rate = scan.word()?;
        words.new_module("limit");
        words.pair(false, "--limit", rate);
        // iptables-save leaves out the default.
        if scan.eat("burst") {
            let burst = scan.word()?;
            if burst != "5" {
                words.pair(false, "--limit-burst", burst);
            }
        }
        return Some(());
    }
    let option = match kind {
        "above" => "--hashlimit-above",
        "up" => {
            scan.expect("to")?;
            "--hashlimit-upto"
        }
        _ => return None,
    };
    let rate = scan.word()?;
    words.new_module("hashlimit");
    words.pair(false, option, rate);
    if scan.eat("burst") {
        words.pair(false, "--hashlimit-burst", scan.word()?);
    }
    if scan.eat("mode") {
        words.pair(false, "--hashlimit-mode", &scan.word()?.replace('-', ","));
    }
    pairs(
        &[
            ("htable-size", "--hashlimit-htable-size"),
            ("htable-max", "--hashlimit-htable-max"),
            ("htable-gcinterval", "--hashlimit-htable-gcinterval"),
            ("htable-expire", "--hashlimit-htable-expire"),
            ("srcmask", "--hashlimit-srcmask"),
            ("dstmask", "--hashlimit-dstmask"),
        ],
        scan,
        words,
    );
    Some(())
}

/// `recent: UPDATE seconds: 60 hit_count: 4 name: ssh side: source mask: 255.255.255.255`.
fn recent(negated: bool, scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    let option = match scan.word()? {
        "SET" => "--set",
        "CHECK" => "--rcheck",
        "UPDATE" => "--update",
        "REMOVE" => "--remove",
        _ => return None,
    };
    words.new_module("recent");
    words.option(negated, option);
    let mut side = None;
    loop {
        let start = scan.clone();
        match scan.word() {
            Some("seconds:") => words.pair(false, "--seconds", scan.word()?),
            Some("hit_count:") => words.pair(false, "--hitcount", scan.word()?),
            Some("name:") => words.pair(false, "--name", scan.word()?),
            Some("mask:") => words.pair(false, "--mask", scan.word()?),
            Some("reap") => words.option(false, "--reap"),
            Some("TTL-Match") => words.option(false, "--rttl"),
            Some("side:") => {
                side = Some(if scan.word()? == "source" { "--rsource" } else { "--rdest" });
            }
            _ => {
                *scan = start;
                if let Some(side) = side {
                    words.option(false, side);
                }
                return Some(());
            }
        }
    }
}

/// `statistic mode random probability 0.5`, `statistic mode nth every 3 packet 1`.
fn statistic(scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    scan.expect("mode")?;
    let mode = scan.word()?;
    let negated = scan.eat("!");
    words.new_module("statistic");
    words.pair(false, "--mode", mode);
    if scan.eat("probability") {
        words.pair(negated, "--probability", scan.word()?);
    } else if scan.eat("every") {
        words.pair(negated, "--every", scan.word()?);
        let packet = if scan.eat("packet") { scan.word()? } else { "0" };
        words.pair(false, "--packet", packet);
    }
    Some(())
}

/// `#conn src/24 > 20`.
fn connlimit(scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    let (side, mask) = scan.word()?.split_once('/')?;
    let option = match scan.word()? {
        ">" => "--connlimit-above",
        "<=" | "<" => "--connlimit-upto",
        _ => return None,
    };
    let count = scan.word()?;
    words.new_module("connlimit");
    words.pair(false, option, count);
    words.pair(false, "--connlimit-mask", mask);
    words.option(false, if side == "dst" { "--connlimit-daddr" } else { "--connlimit-saddr" });
    Some(())
}

/// `policy match dir in pol ipsec strict [0] reqid 1 mode tunnel [1] proto esp`.
fn policy(scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    scan.expect("match")?;
    words.new_module("policy");
    loop {
        let start = scan.clone();
        let negated = scan.eat("!");
        match scan.word() {
            Some("proto") => {
                let number = scan.word()?;
                words.pair(negated, "--proto", super::words::protocol(number));
            }
            Some(option @ ("dir" | "pol" | "reqid" | "spi" | "mode" | "tunnel-src" | "tunnel-dst")) => {
                words.pair(negated, &format!("--{option}"), scan.word()?);
            }
            Some("strict") => words.option(false, "--strict"),
            Some("[0]") => {}
            Some(next) if next.starts_with('[') && next.ends_with(']') => words.option(false, "--next"),
            _ => {
                *scan = start;
                return Some(());
            }
        }
    }
}
