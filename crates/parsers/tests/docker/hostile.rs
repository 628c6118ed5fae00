//! Documents that are large or hostile in ways of this family.

use crate::read;

#[test]
fn ten_thousand_containers_on_one_line_are_read() {
    let one = r#"{"Id":"4fa6e0f0c6786287e131c3852c58a2e01cc697a68231826813597e4994f1d6e2","Names":["/web"],"Image":"redis","State":"running","Status":"Up 3 hours","Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}]}"#;
    let text = format!("[{}]", vec![one; 10_000].join(","));
    let (format, parsed) = read(text.as_bytes());
    assert_eq!((format, parsed.facts.len(), parsed.problems.len()), ("docker-ps", 20_000, 0));
}

#[test]
fn ranges_of_ports_do_not_fill_the_memory() {
    let row = "aaaaaaaaaaaa   0.0.0.0:1-65535->1-65535/tcp   web\n";
    let text = format!("CONTAINER ID   PORTS                          NAMES\n{}", row.repeat(1000));
    let (_, parsed) = read(text.as_bytes());
    assert!(parsed.facts.len() < 210_000, "{}", parsed.facts.len());
    assert!(parsed.problems[0].message.contains("is not expanded"));
}
