//! Conformance: what other projects' parsers read from the same outputs, compared field by field.

use std::collections::BTreeMap;
use std::path::Path;

use bundlescope_parsers::{Document, Identity, identify};
use serde_json::Value as Json;

use crate::support::corpus::*;

type Row = BTreeMap<&'static str, String>;

/// Compares all samples of a parser of jc with the facts of a kind, field by field.
fn conforms(parser: &str, kind: &str, fields: &[&'static str], expect: impl Fn(&str, &Json) -> Vec<Row>) {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, parser) {
        let expected = expect(&name, &json);
        if !expected.is_empty() {
            let path = name.rsplit('/').next().unwrap_or(&name).replace(".out", ".txt");
            cases.push(Case { expected, found: rows(&facts(&path, &bytes, &[kind]), fields), name });
        }
    }
    compare(&format!("jc: {parser} ({kind})"), cases);
}

fn list(json: &Json) -> Vec<Json> {
    json.as_array().cloned().unwrap_or_else(|| vec![json.clone()])
}

/// A number of units as bytes.
fn bytes(json: &Json, key: &str, unit: u64) -> String {
    json[key].as_u64().map_or_else(String::new, |number| (number * unit).to_string())
}

/// A number as a fraction prints: `0` and not `0.0`.
fn number(json: &Json, key: &str) -> String {
    json[key].as_f64().map_or_else(String::new, |number| number.to_string())
}

fn first<'a>(json: &'a Json, keys: [&str; 2]) -> &'a Json {
    if json[keys[0]].is_null() { &json[keys[1]] } else { &json[keys[0]] }
}

#[test]
fn processes_of_ps() {
    let fields = ["pid", "ppid", "user", "command", "state", "cpu_percent", "rss", "virtual_size"];
    conforms("ps", "process", &fields, |_, json| {
        let row = |row: &Json| {
            BTreeMap::from([
                ("pid", text(row, "pid")),
                ("ppid", text(row, "ppid")),
                ("user", first(row, ["user", "uid"]).as_str().unwrap_or_default().to_owned()),
                ("command", first(row, ["command", "cmd"]).as_str().unwrap_or_default().to_owned()),
                ("state", text(row, "stat")),
                ("cpu_percent", if row["c"].is_null() { number(row, "cpu_percent") } else { number(row, "c") }),
                ("rss", bytes(row, "rss", 1024)),
                ("virtual_size", bytes(row, "vsz", 1024)),
            ])
        };
        list(json).iter().map(row).collect()
    });
}

#[test]
fn processes_of_genie() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("genie_linux/Ps/cli/equal");
    let bytes = std::fs::read(folder.join("golden_output_output.txt")).unwrap();
    let json: Json =
        serde_json::from_slice(&std::fs::read(folder.join("golden_output_expected.json")).unwrap()).unwrap();
    let mut expected: Rows = Vec::new();
    for (pid, row) in json["pid"].as_object().unwrap() {
        expected.push(BTreeMap::from([
            ("pid", pid.clone()),
            ("ppid", text(row, "ppid")),
            ("user", text(row, "uid")),
            ("command", text(row, "cmd")),
            ("started", text(row, "stime")),
        ]));
    }
    let mut found = rows(&facts("ps_-ef", &bytes, &["process"]), &["pid", "ppid", "user", "command", "started"]);
    let key = |row: &Row| row["pid"].parse::<u32>().unwrap();
    expected.sort_by_key(key);
    found.sort_by_key(key);
    compare("genie: ps", vec![Case { name: "genie ps".into(), expected, found }]);
}

