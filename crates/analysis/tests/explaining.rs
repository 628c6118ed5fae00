//! What is explained agrees with what is diagnosed, for every built-in rule.

#![allow(clippy::unwrap_used, reason = "a failing test may panic")]

use std::path::Path;

use bundlescope_analysis::{Loaded, Options, Rulebook, load};
use bundlescope_bundle::Input;
use bundlescope_rules::Pack;

const BUNDLES: [&str; 3] = [
    "fixtures/bundles/a-host-input-firewall-flagship2.replicated.tar.gz",
    "fixtures/bundles/h-dependency-down-exited_bad_config.flat.zip",
    "fixtures/healthy/l-dns-HEALTHY_external_name.flat.tar.gz",
];

/// The parts of one rule: kind, line, and what each asks for.
type Parts<'a> = Vec<(&'a str, usize, String)>;

fn rules() -> Rulebook {
    let (pack, _) = Pack::load_sources(&[bundlescope_rules::embedded()]);
    Rulebook::new(pack).unwrap()
}

fn loaded(bundle: &str, rules: &Rulebook) -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(bundle);
    load(&Input::Path(path), rules, &Options::default()).unwrap()
}

#[test]
fn explanations_say_what_the_diagnosis_says() {
    let rules = rules();
    let pack = rules.pack();
    let mut parts: Vec<Option<Parts<'_>>> = vec![None; pack.rules().len()];
    let mut fired = 0;
    for bundle in BUNDLES {
        let loaded = loaded(bundle, &rules);
        let explanations: Vec<_> = pack.rules().iter().map(|rule| loaded.explain(pack, &rule.id).unwrap()).collect();
        for (rule, known) in pack.rules().iter().zip(&mut parts) {
            // The parts of a rule are those of its file, whatever the bundle holds.
            let exercised = loaded.exercise(pack, &rule.id).unwrap();
            let named: Vec<_> = exercised.into_iter().map(|part| (part.kind, part.line, part.what)).collect();
            assert_eq!(known.get_or_insert_with(|| named.clone()), &named, "{}", rule.id);
        }
        let costs = loaded.profile(pack);
        assert_eq!(costs.len(), pack.rules().len());
        let diagnosis = loaded.diagnose(pack);
        for (rule, explanation) in pack.rules().iter().zip(&explanations) {
            let messages: Vec<&str> =
                diagnosis.findings.iter().filter(|f| f.rule == rule.id).map(|f| f.message.as_str()).collect();
            for message in &messages {
                assert!(explanation.firings.iter().any(|firing| firing.message == *message), "{bundle}: {message}");
                fired += 1;
            }
            if diagnosis.clear.contains(&rule.id) {
                assert_eq!(explanation.answer, "clear", "{bundle}: {}", rule.id);
            }
            // A condition that leaves nothing says why: by the nearest, by what is missing, or by its parts.
            if let Some(last) = explanation.conditions.last().filter(|last| last.after == 0) {
                let told = last.nearest.is_some()
                    || last.undecided > 0
                    || !last.parts.is_empty()
                    || !last.probes.is_empty()
                    || last.facts == Some(0)
                    || last.asks.starts_with("count of ");
                assert!(told || &*last.asks == "probe", "{bundle}: {}: {last:?}", rule.id);
            }
            let cost = costs.iter().find(|cost| cost.rule == rule.id).unwrap();
            assert_eq!(cost.matches, explanation.fired, "{bundle}: {}", rule.id);
        }
    }
    assert!(fired >= 3);
}

#[test]
fn a_traced_signature_changes_no_event() {
    let plain = rules();
    for bundle in BUNDLES.iter().take(2) {
        let events = |loaded: &Loaded| {
            let events = loaded.facts.iter().filter(|fact| fact.occurrences.is_some());
            events.map(|fact| format!("{} {:?}", fact.source.document, fact.data)).collect::<Vec<_>>()
        };
        let wanted = events(&loaded(bundle, &plain));
        assert!(!wanted.is_empty());
        for signature in ["go-connection-failure", "connection-success", "server-error"] {
            let traced = rules().traced(signature).unwrap();
            let loaded = loaded(bundle, &traced);
            assert_eq!(events(&loaded), wanted, "{bundle}: {signature}");
            let trace = loaded.trace(&traced, signature).unwrap();
            assert!(trace.near.iter().all(|near| near.line > 0 && !near.reason.is_empty()));
        }
    }
    assert!(rules().traced("no-such-signature").is_none());
}
