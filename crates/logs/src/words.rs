//! The words of operating systems and libraries for one and the same failure, and the word of the event's schema.
//!
//! strerror(3) of glibc and musl, errno numbers and names of Linux, Windows and macOS, gai_strerror(3), and the phrases
//! that libraries put in their place.

/// Phrases in lower case and the `error` of a `connection_failure`; the first that is contained wins.
const ERRORS: &[(&str, &str)] = &[
    // A Go resolver says what happened to its packet to the DNS server.
    ("read udp", "name_lookup_failed"),
    ("dial udp", "name_lookup_failed"),
    ("refused", "refused"),
    ("no route to host", "no_route"),
    ("ehostunreach", "no_route"),
    ("host is unreachable", "no_route"),
    ("host unreachable", "no_route"),
    ("unreachable host", "no_route"),
    ("ehostdown", "no_route"),
    ("host is down", "no_route"),
    ("network is unreachable", "network_unreachable"),
    ("enetunreach", "network_unreachable"),
    ("network unreachable", "network_unreachable"),
    ("unreachable network", "network_unreachable"),
    ("eai_again", "name_lookup_failed"),
    ("temporary failure in name resolution", "name_lookup_failed"),
    ("server misbehaving", "name_lookup_failed"),
    ("servfail", "name_lookup_failed"),
    ("server failure", "name_lookup_failed"),
    ("try again", "name_lookup_failed"),
    ("could not contact dns", "name_lookup_failed"),
    ("timeout while contacting dns", "name_lookup_failed"),
    ("enotfound", "name_not_found"),
    ("name or service not known", "name_not_found"),
    ("name does not resolve", "name_not_found"),
    ("no such host", "name_not_found"),
    ("nodename nor servname", "name_not_found"),
    ("no address associated", "name_not_found"),
    ("host not found", "name_not_found"),
    ("unknown host", "name_not_found"),
    ("nxdomain", "name_not_found"),
    ("non-existing domain", "name_not_found"),
    ("non-existent domain", "name_not_found"),
    ("bad address", "name_not_found"),
    ("getaddrinfo failed", "name_not_found"),
    ("could not resolve", "name_not_found"),
    ("couldn't resolve", "name_not_found"),
    ("unable to resolve", "name_not_found"),
    ("timed out", "timed_out"),
    ("time out", "timed_out"),
    ("timeout", "timed_out"),
    ("etimedout", "timed_out"),
    ("deadline", "timed_out"),
    ("did not properly respond", "timed_out"),
    ("econnaborted", "timed_out"),
    ("connection reset", "reset"),
    ("reset by peer", "reset"),
    ("econnreset", "reset"),
    ("broken pipe", "reset"),
    ("epipe", "reset"),
    ("forcibly closed", "reset"),
    ("operation not permitted", "prohibited"),
    ("permission denied", "prohibited"),
    ("eacces", "prohibited"),
    ("eperm", "prohibited"),
    ("prohibited", "prohibited"),
    ("address already in use", "address_in_use"),
    ("eaddrinuse", "address_in_use"),
    ("assign requested address", "address_not_available"),
    ("address not available", "address_not_available"),
    ("eaddrnotavail", "address_not_available"),
    ("closed", "closed"),
    ("hang up", "closed"),
    ("hung up", "closed"),
    ("empty reply", "closed"),
    ("end of file", "closed"),
    ("eof", "closed"),
    ("went away", "closed"),
    ("gone away", "closed"),
    ("lost connection", "closed"),
    ("unexpectedly", "closed"),
];

/// errno of Linux, then of macOS and Windows; negative numbers are getaddrinfo's.
const NUMBERS: &[(i32, &str)] = &[
    (111, "refused"),
    (110, "timed_out"),
    (113, "no_route"),
    (112, "no_route"),
    (101, "network_unreachable"),
    (104, "reset"),
    (32, "reset"),
    (13, "prohibited"),
    (1, "prohibited"),
    (98, "address_in_use"),
    (99, "address_not_available"),
    (11, "timed_out"),
    // "In progress": MariaDB's client says so of every connection that fails in the background, refused and without a
    // route alike; only what times out is 110.
    (115, "other"),
    (-2, "name_not_found"),
    (-5, "name_not_found"),
    (8, "name_not_found"),
    (-3, "name_lookup_failed"),
    (61, "refused"),
    (60, "timed_out"),
    (65, "no_route"),
    (51, "network_unreachable"),
    (54, "reset"),
    (49, "address_not_available"),
    (10049, "address_not_available"),
    (10061, "refused"),
    (10060, "timed_out"),
    (10065, "no_route"),
    (10051, "network_unreachable"),
    (10054, "reset"),
    (11001, "name_not_found"),
];

