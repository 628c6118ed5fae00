//! What the host collectors of troubleshoot.sh (0.9 to 0.133) write of a host as JSON: `host-collectors/system/*.json`,
//! `host-collectors/diskUsage/*.json` and `host-collectors/dns/results.json`; and `dns/debug.json` of the collector `dns`. The shapes are those of its Go structs; a file's name can be chosen in the specification,
//! so the members tell what it is.

use bundlescope_facts::{
    BlockDevice, ClockSync, Cpu, Data, Fact, FileSystem, Hostname, Interface, Kernel, KernelModule, LookupOutcome,
    Memory, NameLookup, OsRelease, Text,
};

use crate::Parsed;
use crate::format::{Format, Match};
use crate::json::{self, Fields, Node};

use super::named;

/// The format of all of them.
pub(super) static HOST: Format = Format {
    name: "troubleshoot-host",
    collect: "kubectl support-bundle",
    kinds: &[
        "cpu",
        "memory",
        "clock_sync",
        "kernel",
        "hostname",
        "os_release",
        "filesystem",
        "block_device",
        "kernel_module",
        "interface",
        "name_lookup",
    ],
    detect: |hint| {
        if !hint.head.trim_start().starts_with(['{', '[']) || !hint.path.ends_with(".json") {
            return Match::No;
        }
        let Some(record) = json::first_record(hint.head) else { return Match::No };
        let within = |folder: &str| hint.path.split('/').any(|part| part == folder);
        match Of::told_by(&record) {
            // So little may be of anything.
            Some(Of::Memory) if !within("system") => Match::No,
            Some(Of::Disk) if !within("diskUsage") => Match::No,
            // An object of names and texts may be anything.
            Some(Of::Lookups) if !(within("dns") && within("host-collectors")) => Match::No,
            found => named(found.is_some(), within("host-collectors")),
        }
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        json::read(document, &mut parsed, |record, parsed| {
            let of = record.node().and_then(Of::told_by);
            if let Some(of) = of {
                of.read(record, &document.path, parsed);
            }
        });
        parsed
    },
};

/// Which collector wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Cpu,
    Memory,
    Time,
    System,
    Disk,
    Device,
    Modules,
    Interface,
    DnsDebug,
    Lookups,
}

impl Of {
    fn told_by(record: &Node<'_>) -> Option<Self> {
        let all = |keys: &[&str]| keys.iter().all(|key| record.has(key));
        let only = |key: &str| record.has(key) && record.members().len() == 1;
        let module = |node: &Node<'_>| node.has("instances") && node.has("status");
        if all(&["logicalCount", "physicalCount"]) {
            Some(Self::Cpu)
        } else if only("total") {
            Some(Self::Memory)
        } else if all(&["ntp_synchronized", "ntp_active"]) {
            Some(Self::Time)
        } else if all(&["kernelVersion", "platformVersion", "platform"]) {
            Some(Self::System)
        } else if all(&["total_bytes", "used_bytes"]) {
            Some(Self::Disk)
        } else if all(&["kernel_name", "parent_kernel_name", "filesystem_type"]) {
            Some(Self::Device)
        } else if record.members().first().is_some_and(|member| module(&member.value)) {
            Some(Self::Modules)
        } else if all(&["Index", "MTU", "Name", "HardwareAddr", "Flags"]) {
            Some(Self::Interface)
        } else if all(&["kubernetesClusterIP", "podResolvConf", "query"]) {
            Some(Self::DnsDebug)
        } else if !record.members().is_empty()
            && record.members().iter().all(|member| matches!(member.value.value, json::Value::Text(_)))
        {
            Some(Self::Lookups)
        } else {
            None
        }
    }

