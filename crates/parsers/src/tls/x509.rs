//! One certificate: DER into a fact.

use std::fmt::Write;
use std::net::IpAddr;

use bundlescope_facts::{Certificate, Text};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::{Oid, OidRegistry};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

/// Reads a certificate; an error is a lowercase fragment.
pub(super) fn read(der: &[u8], position: u64) -> Result<Certificate, String> {
    let (_, found) = X509Certificate::from_der(der).map_err(|error| match error {
        x509_parser::nom::Err::Incomplete(_) => "the certificate is cut".to_owned(),
        x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error) => {
            format!("not a certificate as X.509 has it: {}", error.to_string().to_lowercase())
        }
    })?;
    let (subject, issuer) = (found.subject().to_string(), found.issuer().to_string());
    let mut certificate = Certificate {
        common_name: found.subject().iter_common_name().next().and_then(|name| name.as_str().ok()).map(Text::from),
        self_signed: Some(found.subject() == found.issuer()),
        subject: Some(subject.into()),
        issuer: Some(issuer.into()),
        not_before: Timestamp::from_second(found.validity().not_before.timestamp()).ok(),
        not_after: Timestamp::from_second(found.validity().not_after.timestamp()).ok(),
        is_ca: Some(found.is_ca()),
        serial: Some(hex(found.raw_serial(), ":").into()),
        fingerprint: Some(hex(&Sha256::digest(der), "").into()),
        key: Some(key(&found)),
        signature: Some(algorithm(&found.signature_algorithm.algorithm)),
        position,
        ..Certificate::default()
    };
    if let Ok(Some(names)) = found.subject_alternative_name() {
        for name in &names.value.general_names {
            match name {
                GeneralName::DNSName(name) => certificate.dns_names.push((*name).into()),
                GeneralName::IPAddress(bytes) => certificate.addresses.extend(address(bytes)),
                _ => {}
            }
        }
    }
    Ok(certificate)
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

fn hex(bytes: &[u8], between: &str) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            text.push_str(between);
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The short name of an algorithm, such as `sha256WithRSAEncryption`; its numbers where it has none.
fn algorithm(oid: &Oid<'_>) -> Text {
    let registry = OidRegistry::default().with_crypto();
    registry.get(oid).map_or_else(|| oid.to_id_string().into(), |entry| entry.sn().into())
}

fn key(found: &X509Certificate<'_>) -> Text {
    let info = found.public_key();
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA {}", key.key_size()).into(),
        Ok(PublicKey::EC(point)) => {
            let curve = info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            match curve.map(|curve| curve.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => "EC P-256".into(),
                Some("1.3.132.0.34") => "EC P-384".into(),
                Some("1.3.132.0.35") => "EC P-521".into(),
                _ => format!("EC {}", point.key_size()).into(),
            }
        }
        Ok(PublicKey::DSA(_)) => "DSA".into(),
        _ => algorithm(&info.algorithm.algorithm),
    }
}
