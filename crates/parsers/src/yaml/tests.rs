//! The reader against the library below `serde_yaml`'s values, against mistakes and against hostile input.

use proptest::prelude::*;

use super::*;

/// The records as `key=value` text, with the lines that they take, and the problems with theirs.
fn read(text: &str) -> (Vec<String>, Vec<(u32, String)>) {
    let document = Document::new("x.yaml", text.as_bytes());
    let (mut parsed, mut found) = (Parsed::default(), Vec::new());
    read_items(&document, &mut parsed, |record, list, _| {
        let source = record.source();
        found.push(format!("{list}{}-{} {}", source.first_line, source.last_line, record.value()));
    });
    (found, parsed.problems.into_iter().map(|problem| (problem.line, problem.message)).collect())
}

#[test]
fn documents_and_elements_of_lists_are_records_with_their_lines() {
    let text = "---\na: 1\nb:\n  c: [x, y]\n---\n- d: true\n- e: ~\n---\nkind: PodList\nitems:\n- f: 'g'\n  h: \"1\"\n- i: |\n    two\n    lines\n";
    let (found, problems) = read(text);
    assert_eq!(problems, []);
    assert_eq!(
        found,
        [
            "2-4 a=1, b=c=x, y",
            "6-6 d=true",
            "7-7 e=",
            "PodList11-12 f=g, h=1",
            "PodList13-15 i=two\nlines\n",
            "9-15 items=, kind=PodList",
        ]
    );
}

#[test]
fn scalars_are_what_yaml_1_2_says() {
    let text = "a: yes\nb: 0644\nc: -1.5e3\nd: 1.2.3\ne: \"true\"\nf: !!str 5\ng: 172.16.0.1\nh: 0x10\n";
    assert_eq!(read(text).0, ["1-8 a=yes, b=0644, c=-1500, d=1.2.3, e=true, f=5, g=172.16.0.1, h=0x10"]);
    let text = "a: ***HIDDEN***\nb: x\n";
    assert_eq!(read(text), (vec!["1-2 a=***HIDDEN***, b=x".to_owned()], vec![]));
}

#[test]
fn aliases_and_merge_keys_are_resolved() {
    let text = "base: &base {image: a, tag: 1}\nweb:\n  <<: *base\n  tag: 2\nlist: [*base]\n";
    assert_eq!(read(text).0, ["1-5 base=image=a, tag=1, list=image=a, tag=1, web=image=a, tag=2"]);
}

#[test]
fn aliases_that_multiply_end_the_document_and_not_the_memory() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", ")));
    }
    text.push_str("---\nb: 1\n");
    let (found, problems) = read(&text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].1.contains("expand to too much"));
    assert_eq!(found.last().map(String::as_str), Some("14-14 b=1"));
    let (_, problems) = read("a: &a [*a]\n");
    assert_eq!(problems, [(1, "an alias of what holds it cannot be read".to_owned())]);
}

#[test]
fn a_mistake_costs_its_element_or_its_document_only() {
    let text = "kind: PodList\nitems:\n- a: 1\n- b: [1, 2\n  c: 3\n- d: 4\n- e: 5\nmetadata: {}\n---\nf: 6\n";
    let (found, problems) = read(text);
    assert_eq!(problems.len(), 1, "{problems:?} {found:?}");
    for wanted in ["PodList3-3 a=1", "PodList7-7 e=5", "10-10 f=6"] {
        assert!(found.iter().any(|record| record == wanted), "{wanted} is not in {found:?}");
    }
    let (found, problems) = read("a: 1\nb: \"cut");
    assert_eq!((found.len(), problems.len()), (1, 1), "{found:?} {problems:?}");
}

#[test]
fn nesting_is_limited() {
    let (_, problems) = read(&"[".repeat(10_000));
    assert_eq!(problems.len(), 1);
    let deep: String = (0..3000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert_eq!(read(&deep).1.len(), 1);
}

#[test]
fn time_is_linear_even_in_mistakes() {
    let once = "- a: [\n- b: 1\n".repeat(2000);
    let time = |text: &str| {
        let start = std::time::Instant::now();
        read(text);
        start.elapsed()
    };
    let small = (0..3).map(|_| time(&once)).min().unwrap_or_default();
    let large = time(&once.repeat(16));
    assert!(large < small * 100 + std::time::Duration::from_millis(300), "{small:?} {large:?}");
}

proptest! {
    #[test]
    fn any_text_survives(text in "([a-z:{}\\[\\],&*!|>'\"#% -]{0,12}\n){0,30}") {
        let lines = text.lines().count() as u32 + 1;
        let (_, problems) = read(&text);
        prop_assert!(problems.iter().all(|(line, message)| *line <= lines && !message.is_empty()));
    }

    #[test]
    fn any_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut parsed = Parsed::default();
        read_items(&Document::new("x", &bytes), &mut parsed, |record, _, _| {
            let source = record.source();
            assert!(source.span.0 <= source.span.1 && source.span.1 <= bytes.len() as u64);
        });
    }
}
