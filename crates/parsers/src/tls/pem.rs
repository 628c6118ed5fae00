//! Certificates in PEM, alone or in a chain, with keys or texts between them, and in DER. Of private keys only the place is looked at.

use x509_parser::pem::parse_x509_pem;

use super::x509;
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};

/// Certificates in PEM.
pub(crate) static PEM: Format =
    Format { name: "certificate-pem", collect: "cat /etc/ssl/certs/x.pem", kinds: &["certificate"], detect, parse };

/// A certificate in DER.
pub(crate) static DER: Format = Format {
    name: "certificate-der",
    collect: "cat /etc/ssl/certs/x.der",
    kinds: &["certificate"],
    detect: |_| Match::No,
    parse: parse_der,
};

const BEGINS: [&str; 3] =
    ["-----BEGIN CERTIFICATE-----", "-----BEGIN X509 CERTIFICATE-----", "-----BEGIN TRUSTED CERTIFICATE-----"];

/// Names that certificates have.
const ENDINGS: [&str; 6] = [".pem", ".crt", ".cer", ".cert", ".ca-bundle", ".chain"];

pub(super) fn begins(line: &str) -> bool {
    BEGINS.contains(&line.trim())
}

fn detect(hint: &Hint<'_>) -> Match {
    let named = ENDINGS.iter().any(|ending| hint.path.ends_with(ending));
    let mut lines = hint.head.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    // A certificate may stand in any text; here it stands at the top, or the name says so.
    let content = begins(first) || first.starts_with("-----BEGIN ") && lines.any(begins);
    match (content, named && hint.head.lines().any(begins)) {
        (_, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut position = 0;
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if begins(line.text) {
            block(document, &mut parsed, line, &mut lines, position);
            position += 1;
        }
    }
    parsed
}

/// Reads the block that begins at a line, up to its end.
pub(super) fn block<'a>(
    document: &Document<'a>,
    parsed: &mut Parsed,
    first: Line<'a>,
    lines: &mut impl Iterator<Item = Line<'a>>,
    position: u64,
) {
    let mut text = format!("{}\n", first.text.trim());
    let mut last = first;
    let mut closed = false;
    for line in lines {
        last = line;
        text.push_str(line.text.trim());
        text.push('\n');
        closed = line.text.trim().starts_with("-----END ");
        if closed {
            break;
        }
    }
    if !closed {
        parsed.problem(document, first.number, "a certificate without its end line; skipped");
        return;
    }
    let read = match parse_x509_pem(text.as_bytes()) {
        Ok((_, pem)) => x509::read(&pem.contents, position),
        Err(_) => Err("the certificate is not valid PEM".to_owned()),
    };
    match read {
        Ok(certificate) => parsed.fact(document, first, last, certificate),
        Err(problem) => parsed.problem(document, first.number, format!("{problem}; skipped")),
    }
}

/// A document of other than text that a sequence in DER of just its size begins, with a name that certificates have.
pub(crate) fn is_der(path: &str, head: &[u8]) -> bool {
    let named = ENDINGS.iter().chain(&[".der"]).any(|ending| path.ends_with(ending));
    named && head.starts_with(&[0x30, 0x82]) && head.get(4) == Some(&0x30)
}

fn parse_der(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    match x509::read(document.bytes, 0) {
        // Nothing in it has a line, so the whole document is its source.
        Ok(certificate) => {
            let source = bundlescope_facts::Source {
                document: document.path.clone(),
                first_line: document.first_line,
                last_line: document.first_line,
                span: (document.offset, document.offset + document.bytes.len() as u64),
            };
            parsed.facts.push(bundlescope_facts::Fact::new(source, certificate));
        }
        Err(problem) => parsed.problem(document, 0, problem),
    }
    parsed
}
