//! `openssl x509`, with `-text` or with `-subject -issuer -dates -serial -fingerprint` and the like, one or many; openssl 0.9.8 to 3.5.

use bundlescope_facts::{Certificate, Text};
use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static OPENSSL_X509: Format = Format {
    name: "openssl-x509",
    collect: "openssl x509 -noout -text -in FILE",
    kinds: &["certificate"],
    detect,
    parse,
};

/// `May 25 16:39:40 2019 GMT`.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [month, day, clock, year, "GMT"] = words[..] else { return None };
    let month = MONTHS.iter().position(|name| *name == month)?;
    let mut parts = clock.split(':').map(|part| part.split('.').next().and_then(|part| part.parse::<i8>().ok()));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let year: i16 = year.parse().ok().filter(|year| *year > 1900)?;
    let date = DateTime::new(year, i8::try_from(month + 1).ok()?, day.parse().ok()?, hour, minute, second, 0).ok()?;
    jiff::tz::Offset::UTC.to_timestamp(date).ok()
}

/// The value of a key that stands before a `=` or a `:` with blanks around it.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.trim().strip_prefix(key)?.trim_start();
    Some(rest.strip_prefix(['=', ':'])?.trim())
}

/// A distinguished name without the blanks and slashes of old versions: `/C=US/CN=a` and `C = US, CN = a` are `C=US, CN=a`.
pub(super) fn name(text: &str) -> Text {
    let text = text.trim();
    let joined = match text.strip_prefix('/') {
        // A slash within a value is followed by no `KEY=`.
        Some(rest) => {
            let mut joined = String::with_capacity(text.len());
            for (at, part) in rest.split('/').enumerate() {
                let keyed = part
                    .split_once('=')
                    .is_some_and(|(key, _)| key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'));
                if at > 0 {
                    joined.push_str(if keyed { ", " } else { "/" });
                }
                joined.push_str(part);
            }
            joined
        }
        None => text.replace(" = ", "="),
    };
    joined.into()
}

pub(super) fn common_name(name: &str) -> Option<Text> {
    let at = name.rfind("CN=")?;
    Some(name[at + 3..].split(',').next().unwrap_or_default().trim().into())
}

fn is_start(line: &str) -> bool {
    line.trim_end() == "Certificate:"
}

fn is_short(line: &str) -> bool {
    const KEYS: &[&str] = &["notAfter=", "notBefore=", "subject=", "issuer=", "serial=", "FileName="];
    KEYS.iter().any(|key| line.starts_with(key))
}

fn detect(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["openssl"]);
    let lines = || hint.head.lines();
    let text = lines().any(is_start) && lines().any(|line| value(line, "Not After").is_some());
    let first = lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let begins = is_short(first) || first.contains("find: ") || first.contains("rror");
    // One such line alone may be of anything.
    let enough = if named { 1 } else { 2 };
    let short = begins && lines().filter(|line| is_short(line)).take(enough).count() == enough;
    Match::of(text || short, named)
}

/// A certificate whose lines are being read.
#[derive(Default)]
struct Open<'a> {
    certificate: Certificate,
    bounds: Option<(Line<'a>, Line<'a>)>,
}

impl<'a> Open<'a> {
    fn close(&mut self, document: &Document<'a>, parsed: &mut Parsed, position: &mut u64) {
        let Open { mut certificate, bounds } = std::mem::take(self);
        let Some((first, last)) = bounds else { return };
        certificate.position = *position;
        *position += 1;
        certificate.common_name = certificate.subject.as_deref().and_then(common_name);
        certificate.self_signed =
            certificate.subject.as_ref().zip(certificate.issuer.as_ref()).map(|(subject, issuer)| subject == issuer);
        parsed.fact(document, first, last, certificate);
    }

