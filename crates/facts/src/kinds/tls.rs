//! Certificates and TLS connections.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::{Text, fact_kind};

fact_kind! {
    /// An X.509 certificate: PEM and DER files, `openssl x509`, `openssl s_client -showcerts`, troubleshoot's certificates.json. Private keys are
    /// never read.
    "certificate": Certificate {
        /// Subject, as `CN=db, O=Example`.
        subject: Option<Text>,
        /// Common name of the subject.
        common_name: Option<Text>,
        /// Issuer.
        issuer: Option<Text>,
        /// DNS names that it is for.
        dns_names: Vec<Text>,
        /// Addresses that it is for.
        addresses: Vec<IpAddr>,
        /// Valid from.
        not_before: Option<Timestamp>,
        /// Valid until.
        not_after: Option<Timestamp>,
        /// Subject and issuer are the same.
        self_signed: Option<bool>,
        /// It may sign certificates.
        is_ca: Option<bool>,
        /// Serial number in hexadecimal, two digits a byte with colons.
        serial: Option<Text>,
        /// SHA-256 of the certificate in hexadecimal.
        fingerprint: Option<Text>,
        /// Kind of its key, such as `RSA 2048` or `EC P-256`.
        key: Option<Text>,
        /// Signature algorithm, such as `sha256WithRSAEncryption`.
        signature: Option<Text>,
        /// Place in a chain, counted from 0 for the first one of the document.
        position: u64,
        /// File that it was read from, where the document names it.
        file: Option<Text>,
    }
}

fact_kind! {
    /// A TLS connection that `openssl s_client` made, or that `curl -v` describes.
    "tls_connection": TlsConnection {
        /// Protocol, such as `TLSv1.3`.
        protocol: Option<Text>,
        /// Cipher.
        cipher: Option<Text>,
        /// Result of the verification; 0 means that the certificate was accepted.
        verify_code: Option<u64>,
        /// Its words, such as `certificate has expired`.
        verify_message: Option<Text>,
    }
}