#[test]
fn processes_and_summaries_of_top() {
    let fields = ["pid", "user", "command", "state", "cpu_percent", "memory_percent"];
    conforms("top", "process", &fields, |_, json| {
        let all = list(json).into_iter().flat_map(|sample| list(&sample["processes"]));
        all.map(|row| {
            // jc spells the states out.
            let state = match row["status"].as_str().unwrap_or_default() {
                "running" => "R",
                "sleeping" => "S",
                "idle" => "I",
                "uninterruptible sleep" => "D",
                "zombie" => "Z",
                "stopped by job control signal" => "T",
                other => other,
            };
            BTreeMap::from([
                ("pid", text(&row, "pid")),
                ("user", text(&row, "user")),
                ("command", text(&row, "command")),
                ("state", state.to_owned()),
                ("cpu_percent", number(&row, "percent_cpu")),
                ("memory_percent", number(&row, "percent_mem")),
            ])
        })
        .collect()
    });
    conforms("top", "load", &["one", "five", "fifteen"], |_, json| {
        let row = |row: &Json| {
            BTreeMap::from([
                ("one", number(row, "load_1m")),
                ("five", number(row, "load_5m")),
                ("fifteen", number(row, "load_15m")),
            ])
        };
        list(json).iter().map(row).collect()
    });
    conforms("top", "activity", &["user", "system", "idle", "io_wait", "stolen", "zombies"], |_, json| {
        let row = |row: &Json| {
            BTreeMap::from([
                ("user", number(row, "cpu_user")),
                ("system", number(row, "cpu_sys")),
                ("idle", number(row, "cpu_idle")),
                ("io_wait", number(row, "cpu_wait")),
                ("stolen", number(row, "cpu_steal")),
                ("zombies", text(row, "tasks_zombie")),
            ])
        };
        list(json).iter().map(row).collect()
    });
}

#[test]
fn processes_of_top_of_ntc() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("ntc_linux/top");
    let records = ntc_records(&std::fs::read_to_string(folder.join("linux_top.yml")).unwrap());
    let bytes = std::fs::read(folder.join("linux_top.raw")).unwrap();
    let of = |row: &BTreeMap<String, String>, key: &str| row.get(key).cloned().unwrap_or_default();
    let plain = |text: String| text.parse::<f64>().map_or(text, |number| number.to_string());
    let row = |row: &BTreeMap<String, String>| {
        BTreeMap::from([
            ("pid", of(row, "pid")),
            ("user", of(row, "username")),
            ("command", of(row, "command")),
            ("state", of(row, "status")),
            ("cpu_percent", plain(of(row, "cpu_time"))),
        ])
    };
    let found = rows(&facts("top.txt", &bytes, &["process"]), &["pid", "user", "command", "state", "cpu_percent"]);
    compare("ntc: top", vec![Case { name: "ntc top".into(), expected: records.iter().map(row).collect(), found }]);
}

#[test]
fn memory_of_free_and_meminfo() {
    let fields = ["total", "used", "free", "shared", "available", "swap_total", "swap_used", "swap_free"];
    conforms("free", "memory", &fields, |name, json| {
        // jc reads the units of `-h` as powers of 1000.
        if name.ends_with("free-h.out") {
            return Vec::new();
        }
        let (memory, swap) = (&json[0], &json[1]);
        let of = |key: &str| bytes(memory, key, 1024);
        vec![BTreeMap::from([
            ("total", of("total")),
            ("used", of("used")),
            ("free", of("free")),
            ("shared", of("shared")),
            ("available", of("available")),
            ("swap_total", bytes(swap, "total", 1024)),
            ("swap_used", bytes(swap, "used", 1024)),
            ("swap_free", bytes(swap, "free", 1024)),
        ])]
    });
    let fields = ["total", "free", "available", "buffers", "cached", "shared", "swap_total", "swap_free", "committed"];
    conforms("proc_meminfo", "memory", &fields, |_, json| {
        let of = |key: &str| bytes(json, key, 1024);
        vec![BTreeMap::from([
            ("total", of("MemTotal")),
            ("free", of("MemFree")),
            ("available", of("MemAvailable")),
            ("buffers", of("Buffers")),
            ("cached", of("Cached")),
            ("shared", of("Shmem")),
            ("swap_total", of("SwapTotal")),
            ("swap_free", of("SwapFree")),
            ("committed", of("Committed_AS")),
        ])]
    });
}

