use super::*;

fn read(text: &str) -> Vec<String> {
    let parsed = parse(&Document::new("up.txt", text.as_bytes()));
    let told = |fact: &bundlescope_facts::Fact| {
        let of = |field: &str| fact.get(field).to_string();
        let fields = ["reason", "service", "container", "object", "address", "port"].map(of).join(" ");
        format!("{} {fields}", fact.source.first_line).trim_end().to_owned()
    };
    parsed.facts.iter().map(told).collect()
}

/// Reports to Docker's trackers: compose issues 4126, 11125, 3277 and moby issue 28180.
#[test]
fn what_both_versions_of_compose_say() {
    let text = "Starting ltg_db_1\n\n\
        ERROR: for db  Cannot start service db: driver failed programming external connectivity on endpoint ltg_db_1 \
        (ecc3bf3036508fade24ffa4d6bc3e5fee0180073c5351667c471922a10fad60f): Error starting userland proxy: Bind for 0.0.0.0:27017 \
        failed: port is already allocated\nERROR: Encountered errors while bringing up the project.\n";
    assert_eq!(read(text), ["3 port_in_use db ltg_db_1  0.0.0.0 27017"]);
    let text = " Container hrm_database  Creating\n Container hrm_database  Error\ndependency failed to start: container hrm_database exited (0)\n";
    assert_eq!(read(text), ["3 exited  hrm_database"]);
    assert_eq!(read("dependency failed to start: container ticky-db is unhealthy\n"), ["1 unhealthy  ticky-db"]);
}

/// What an operator's notes quote.
#[test]
fn a_container_in_the_network_of_one_that_does_not_run() {
    let text = "Error response from daemon: Cannot restart container f9cd281b68d2: cannot join network of a non running container: 8a4092ea2176\n";
    assert_eq!(read(text), ["1 not_running  f9cd281b68d2 8a4092ea2176"]);
}

#[test]
fn progress_and_other_programs_errors_are_no_failures() {
    let text = " Container web  Started\nCreating shop_web_1 ... done\nError: something of a program\nweb_1 | error response\n";
    assert_eq!(read(text), [""; 0]);
}
