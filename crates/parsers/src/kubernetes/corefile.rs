//! CoreDNS's configuration, the Corefile (CoreDNS 1.0 to 1.12): blocks of zones with plugins.

use bundlescope_facts::{CorednsZone, Fact};

use crate::format::{Format, Match};
use crate::{Document, Line, Parsed};

/// A Corefile as a document of its own.
pub(super) static COREFILE: Format = Format {
    name: "corefile",
    collect: "kubectl get configmap -n kube-system coredns -o yaml",
    kinds: &["coredns_zone"],
    detect: |hint| {
        let first = hint.head.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let block = first.is_some_and(|line| {
            line.strip_suffix('{').is_some_and(|zones| {
                !zones.trim().is_empty() && zones.split_whitespace().all(|zone| zone.contains('.'))
            })
        });
        let plugins = ["forward", "kubernetes", "errors", "cache", "proxy", "hosts", "health"];
        let plugins = |line: &str| line.split_whitespace().next().is_some_and(|word| plugins.contains(&word));
        let content = block && hint.head.lines().any(plugins);
        match (content, hint.path.ends_with("Corefile")) {
            (true, true) => Match::Both,
            (true, false) => Match::Content,
            _ => Match::No,
        }
    },
    parse,
};

/// Reads a Corefile.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut depth = 0usize;
    let mut block: Option<(Line<'_>, CorednsZone)> = None;
    let mut last = None;
    for line in document.lines() {
        let text = line.text.split(" #").next().unwrap_or_default().trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        last = Some(line);
        let mut words = text.split_whitespace();
        if text == "}" {
            let Some(outer) = depth.checked_sub(1) else {
                parsed.problem(document, line.number, "a brace closes what was not opened");
                continue;
            };
            depth = outer;
            if depth == 0
                && let Some((first, zone)) = block.take()
            {
                parsed.fact(document, first, line, zone);
            }
            continue;
        }
        match depth {
            0 if text.starts_with("import ") => continue,
            // `(snippet) {`
            0 if text.ends_with('{') => {
                let zones = words.filter(|word| *word != "{").map(|zone| zone.trim_end_matches(['{', ',']).into());
                let zone = CorednsZone { zones: zones.collect(), ..CorednsZone::default() };
                block = Some((line, zone));
            }
            0 => parsed.problem(document, line.number, "expected zones and an opening brace"),
            1 => {
                if let (Some((_, zone)), Some(plugin)) = (&mut block, words.next()) {
                    zone.plugins.push(plugin.trim_end_matches('{').into());
                    // `forward . 10.0.0.2 10.0.0.3 {`, and `proxy` until 1.5.
                    if matches!(plugin, "forward" | "proxy") {
                        zone.forward.extend(words.skip(1).filter(|word| *word != "{").map(Into::into));
                    }
                }
            }
            _ => {}
        }
        depth += usize::from(text.ends_with('{'));
    }
    if let (Some((first, zone)), Some(last)) = (block, last) {
        parsed.problem(document, last.number, "the document ends inside a block");
        let source = document.source(first, last);
        parsed.facts.push(Fact::new(source, zone));
    }
    parsed
}