    fn read(self, record: Fields<'_, '_>, path: &str, parsed: &mut Parsed) {
        let mut push = |data: Data| parsed.facts.push(Fact { data, ..Fact::new(record.source(), Hostname::default()) });
        let text = |key: &str| record.text(key).filter(|text| !text.is_empty());
        match self {
            Self::Cpu => push(Data::from(Cpu {
                count: record.int("logicalCount"),
                architecture: text("machineArch"),
                ..Cpu::default()
            })),
            Self::Memory => push(Data::from(Memory { total: record.int("total"), ..Memory::default() })),
            Self::Time => push(Data::from(ClockSync {
                source: "troubleshoot".into(),
                synchronized: record.bool("ntp_synchronized"),
                service_active: record.bool("ntp_active"),
                ..ClockSync::default()
            })),
            Self::System => {
                push(Data::from(Kernel { release: text("kernelVersion"), ..Kernel::default() }));
                if let Some(name) = text("name") {
                    push(Data::from(Hostname { name }));
                }
                if let Some(id) = text("platform") {
                    push(Data::from(OsRelease { id, version: text("platformVersion"), ..OsRelease::default() }));
                }
            }
            Self::Disk => {
                // The path that was asked for stands in the specification alone; the file is named after the collector.
                let name = path.rsplit('/').next().and_then(|file| file.strip_suffix(".json")).unwrap_or_default();
                let (size, used) = (record.int("total_bytes"), record.int("used_bytes"));
                push(Data::from(FileSystem {
                    source: Text::from(name),
                    size,
                    used,
                    used_percent: size.zip(used).and_then(|(size, used)| percent(used, size)),
                    ..FileSystem::default()
                }));
            }
            Self::Device => push(Data::from(BlockDevice {
                name: text("name").unwrap_or_default(),
                device_type: text("type"),
                parent: text("parent_kernel_name"),
                size: record.int("size"),
                read_only: record.bool("read_only"),
                fs_type: text("filesystem_type"),
                mounts: text("mountpoint").into_iter().collect(),
                ..BlockDevice::default()
            })),
            // Interfaces that are up and have an IPv4 address, as Go's net.Interface.
            Self::Interface => {
                if let Some(name) = text("Name") {
                    push(Data::from(Interface {
                        name,
                        index: record.int("Index"),
                        mtu: record.int("MTU"),
                        up: true,
                        ..Interface::default()
                    }));
                }
            }
            Self::DnsDebug => {
                for (_, query) in record.get("query").entries() {
                    if let Some(name) = query.text("name").filter(|name| !name.is_empty()) {
                        let answers: Vec<Text> =
                            query.text("address").filter(|answer| !answer.is_empty()).into_iter().collect();
                        parsed.facts.push(Fact::new(query.source(), lookup(name, None, answers)));
                    }
                }
            }
            // The first record of the answer as the master file format writes it, or nothing.
            Self::Lookups => {
                for (name, answer) in record.entries() {
                    let words: Vec<&str> = answer.str().unwrap_or_default().split_ascii_whitespace().collect();
                    let (kind, answers) = match words[..] {
                        [_, _, "IN", kind, value, ..] => (Some(kind.into()), vec![value.trim_end_matches('.').into()]),
                        _ => (None, Vec::new()),
                    };
                    parsed.facts.push(Fact::new(answer.source(), lookup(name.into(), kind, answers)));
                }
            }
            Self::Modules => {
                for (name, module) in record.entries() {
                    // What could be loaded is not.
                    let state = match module.word("status") {
                        "loaded" => "Live",
                        "loading" => "Loading",
                        "unloading" => "Unloading",
                        _ => continue,
                    };
                    let data = KernelModule {
                        name: name.into(),
                        size: module.int("size").unwrap_or_default(),
                        uses: module.int("instances").unwrap_or_default(),
                        state: Some(state.into()),
                        ..KernelModule::default()
                    };
                    parsed.facts.push(Fact::new(module.source(), data));
                }
            }
        }
    }
}

/// What was answered to a question of the collector; it does not tell why nothing was.
fn lookup(name: Text, record_type: Option<Text>, answers: Vec<Text>) -> NameLookup {
    let outcome = if answers.is_empty() { LookupOutcome::Other } else { LookupOutcome::Answered };
    NameLookup { tool: "troubleshoot".into(), name, record_type, outcome, answers, ..NameLookup::default() }
}

/// As `df` rounds it: up.
fn percent(used: u64, size: u64) -> Option<u64> {
    let (used, size) = (u128::from(used) * 100, u128::from(size));
    (size > 0).then(|| u64::try_from(used.div_ceil(size)).unwrap_or(u64::MAX))
}