/// Phrases in lower case and the `reason` of a `tls_failure`.
const TLS_REASONS: &[(&str, &str)] = &[
    // Go: "certificate has expired or is not yet valid: current time … is after …".
    ("is before 20", "not_yet_valid"),
    ("is after 20", "expired"),
    ("has expired or is not yet valid", "expired"),
    ("not yet valid", "not_yet_valid"),
    ("notyetvalid", "not_yet_valid"),
    ("not_yet_valid", "not_yet_valid"),
    ("notbefore", "not_yet_valid"),
    ("expired", "expired"),
    ("notafter", "expired"),
    ("validity check failed", "expired"),
    ("hostname mismatch", "name_mismatch"),
    ("ip address mismatch", "name_mismatch"),
    ("doesn't match", "name_mismatch"),
    ("does not match", "name_mismatch"),
    ("altnames", "name_mismatch"),
    ("alt_name", "name_mismatch"),
    ("alternative name", "name_mismatch"),
    ("alternative dns name", "name_mismatch"),
    ("alternative certificate subject name", "name_mismatch"),
    ("is valid for", "name_mismatch"),
    ("not valid for", "name_mismatch"),
    ("cannot validate certificate for", "name_mismatch"),
    ("no name matching", "name_mismatch"),
    ("no subject alternative", "name_mismatch"),
    ("namemismatch", "name_mismatch"),
    ("common name invalid", "name_mismatch"),
    ("legacy common name", "name_mismatch"),
    ("unknown authority", "unknown_authority"),
    ("unknown ca", "unknown_authority"),
    ("unknown_ca", "unknown_authority"),
    ("unknownissuer", "unknown_authority"),
    ("self signed", "unknown_authority"),
    ("self-signed", "unknown_authority"),
    ("self_signed", "unknown_authority"),
    ("local issuer", "unknown_authority"),
    ("issuer certificate", "unknown_authority"),
    ("verify the first certificate", "unknown_authority"),
    ("verify_leaf_signature", "unknown_authority"),
    ("valid certification path", "unknown_authority"),
    ("path building failed", "unknown_authority"),
    ("untrusted", "unknown_authority"),
    ("not trusted", "unknown_authority"),
    ("partialchain", "unknown_authority"),
    ("verification failed", "unknown_authority"),
    ("unknown issuer", "unknown_authority"),
];

/// Where a text names a failure of a connection in words of an operating system or a library, if it does.
///
/// ```
/// assert_eq!(bundlescope_logs::error_phrase("db:5432: Connection refused"), Some(20..27));
/// ```
pub fn error_phrase(text: &str) -> Option<std::ops::Range<usize>> {
    // ASCII case does not move bytes.
    let lower = text.to_ascii_lowercase();
    ERRORS.iter().find_map(|(phrase, _)| lower.find(phrase).map(|at| at..at + phrase.len()))
}

/// The declared word for a text that a log holds, for the closed vocabularies of the event kinds.
pub(crate) fn word(text: &str, words: &'static [&'static str]) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let declared = |found: &str| words.iter().copied().find(|word| *word == found);
    if let Some(word) = declared(&lower) {
        return Some(word);
    }
    let number = lower.parse::<i32>().ok().and_then(|code| NUMBERS.iter().find(|(known, _)| *known == code));
    let phrases = if words.contains(&"refused") { ERRORS } else { TLS_REASONS };
    let found = number
        .map(|(_, word)| *word)
        .or_else(|| phrases.iter().find(|(phrase, _)| lower.contains(phrase)).map(|(_, word)| *word));
    found.and_then(declared).or_else(|| declared("other"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bundlescope_facts::{FieldType, event_spec};

    fn words(kind: &str, field: &str) -> &'static [&'static str] {
        match event_spec(kind).unwrap().field(field).unwrap().ty {
            FieldType::Word(words) => words,
            _ => panic!("{kind}.{field} has no words"),
        }
    }

    #[test]
    fn every_phrase_yields_a_declared_word() {
        for (table, words) in
            [(ERRORS, words("connection_failure", "error")), (TLS_REASONS, words("tls_failure", "reason"))]
        {
            for (phrase, expected) in table {
                assert!(words.contains(expected), "{expected}");
                assert_ne!(word(phrase, words), Some("other"), "{phrase}");
            }
        }
    }

    #[test]
    fn systems_agree_on_what_happened() {
        let words = words("connection_failure", "error");
        for (text, expected) in [
            ("Connection refused", "refused"),
            ("111", "refused"),
            ("10061", "refused"),
            ("ECONNREFUSED", "refused"),
            ("connect: no route to host", "no_route"),
            ("Host is unreachable", "no_route"),
            ("Temporary failure in name resolution", "name_lookup_failed"),
            ("-2", "name_not_found"),
            ("i/o timeout", "timed_out"),
            ("something new", "other"),
        ] {
            assert_eq!(word(text, words), Some(expected), "{text}");
        }
    }
}
