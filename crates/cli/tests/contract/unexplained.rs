//! Errors that no signature knows: told, counted, without secrets, and with a signature that works.

use std::fs;

use crate::{json, ok};

#[test]
fn an_error_that_nobody_knows_comes_with_a_signature_that_passes_its_tests() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("bundle/logs");
    fs::create_dir_all(&logs).unwrap();
    let log: String = (0..9)
        .map(|n| format!("2026-11-21T01:00:0{n}Z ERROR cannot reserve seat {n} in hall A, api_key=s3cr3tk3yv4lue\n"))
        .collect();
    fs::write(logs.join("api.log"), format!("2026-11-21T00:59:59Z INFO up\n{log}")).unwrap();
    let bundle = folder.path().join("bundle");
    let bundle = bundle.to_str().unwrap();
    let text = ok(&["analyze", bundle, "--format", "json"]);
    assert!(!text.contains("s3cr3tk3yv4lue"), "{text}");
    let diagnosis = json(&text);
    let [one] = &diagnosis["unexplained"].as_array().unwrap()[..] else { panic!("{}", diagnosis["unexplained"]) };
    assert!(one["template"].as_str().unwrap().starts_with("ERROR cannot reserve seat <*> in hall A"), "{one}");
    assert_eq!((one["count"].as_u64(), one["line"].as_u64()), (Some(9), Some(2)), "{one}");
    assert_eq!(
        (one["first"].as_str(), one["last"].as_str()),
        (Some("2026-11-21T01:00:00Z"), Some("2026-11-21T01:00:08Z"))
    );
    let rules = folder.path().join("rules");
    fs::create_dir(&rules).unwrap();
    let signature = one["signature"].as_str().unwrap();
    fs::write(rules.join("cannot-reserve-seat.yaml"), signature).unwrap();
    ok(&["rules", "test", rules.to_str().unwrap()]);
    for format in ["text", "markdown", "html"] {
        let report = ok(&["analyze", bundle, "--format", format]);
        assert!(report.contains("cannot reserve seat"), "{report}");
        assert!(!report.contains("s3cr3tk3yv4lue"), "{format}");
    }
}
