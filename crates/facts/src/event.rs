//! Events: facts with a time that signatures read from logs.
//!
//! A signature may emit an event of any kind; the ones here are those that the built-in rules join on, so that a
//! vendor's signature for a new client library feeds the same rules.

use crate::{FieldSpec, FieldType, KindSpec};

const TEXT: FieldType = FieldType::Text;

const fn field(name: &'static str, ty: FieldType, doc: &'static [&'static str]) -> FieldSpec {
    FieldSpec { name, ty, doc }
}

const CONTAINER: FieldSpec =
    field("container", TEXT, &[" Name of the container whose log it is; absent for the host's own logs."]);

/// What went wrong with a connection, one word whatever the client library calls it.
const CONNECTION_ERRORS: &[&str] = &[
    "refused",
    "timed_out",
    "no_route",
    "network_unreachable",
    "prohibited",
    "reset",
    "closed",
    "name_not_found",
    "name_lookup_failed",
    "address_in_use",
    "other",
];

/// The documented event kinds.
pub const EVENTS: &[KindSpec] = &[
    KindSpec {
        name: "connection_failure",
        doc: &[" A client could not connect: psql, redis-cli, curl, Go, Java, Python, Node, Ruby and others alike."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" Host as the client wrote it: a name or an address; absent where not logged."]),
            field("address", FieldType::Address, &[" Address that the host resolved to, where it can be told."]),
            field("port", FieldType::Integer, &[" Destination port."]),
            field("error", FieldType::Word(CONNECTION_ERRORS), &[" What the client saw."]),
            field("client", TEXT, &[" Client library or program, such as `libpq` or `go-net`."]),
            field("resolver", TEXT, &[" DNS server that was asked, where logged."]),
            field("ongoing", FieldType::Bool, &[" False when the log goes on without it and without giving up."]),
            field("target", TEXT, &[" Container that is meant, by name, alias, address or published port, even a stopped one."]),
            field("target_by", TEXT, &[" By what the container was found: name, alias, compose service, hostname, address, published port."]),
            field("inferred", TEXT, &[" Where host or port were taken from when the record did not name them."]),
        ],
    },
    KindSpec {
        name: "connection_success",
        doc: &[" A client says that its connection works."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" Host as the client wrote it, where logged."]),
            field("port", FieldType::Integer, &[" Destination port, where logged."]),
            field("service", TEXT, &[" What it connected to in its own words, such as `database`."]),
        ],
    },
    KindSpec {
        name: "tls_failure",
        doc: &[" A TLS handshake failed because a certificate was not accepted."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" Host as the client wrote it, where logged."]),
            field("port", FieldType::Integer, &[" Destination port, where logged."]),
            field(
                "reason",
                FieldType::Word(&["unknown_authority", "expired", "not_yet_valid", "name_mismatch", "other"]),
                &[" Why the certificate was not accepted."],
            ),
            field("issuer", TEXT, &[" Issuer, where logged."]),
        ],
    },
    KindSpec {
        name: "client_rejected",
        doc: &[" A server was reached and refused the client by its own rules: access lists, credentials."],
        fields: &[
            CONTAINER,
            field("host", TEXT, &[" Host as the client wrote it, where logged."]),
            field("port", FieldType::Integer, &[" Destination port, where logged."]),
            field("reason", TEXT, &[" The server's words."]),
        ],
    },
];

/// The documentation of an event kind, when it is one of the documented ones.
pub fn event_spec(name: &str) -> Option<&'static KindSpec> {
    EVENTS.iter().find(|spec| spec.name == name)
}