    fn note(&mut self, line: Line<'a>) {
        self.bounds = Some((self.bounds.map_or(line, |(first, _)| first), line));
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open = Open::default();
    let mut position = 0;
    let mut names_follow = false;
    let mut long = false;
    for line in document.lines() {
        let text = line.text.trim();
        if std::mem::take(&mut names_follow) {
            names(&mut open.certificate, text);
            open.note(line);
            continue;
        }
        if is_start(line.text) {
            open.close(document, &mut parsed, &mut position);
            open.note(line);
            long = true;
            continue;
        }
        if text.is_empty() {
            // Short outputs of several certificates are set apart by blank lines.
            if !long {
                open.close(document, &mut parsed, &mut position);
            }
            continue;
        }
        if text.starts_with("X509v3 Subject Alternative Name") {
            names_follow = true;
            continue;
        }
        let read = field(&mut open, &mut parsed, document, line, long, &mut position);
        if read {
            continue;
        }
        let known = long || is_noise(text);
        if !known {
            parsed.problem(
                document,
                line.number,
                "expected a field of a certificate such as `notAfter=May 25 16:39:40 2019 GMT`; line skipped",
            );
        }
    }
    open.close(document, &mut parsed, &mut position);
    parsed
}

/// Reads a line of one field; false when it is none.
fn field<'a>(
    open: &mut Open<'a>,
    parsed: &mut Parsed,
    document: &Document<'a>,
    line: Line<'a>,
    long: bool,
    position: &mut u64,
) -> bool {
    let text = line.text.trim();
    let key = |long_key: &str, short_key: &str| value(text, if long { long_key } else { short_key });
    let dates = [("Not Before", "notBefore"), ("Not After", "notAfter")];
    for (at, (long_key, short_key)) in dates.into_iter().enumerate() {
        let Some(stamp) = key(long_key, short_key) else { continue };
        let Some(time) = time(stamp) else {
            parsed.problem(document, line.number, format!("`{stamp}` is no time such as `May 25 16:39:40 2019 GMT`"));
            return true;
        };
        let slot = if at == 0 { &mut open.certificate.not_before } else { &mut open.certificate.not_after };
        let again = slot.is_some() && !long;
        if again {
            open.close(document, parsed, position);
        }
        let slot = if at == 0 { &mut open.certificate.not_before } else { &mut open.certificate.not_after };
        *slot = Some(time);
        open.note(line);
        return true;
    }
    if let Some(found) = key("Subject", "subject") {
        if !long && open.certificate.subject.is_some() {
            open.close(document, parsed, position);
        }
        open.certificate.subject = Some(name(found));
    } else if let Some(found) = key("Issuer", "issuer") {
        if !long && open.certificate.issuer.is_some() {
            open.close(document, parsed, position);
        }
        open.certificate.issuer = Some(name(found));
    } else if let Some(found) = key("FileName", "FileName") {
        open.certificate.file = Some(found.into());
        open.note(line);
        open.close(document, parsed, position);
        return true;
    } else if let Some(found) = key("Serial Number", "serial") {
        // A short number stands beside the key, a long one below.
        let hex = found.split_once("(0x").map(|(_, rest)| rest.trim_end_matches(')')).or(Some(found).filter(|_| !long));
        if let Some(hex) = hex.filter(|hex| !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            open.certificate.serial = Some(pairs(hex).into());
        }
    } else if let Some(found) = key("Signature Algorithm", "Signature Algorithm") {
        open.certificate.signature = Some(found.into());
    } else if let Some((kind, found)) = text.split_once(" Fingerprint=") {
        if kind.eq_ignore_ascii_case("sha256") {
            open.certificate.fingerprint = Some(found.replace(':', "").to_ascii_lowercase().into());
        }
    } else if text.starts_with("CA:TRUE") || text.starts_with("CA:FALSE") {
        open.certificate.is_ca = Some(text.starts_with("CA:TRUE"));
    } else if let Some(algorithm) = value(text, "Public Key Algorithm") {
        let kind = match algorithm {
            "rsaEncryption" => "RSA",
            "id-ecPublicKey" => "EC",
            other => other,
        };
        open.certificate.key = Some(kind.into());
    } else if let Some(curve) = value(text, "NIST CURVE") {
        open.certificate.key = Some(format!("EC {curve}").into());
    } else if let Some((_, bits)) = text.split_once("Public-Key: (").or_else(|| text.split_once("Public Key: (")) {
        // The length says it for RSA, the curve below for EC.
        let kind = open.certificate.key.take().filter(|kind| !kind.contains(' '));
        let bits = bits.split(' ').next().unwrap_or_default();
        open.certificate.key = Some(format!("{} {bits}", kind.as_deref().unwrap_or("RSA")).into());
    } else {
        // The serial number of sixteen or more bytes.
        let long_serial =
            long && open.certificate.serial.is_none() && open.certificate.issuer.is_none() && is_pairs(text);
        if long_serial {
            open.certificate.serial = Some(text.to_ascii_lowercase().into());
            open.note(line);
        }
        return long_serial;
    }
    open.note(line);
    true
}

fn is_pairs(text: &str) -> bool {
    text.len() > 2 && text.split(':').all(|pair| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `0AF3` as `0a:f3`.
fn pairs(hex: &str) -> String {
    let even = if hex.len() % 2 == 1 { format!("0{hex}") } else { hex.to_owned() };
    let lower = even.to_ascii_lowercase();
    let pairs: Vec<&str> = (0..lower.len() / 2).filter_map(|at| lower.get(at * 2..at * 2 + 2)).collect();
    pairs.join(":")
}

/// `DNS:db.example.com, IP Address:10.0.0.1`.
fn names(certificate: &mut Certificate, text: &str) {
    for name in text.split(", ") {
        match name.split_once(':') {
            Some(("DNS", name)) => certificate.dns_names.push(name.into()),
            Some(("IP Address" | "IP", address)) => certificate.addresses.extend(address.parse::<std::net::IpAddr>()),
            _ => {}
        }
    }
}

/// What openssl and find say when a file cannot be read.
fn is_noise(text: &str) -> bool {
    text.contains("find: ")
        || text.contains(":error:")
        || text.starts_with("unable to load certificate")
        || text.starts_with("Error opening Certificate")
        || text.starts_with("Could not read")
        || text.contains(" Fingerprint=")
        || text.starts_with("-----")
        || text.starts_with("hash=")
}
