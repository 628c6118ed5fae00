//! Several documents show the same tables: which one counts.
//!
//! Live before saved; `iptables-save` before `iptables -S` before `iptables -L` before the same table in nft's words.

use std::collections::BTreeMap;

use bundlescope_facts::{Backend, Family, FirewallForm};

use super::compile::Shown;
use crate::Unlisted;

/// The tables that count, each with its backend and whether it is nft's own.
#[derive(Debug, Default)]
pub(super) struct Selected<'s, 'a> {
    pub(super) tables: Vec<(&'s Shown<'a>, Backend, bool)>,
    pub(super) unseen: Vec<&'static str>,
    pub(super) notes: Vec<String>,
    pub(super) unlisted: Vec<Unlisted>,
}

/// Tables of iptables whose absence matters; nothing that a bundle shows uses `security`.
const NAMES: [&str; 4] = ["raw", "mangle", "nat", "filter"];

fn form_rank(form: FirewallForm) -> u8 {
    match form {
        FirewallForm::Save => 0,
        FirewallForm::Spec => 1,
        FirewallForm::List => 2,
        FirewallForm::Nft => 3,
    }
}

/// True for tables that iptables-nft made: they are told, or have its names.
fn is_iptables(shown: &Shown<'_>) -> bool {
    if shown.form != FirewallForm::Nft || shown.compat {
        return true;
    }
    let standard = NAMES.contains(&&*shown.name) || &*shown.name == "security";
    let upper = shown
        .chains
        .iter()
        .filter(|chain| chain.fact.is_some_and(|(fact, _)| fact.hook.is_some()))
        .all(|chain| super::Hook::from_word(&chain.name).is_some() && chain.name.chars().all(char::is_uppercase));
    standard && upper && matches!(shown.family, Family::Ip | Family::Ip6)
}

pub(super) fn select<'s, 'a>(all: &'s [Shown<'a>], v6: bool, required: bool) -> Selected<'s, 'a> {
    let family = if v6 { Family::Ip6 } else { Family::Ip };
    let mut selected = Selected::default();
    let (mut iptables, mut native): (Vec<&Shown<'_>>, Vec<&Shown<'_>>) = (Vec::new(), Vec::new());
    for shown in all {
        match shown.family {
            Family::Inet => native.push(shown),
            other if other == family && is_iptables(shown) => iptables.push(shown),
            other if other == family => native.push(shown),
            _ => {}
        }
    }
    let nft_complete = all.iter().any(|shown| shown.form == FirewallForm::Nft && shown.complete && !shown.saved);
    let unknown_is = backend_of_unknown(&iptables, nft_complete);
    let backend = |shown: &Shown<'_>| match shown.backend {
        Backend::Unknown if shown.form == FirewallForm::Nft => Backend::Nft,
        Backend::Unknown => unknown_is,
        known => known,
    };
    let complete = |shown: &&Shown<'_>| shown.complete && !shown.saved;
    let live_complete = iptables.iter().any(complete);
    let mut best: BTreeMap<(Backend, &str), &Shown<'_>> = BTreeMap::new();
    for shown in &iptables {
        if shown.saved && live_complete {
            continue;
        }
        let rank = |shown: &Shown<'_>| (shown.saved, form_rank(shown.form), !shown.complete);
        let slot = best.entry((backend(shown), &*shown.name)).or_insert(shown);
        if rank(shown) < rank(slot) {
            *slot = shown;
        }
    }
    // A saved file tells nothing of a backend that is already seen live.
    let live = best.values().any(|shown| !shown.saved);
    let mut saved_documents = Vec::new();
    for ((backend, _), shown) in best {
        if shown.saved {
            if live && iptables.iter().any(|other| !other.saved && other.name == shown.name) {
                continue;
            }
            saved_documents.push(shown.document.clone());
        }
        selected.tables.push((shown, backend, false));
    }
    saved_documents.sort();
    saved_documents.dedup();
    for document in saved_documents {
        selected.notes.push(format!("the rules of {document} are loaded as they are saved"));
    }
    let mut seen_native = std::collections::BTreeSet::new();
    // A boot file beside live documents is not known to be loaded: distributions install one that nobody uses.
    let any_live = all.iter().any(|shown| !shown.saved);
    for shown in native.into_iter().filter(|shown| !(shown.saved && any_live)) {
        // The same ruleset may have been collected as text and as JSON.
        let first = native_document(all, shown);
        if seen_native.insert((shown.family, shown.name.clone(), first.clone())) && first == shown.document {
            selected.tables.push((shown, Backend::Nft, true));
        }
    }
    if required && !live_complete && !nft_complete {
        let shows = |name: &str| selected.tables.iter().any(|(shown, _, native)| !native && &*shown.name == name);
        let fragments_only = selected.tables.iter().all(|(shown, _, _)| shown.saved && shown.complete);
        let saved_complete = !selected.tables.is_empty() && fragments_only;
        if !saved_complete {
            selected.unseen = NAMES.into_iter().filter(|name| !shows(name)).collect();
        }
    }
    if required && !nft_complete && !selected.tables.is_empty() {
        selected.notes.push("no nftables rules besides those of iptables (no `nft list ruleset` to tell)".to_owned());
        selected.unlisted.push(Unlisted::Native);
    }
    // Who shows the tables of one backend has not looked at those of the other.
    let by_nft = |(_, backend, native): &(&Shown<'_>, Backend, bool)| !native && *backend == Backend::Nft;
    let by_legacy = all.iter().any(|shown| shown.backend == Backend::Legacy && !shown.saved);
    if required && !by_legacy && (nft_complete || selected.tables.iter().any(by_nft)) {
        selected.unlisted.push(Unlisted::Legacy);
    }
    selected
}

/// The first document that lists nft tables of the same kind as this one's.
fn native_document(all: &[Shown<'_>], shown: &Shown<'_>) -> bundlescope_facts::Text {
    all.iter()
        .find(|other| other.name == shown.name && other.family == shown.family && other.saved == shown.saved)
        .map_or_else(|| shown.document.clone(), |other| other.document.clone())
}

/// A listing does not say which backend printed it. There are two only where two are told apart.
fn backend_of_unknown(iptables: &[&Shown<'_>], nft_complete: bool) -> Backend {
    let has = |backend| iptables.iter().any(|shown| shown.backend == backend);
    let nft_form = iptables.iter().any(|shown| shown.form == FirewallForm::Nft);
    if has(Backend::Nft) || nft_form {
        Backend::Nft
    } else if has(Backend::Legacy) || nft_complete {
        Backend::Legacy
    } else {
        Backend::Unknown
    }
}
