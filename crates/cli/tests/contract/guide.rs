//! The walk-through of the guide for rule authors is run as it is printed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::top;

/// The fenced blocks of a language with those of `text` that follow directly, in the section.
fn steps(section: &str) -> Vec<(String, Option<String>)> {
    let mut steps: Vec<(String, Option<String>)> = Vec::new();
    let mut rest = section;
    while let Some(start) = rest.find("```") {
        let body = &rest[start + 3..];
        let (language, body) = body.split_once('\n').unwrap();
        let (content, after) = body.split_once("```").unwrap();
        match (language, steps.last_mut()) {
            ("sh", _) => steps.push((content.to_owned(), None)),
            ("text", Some(step)) => step.1 = Some(content.to_owned()),
            _ => {}
        }
        rest = after;
    }
    steps
}

#[test]
fn ten_minutes_from_ticket_to_tested_rule() {
    let guide = fs::read_to_string(top().join("rules/README.md")).unwrap();
    let (_, section) = guide.split_once("## From ticket to tested rule in ten minutes\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bundle = "fixtures/bundles/h-dependency-down-exited_bad_config.flat.zip";
    fs::copy(top().join(bundle), folder.path().join("ticket.zip")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_bundlescope")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let steps = steps(section);
    assert!(steps.len() >= 6);
    let mut printed = String::new();
    for (script, expected) in steps {
        let output = Command::new("sh")
            .args(["-eu", "-c", &script])
            .current_dir(folder.path())
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        let out = String::from_utf8(output.stdout).unwrap();
        printed += &format!("$ {script}{out}\n");
        if let Some(expected) = expected {
            assert_eq!(out.trim_end(), expected.trim_end(), "{printed}");
        }
    }
}
