//! The tools of rule authors: what stands between a ticket and a tested rule.
//!
//! [`update`] writes what came out of tests into them, [`junit`] hands outcomes to CI systems. All of it works on texts and on bundles that were read; it opens no
//! files and prints nothing.

mod junit;
mod update;

pub use junit::junit;
pub use update::update;
