//! Formats of the tls family: certificates as files, and what openssl and troubleshoot tell of them.

mod collected;
mod openssl;
mod pem;
mod s_client;
mod x509;

use crate::format::Format;

pub(crate) use pem::is_der;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] =
    &[&s_client::S_CLIENT, &openssl::OPENSSL_X509, &collected::CERTIFICATES, &pem::PEM];

/// Certificates in DER, which the content of no text can tell.
pub(crate) static DER: &Format = &pem::DER;
