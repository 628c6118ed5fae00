//! What the kubernetes and helm families read from real documents, and what must hold for all of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failing test says where")]

mod corpus;
