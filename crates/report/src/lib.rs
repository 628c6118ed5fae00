//! Renders a diagnosis: terminal text, JSON, Markdown, one self-contained HTML file, SARIF, JUnit and CSV; and the
//! comparison of two bundles.
//!
//! Every form says the same in the same order, because the forms for people are drawn from one view of the diagnosis. Whatever
//! comes from a bundle is hostile: it passes [`plain`] before it is shown, and each form escapes it once more for its
//! own syntax. JSON carries the exact values and escapes what a terminal would act on.
//!
//! This crate draws no conclusions and does no I/O.
//!
//! ```
//! use bundlescope_engine::Diagnosis;
//! use bundlescope_report::{TextOptions, render_json, render_text};
//!
//! let mut diagnosis = Diagnosis::default();
//! diagnosis.bundle.complete = true;
//! assert!(render_text(&diagnosis, &TextOptions::default()).contains("Nothing wrong found"));
//! assert!(render_json(&diagnosis).starts_with("{\n  \"format\": 1,"));
//! ```

mod csv;
mod diff;
mod escape;
mod html;
mod json;
mod junit;
mod markdown;
mod picture;
mod plain;
mod prose;
mod redact;
mod sarif;
mod text;
mod view;
mod words;
mod wrap;

pub use csv::render_csv;
pub use diff::{render_diff_json, render_diff_markdown, render_diff_text};
pub use html::{Template, TemplateFiles, render_html, render_html_with};
pub use json::{escape_active, render_json, render_json_line};
pub use junit::render_junit;
pub use markdown::{render_markdown, render_markdown_short};
pub use plain::{plain, plain_line};
pub use redact::Redactor;
pub use sarif::render_sarif;
pub use text::{TextOptions, render_text};
pub use wrap::wrap;
