use super::*;

fn read(text: &str) -> Vec<String> {
    let parsed = parse(&Document::new("play.txt", text.as_bytes()));
    assert_eq!(parsed.problems, []);
    parsed
        .facts
        .iter()
        .map(|fact| {
            let fields = fact.data.spec().unwrap().fields;
            let told = fields.iter().map(|field| (field.name, fact.get(field.name).to_string()));
            let told = told.filter(|(_, value)| !value.is_empty() && value != "false");
            let told: Vec<String> = told.map(|(name, value)| format!("{name}={value}")).collect();
            format!("{}-{} {}", fact.source.first_line, fact.source.last_line, told.join(" "))
        })
        .collect()
}

/// The lines that an operator's notes quote, wrapped by hand inside a text.
#[test]
fn a_result_that_was_wrapped_is_read_whole() {
    let text = "TASK [install-k8s-addon-ha : check kubernetes nodes] ***\n\
        fatal: [k8s_3 -> 10.1.15.167]: FAILED! => {\"attempts\": 20, \"changed\": true, \"cmd\": \"kubectl get nodes\",\n \
        \"failed\": true, \"rc\": 0, \"stderr\": \"The connection to the server localhost:8080 was refused\",\n \
        \"stdout\": \"0\", \"stdout_lines\": [\"0\"]}\n";
    assert_eq!(
        read(text),
        [
            "2-4 host=k8s_3 delegated_to=10.1.15.167 task=check kubernetes nodes role=install-k8s-addon-ha reason=failed \
          message=The connection to the server localhost:8080 was refused exit_code=0 command=kubectl get nodes \
          stderr=The connection to the server localhost:8080 was refused attempts=20"
        ]
    );
}

#[test]
fn colours_and_the_prefix_of_log_path_do_not_matter() {
    let plain =
        "TASK [ping] ***\nfatal: [db1]: UNREACHABLE! => {\"msg\": \"no route\", \"unreachable\": true}\n...ignoring\n";
    let coloured = plain
        .replace("fatal: ", "\u{1b}[1;31mfatal: ")
        .replace("true}", "true}\u{1b}[0m")
        .replace("...", "\u{1b}[0;36m...");
    let logged: String = plain.lines().map(|line| format!("2019-01-30 17:25:03,369 p=1 u=root |  {line}\n")).collect();
    let expected = ["2-2 host=db1 task=ping reason=unreachable message=no route ignored=true"];
    let built: String = plain.lines().map(|line| format!("[2022-04-21T13:23:56.118Z] {line}\n")).collect();
    for text in [plain, &coloured, &logged, &built] {
        assert_eq!(read(text), expected);
    }
}

#[test]
fn what_only_looks_like_a_result_is_none() {
    for line in ["fatal: not a git repository", "failed: connection", "a b | FAILED! => x", "ok: [web1]"] {
        assert!(head(line).is_none(), "{line}");
    }
    for line in ["PLAYING [x]", "TASKS ***", "PLAY", "TASK list"] {
        assert!(header(line).is_none_or(|(_, inner)| inner.is_empty() && line == "PLAY"), "{line}");
    }
}
