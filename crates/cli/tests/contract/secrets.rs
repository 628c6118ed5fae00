//! Reports can be passed on: secrets of the bundle are masked in every form, and what proves the cause stays.

use std::fs;

use crate::{json, ok};

const LOG: &str = "\
2024-05-01T10:00:00Z starting with postgres://shop:hunter2-x@10.1.2.3:5432/shop\n\
2024-05-01T10:00:01Z could not connect to server: Connection refused\n\
\tIs the server running on host \"10.1.2.3\" and accepting\n\
\tTCP/IP connections on port 5432?\n\
2024-05-01T10:00:02Z retrying with PGPASSWORD=hunter2-x\n";

#[test]
fn secrets_are_masked_alike_counted_and_shown_on_request() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("app/logs")).unwrap();
    fs::write(folder.path().join("app/logs/api.log"), LOG).unwrap();
    let bundle = folder.path().to_str().unwrap();
    for format in ["text", "json", "markdown", "html", "sarif", "csv"] {
        let report = ok(&["analyze", bundle, "--format", format]);
        assert!(!report.contains("hunter2-x"), "{format}: {report}");
        assert!(report.contains("5432"), "{format}: {report}");
    }
    let report = json(&ok(&["analyze", bundle, "--format", "json"]));
    assert_eq!(report["bundle"]["masked"], 1);
    let context = report["findings"][0]["evidence"][0]["context"]["lines"].to_string();
    assert!(context.contains("postgres://shop:[masked 1]@10.1.2.3:5432/shop"), "{context}");
    assert!(context.contains("PGPASSWORD=[masked 1]"), "{context}");

    let text = ok(&["analyze", bundle]);
    assert!(text.contains("Masked        1 secret (--no-redact shows them)"), "{text}");
    let shown = ok(&["analyze", bundle, "--no-redact"]);
    assert!(shown.contains("hunter2-x") && !shown.contains("Masked"), "{shown}");
}