#[test]
fn loads_and_times_since_the_boot() {
    conforms("uptime", "load", &["one", "five", "fifteen"], |_, json| {
        vec![BTreeMap::from([
            ("one", number(json, "load_1m")),
            ("five", number(json, "load_5m")),
            ("fifteen", number(json, "load_15m")),
        ])]
    });
    conforms("uptime", "uptime", &["seconds", "users"], |_, json| {
        vec![BTreeMap::from([("seconds", text(json, "uptime_total_seconds")), ("users", text(json, "users"))])]
    });
    conforms("proc_loadavg", "load", &["one", "five", "fifteen", "running", "tasks"], |_, json| {
        vec![BTreeMap::from([
            ("one", number(json, "load_1m")),
            ("five", number(json, "load_5m")),
            ("fifteen", number(json, "load_15m")),
            ("running", text(json, "running")),
            ("tasks", text(json, "available")),
        ])]
    });
    conforms("proc_uptime", "uptime", &["seconds"], |_, json| {
        vec![BTreeMap::from([("seconds", json["up_time"].as_f64().unwrap().trunc().to_string())])]
    });
}

#[test]
fn open_files() {
    let fields = ["command", "pid", "thread", "user", "file_type", "node", "name"];
    conforms("lsof", "open_file", &fields, |_, json| {
        let row = |row: &Json| {
            let mut fields = BTreeMap::from([
                ("command", text(row, "command")),
                ("pid", text(row, "pid")),
                ("thread", text(row, "tid")),
                ("user", text(row, "user")),
                ("file_type", text(row, "type")),
                ("node", text(row, "node")),
                ("name", text(row, "name")),
            ]);
            // Protocols of sockets, which stand below NODE, are no numbers and are lost there.
            fields.retain(|field, value| *field != "node" || !value.is_empty());
            fields
        };
        list(json).iter().map(row).collect()
    });
}

#[test]
fn activity_of_vmstat() {
    let fields =
        ["runnable", "blocked", "swap_used", "free", "swap_in", "blocks_out", "user", "idle", "io_wait", "stolen"];
    conforms("vmstat", "activity", &fields, |_, json| {
        let row = |row: &Json| {
            BTreeMap::from([
                ("runnable", text(row, "runnable_procs")),
                ("blocked", text(row, "uninterruptible_sleeping_procs")),
                ("swap_used", bytes(row, "virtual_mem_used", 1024)),
                ("free", bytes(row, "free_mem", 1024)),
                ("swap_in", bytes(row, "swap_in", 1024)),
                ("blocks_out", text(row, "blocks_out")),
                ("user", number(row, "user_time")),
                ("idle", number(row, "idle_time")),
                ("io_wait", number(row, "io_wait_time")),
                ("stolen", number(row, "stolen_time")),
            ])
        };
        // The disks of `-d` are not read.
        list(json).iter().filter(|row| row["disk"].is_null()).map(row).collect()
    });
}

#[test]
fn kernels() {
    conforms("uname", "kernel", &["release", "version", "machine"], |_, json| {
        vec![BTreeMap::from([
            ("release", text(json, "kernel_release")),
            ("version", text(json, "kernel_version")),
            ("machine", text(json, "machine")),
        ])]
    });
    conforms("proc_version", "kernel", &["release"], |_, json| {
        vec![BTreeMap::from([("release", text(json, "version"))])]
    });
}

