//! The tools of rule authors: what stands between a ticket and a tested rule.
//!
//! [`signature`] proposes a signature for a line of a log and [`rule`] the beginning of a rule about kinds of facts;
//! [`capture`] makes a small, anonymous test of a bundle; [`update`] writes what came out of tests into them; [`junit`]
//! hands outcomes to CI systems; [`site`] is the pack as pages for people. All of it works on texts and on bundles that
//! were read; it opens no files and prints nothing.

mod capture;
mod junit;
mod propose;
mod site;
mod skeleton;
mod update;

pub use capture::{CaptureWish, Captured, capture, read_texts};
pub use junit::junit;
pub use propose::{Proposal, SignatureWish, signature, signature_of};
pub use site::{Page, site};
pub use skeleton::rule;
pub use update::update;
