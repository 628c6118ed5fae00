//! `openssl s_client -connect HOST:PORT`, with or without `-showcerts`; openssl 1.0 to 3.5.

use bundlescope_facts::{Certificate, Data, TlsConnection};

use super::{openssl, pem};
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static S_CLIENT: Format = Format {
    name: "openssl-s_client",
    collect: "openssl s_client -connect HOST:PORT -showcerts </dev/null",
    kinds: &["certificate", "tls_connection"],
    detect,
    parse,
};

fn detect(hint: &Hint<'_>) -> Match {
    let has = |words: &str| hint.head.lines().any(|line| line.trim_start().starts_with(words));
    let content = has("CONNECTED(")
        && (has("Certificate chain")
            || has("no peer certificate available")
            || has("SSL handshake has read")
            || has("Verify return code"));
    Match::of(content, words::subject_is(hint.subject, &["openssl", "s_client"]))
}

/// ` 0 s:CN = db` of the chain.
fn entry(line: &str) -> Option<(u64, &str)> {
    let (number, subject) = line.trim_start().split_once(" s:")?;
    Some((number.parse().ok()?, subject))
}

/// An entry of the chain with its lines.
struct Link<'a> {
    certificate: Certificate,
    first: Line<'a>,
    last: Line<'a>,
    /// The certificate itself stands below.
    whole: bool,
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut chain: Vec<Link<'_>> = Vec::new();
    let mut connection = TlsConnection::default();
    let mut bounds: Option<(Line<'_>, Line<'_>)> = None;
    let mut server = false;
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let text = line.text.trim();
        if pem::begins(text) {
            // The server's own certificate is the first of the chain.
            let at = if server { 0 } else { chain.len().saturating_sub(1) };
            let position = chain.get(at).map_or(0, |link| link.certificate.position);
            let seen = chain.get(at).is_some_and(|link| link.whole);
            let mut block = Parsed::default();
            pem::block(document, &mut block, line, &mut lines, position);
            if let Some(link) = chain.get_mut(at) {
                link.whole |= !block.facts.is_empty();
            }
            parsed.problems.append(&mut block.problems);
            if !seen {
                parsed.facts.append(&mut block.facts);
            }
        } else if text == "Server certificate" {
            server = true;
        } else if let Some((position, subject)) = entry(line.text) {
            let subject = openssl::name(subject);
            let certificate = Certificate {
                common_name: openssl::common_name(&subject),
                subject: Some(subject),
                position,
                ..Certificate::default()
            };
            chain.push(Link { certificate, first: line, last: line, whole: false });
        } else if let Some(link) = chain.last_mut().filter(|_| !server && line.text.starts_with("   ")) {
            link.detail(text);
            link.last = line;
        } else if connection_line(&mut connection, text) {
            bounds = Some((bounds.map_or(line, |(first, _)| first), line));
        }
    }
    for link in chain.into_iter().filter(|link| !link.whole) {
        parsed.fact(document, link.first, link.last, link.certificate);
    }
    parsed.facts.sort_by_key(|fact| fact.source.first_line);
    if let Some((first, last)) = bounds {
        parsed.fact(document, first, last, Data::from(connection));
    }
    parsed
}

impl Link<'_> {
    fn detail(&mut self, text: &str) {
        if let Some(issuer) = text.strip_prefix("i:") {
            let issuer = openssl::name(issuer);
            self.certificate.self_signed = self.certificate.subject.as_ref().map(|subject| *subject == issuer);
            self.certificate.issuer = Some(issuer);
        } else if let Some(dates) = text.strip_prefix("v:NotBefore: ") {
            let (before, after) = dates.split_once("; NotAfter: ").unwrap_or((dates, ""));
            self.certificate.not_before = openssl::time(before);
            self.certificate.not_after = openssl::time(after);
        }
    }
}

/// `New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384`, `    Verify return code: 18 (self signed certificate)`.
fn connection_line(connection: &mut TlsConnection, text: &str) -> bool {
    let known = |value: &str| {
        Some(value.trim()).filter(|value| !matches!(*value, "" | "(NONE)" | "0000")).map(bundlescope_facts::Text::from)
    };
    if let Some((before, cipher)) = text.split_once(", Cipher is ") {
        connection.cipher = known(cipher);
        let protocol = before.rsplit(", ").next().and_then(known);
        // Before 1.1.1 this names the oldest protocol that has the cipher.
        connection.protocol = connection.protocol.take().or(protocol);
    } else if let Some((_, protocol)) = text.split_once("Protocol").filter(|(before, _)| before.is_empty()) {
        connection.protocol = known(protocol.trim_start().trim_start_matches(':'));
    } else if let Some(rest) =
        text.strip_prefix("Verify return code: ").or_else(|| text.strip_prefix("Verification error: "))
    {
        let (code, message) = rest
            .split_once(" (")
            .map_or((None, rest), |(code, message)| (code.parse().ok(), message.trim_end_matches(')')));
        connection.verify_code = code.or(connection.verify_code);
        connection.verify_message = Some(message.into());
    } else {
        return false;
    }
    true
}