#[test]
fn mounts() {
    let fields = ["source", "target", "fs_type", "options"];
    let row = |source: &'static str, target: &'static str, fs_type: &'static str| {
        move |row: &Json| {
            BTreeMap::from([
                ("source", text(row, source)),
                ("target", text(row, target)),
                ("fs_type", text(row, fs_type)),
                ("options", text(row, "options")),
            ])
        }
    };
    conforms("mount", "mount", &fields, |name, json| {
        // A list of macOS among the generic ones.
        let foreign = name.ends_with("mount-parens-in-filesystem.out");
        if foreign { Vec::new() } else { list(json).iter().map(row("filesystem", "mount_point", "type")).collect() }
    });
    conforms("findmnt", "mount", &fields[..3], |_, json| {
        let mut rows: Vec<Row> = list(json).iter().map(row("source", "target", "fstype")).collect();
        for row in &mut rows {
            row.remove("options");
            // The directory that a bind mount shows is no part of the source.
            let source = row["source"].split('[').next().unwrap_or_default().to_owned();
            row.insert("source", source);
        }
        rows
    });
    conforms("proc_pid_mountinfo", "mount", &["source", "target", "fs_type"], |_, json| {
        let row = |row: &Json| {
            BTreeMap::from([
                ("source", text(row, "mount_source")),
                ("target", text(row, "mount_point")),
                ("fs_type", text(row, "fs_type")),
            ])
        };
        list(json).iter().map(row).collect()
    });
}

#[test]
fn modules() {
    let by = |row: &Json| {
        row["used_by"]
            .as_array()
            .map(|names| names.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" "))
            .unwrap_or_else(|| {
                row["by"]
                    .as_array()
                    .map(|names| names.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" "))
                    .unwrap_or_default()
            })
    };
    for parser in ["lsmod", "proc_modules"] {
        conforms(parser, "kernel_module", &["name", "size", "uses", "used_by"], |_, json| {
            let row = |row: &Json| {
                BTreeMap::from([
                    ("name", text(row, "module")),
                    ("size", text(row, "size")),
                    ("uses", text(row, "used")),
                    ("used_by", by(row)),
                ])
            };
            list(json).iter().map(row).collect()
        });
    }
}

#[test]
fn block_devices() {
    let fields = ["name", "device_type", "size", "read_only", "mounts"];
    conforms("lsblk", "block_device", &fields, |_, json| {
        let row = |row: &Json| {
            BTreeMap::from([
                ("name", text(row, "name")),
                ("device_type", text(row, "type")),
                ("size", text(row, "size_bytes")),
                ("read_only", text(row, "ro")),
                ("mounts", text(row, "mountpoint")),
            ])
        };
        list(json).iter().map(row).collect()
    });
}

#[test]
fn processors() {
    conforms("proc_cpuinfo", "cpu", &["model", "vendor", "count"], |_, json| {
        let all = list(json);
        vec![BTreeMap::from([
            ("model", text(&all[0], "model name")),
            ("vendor", text(&all[0], "vendor_id")),
            ("count", all.len().to_string()),
        ])]
    });
}

/// Every file of /proc in node_exporter's fixtures that is of a format of this family is read without a problem.
#[test]
fn proc_of_node_exporter() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("node_exporter_proc");
    let mut read = Vec::new();
    for (file, kind) in [
        ("meminfo", "memory"),
        ("loadavg", "load"),
        ("mounts", "mount"),
        ("cpuinfo", "cpu"),
        ("1/mountinfo", "mount"),
        ("1/limits", "limit"),
    ] {
        let path = Path::new("proc").join(file);
        let Ok(bytes) = std::fs::read(folder.join(&path)) else { continue };
        let path = path.to_string_lossy().into_owned();
        let Identity::Format(format) = identify(&path, &bytes).identity else { panic!("{path} is not recognised") };
        let parsed = format.read(&Document::new(path.as_str(), &bytes));
        assert_eq!(parsed.problems, [], "{path}");
        assert!(parsed.facts.iter().all(|fact| fact.kind() == kind) && !parsed.facts.is_empty(), "{path}");
        read.push(file);
    }
    assert!(read.len() >= 4, "{read:?}");
}
