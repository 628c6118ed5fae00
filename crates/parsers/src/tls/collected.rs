//! certificates.json of troubleshoot.sh: the chains in secrets and config maps.

use bundlescope_facts::{Certificate, Fact, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields};

/// The format.
pub(crate) static CERTIFICATES: Format =
    Format { name: "certificates-json", collect: "kubectl support-bundle", kinds: &["certificate"], detect, parse };

fn detect(hint: &Hint<'_>) -> Match {
    if !hint.head.trim_start().starts_with('[') {
        return Match::No;
    }
    let content =
        json::first_record(hint.head).is_some_and(|record| record.has("certificateChain") && record.has("source"));
    Match::of(content, hint.path.ends_with("certificates.json"))
}

/// The values of a name in Go's form: `[[{"Type":[2,5,4,3],"Value":"db"}]]`; a text in early versions.
fn subject(value: Fields<'_, '_>) -> Option<Text> {
    if let Some(text) = value.as_text() {
        return Some(text.into()).filter(|text: &Text| !text.is_empty());
    }
    let mut parts: Vec<String> = Vec::new();
    for attribute in value.items().flat_map(Fields::items) {
        let numbers: Vec<String> = attribute.list("Type").map(|number| number.value().to_string()).collect();
        let key = match numbers.join(".").as_str() {
            "2.5.4.3" => "CN".to_owned(),
            "2.5.4.6" => "C".to_owned(),
            "2.5.4.7" => "L".to_owned(),
            "2.5.4.8" => "ST".to_owned(),
            "2.5.4.10" => "O".to_owned(),
            "2.5.4.11" => "OU".to_owned(),
            other => other.to_owned(),
        };
        parts.push(format!("{key}={}", attribute.get("Value").value()));
    }
    (!parts.is_empty()).then(|| parts.join(", ").into())
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        for (position, certificate) in (0..).zip(record.list("certificateChain")) {
            let names = certificate.texts("subjectAlternativeNames");
            let (addresses, dns_names): (Vec<_>, Vec<_>) =
                names.into_iter().partition(|name| name.parse::<std::net::IpAddr>().is_ok());
            let data = Certificate {
                subject: subject(certificate.get("subject")),
                common_name: certificate.text("commonName"),
                issuer: certificate.text("issuer"),
                dns_names,
                addresses: addresses.iter().filter_map(|address| address.parse().ok()).collect(),
                not_before: certificate.time("notBefore"),
                not_after: certificate.time("notAfter"),
                is_ca: certificate.bool("isCA"),
                position,
                file: certificate.text("certificate"),
                ..Certificate::default()
            };
            parsed.facts.push(Fact::new(certificate.source(), data));
        }
    });
    parsed
}
