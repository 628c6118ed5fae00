//! `bundlescope ports`: which ports do the containers use, and what lets them?

use std::fmt::Write;
use std::process::ExitCode;

use bundlescope_analysis::{
    Comparison, Decider, Declared, Difference, HostPorts, PortReport, Requirements, Seen, Use, compare, ports,
};
use bundlescope_report::{Redactor, escape_active, plain_line};
use serde_json::{Value, json};

use crate::args::{Ports, PortsFormat};
use crate::{Failure, packs, print, progress};

/// The list of requirements is read up to this many bytes.
const MOST_BYTES: u64 = 1 << 20;

pub(crate) fn run(args: &Ports) -> Result<ExitCode, Failure> {
    let requirements = args.requirements.as_deref().map(requirements).transpose()?;
    let rules = packs::load_for(&args.reading)?;
    let loaded = progress::load(&args.bundle, &rules, &args.reading).map_err(Failure::unreadable)?;
    let report = ports(&loaded);
    let comparison = requirements.map(|requirements| compare(&report, &requirements));
    let out = match args.format {
        PortsFormat::Json => render_json(&report, comparison.as_ref()),
        PortsFormat::Text => Page { out: String::new(), markdown: false }.render(&report, comparison.as_ref()),
        PortsFormat::Markdown => Page { out: String::new(), markdown: true }.render(&report, comparison.as_ref()),
    };
    // Neither form has a text that spans lines.
    print(&if args.reading.no_redact { out } else { Redactor::default().mask(&out) })?;
    Ok(ExitCode::SUCCESS)
}

fn requirements(path: &std::path::Path) -> Result<Requirements, Failure> {
    let problem = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("{}: cannot read the requirements: {error}", path.display()))
    };
    let size = std::fs::metadata(path).map_err(|error| problem(&error))?.len();
    if size > MOST_BYTES {
        return Err(problem(&format!("{size} bytes are more than a list of requirements has")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| problem(&error))?;
    let requirements = Requirements::parse(&text);
    if requirements.is_empty() {
        let expected =
            "no line declares a port; expected lines such as `- internal communication on ports 5432 and 6379`";
        return Err(problem(&expected));
    }
    Ok(requirements)
}

fn render_json(report: &PortReport, comparison: Option<&Comparison>) -> String {
    let mut value = json!({ "format": 1, "hosts": report.hosts });
    if let (Value::Object(map), Some(comparison)) = (&mut value, comparison) {
        map.insert("comparison".to_owned(), json!(comparison));
    }
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    escape_active(&text) + "\n"
}

/// Text or Markdown; both are lists, and differ in what has to be escaped and how commands stand out.
struct Page {
    out: String,
    markdown: bool,
}

impl Page {
    fn render(mut self, report: &PortReport, comparison: Option<&Comparison>) -> String {
        if report.hosts.is_empty() {
            self.line("No container is in the bundle.");
        }
        for host in &report.hosts {
            self.host(host);
        }
        if let Some(comparison) = comparison {
            self.heading("Compared with the declared list");
            self.differences("Used, and not declared", &comparison.undeclared, "everything that is used is declared");
            self.differences(
                "Declared, and not used in this bundle",
                &comparison.missing,
                "everything that is declared is used",
            );
            self.differences("Used, and stopped on this host", &comparison.blocked, "nothing is stopped");
        }
        self.out
    }

    fn host(&mut self, host: &HostPorts) {
        let name = if host.host.is_empty() { "the host" } else { &host.host };
        self.heading(&format!("Ports of {name}"));
        self.line("For the installation requirements:");
        self.blank();
        if host.requirements.is_empty() {
            self.line("No port is used, as far as the bundle tells.");
        }
        for bullet in &host.requirements {
            self.item(0, bullet);
        }
        self.blank();
        if !host.inbound.is_empty() {
            self.title("Open to others");
            for published in &host.inbound {
                let addresses: Vec<String> = published.addresses.iter().map(ToString::to_string).collect();
                self.item(
                    0,
                    &format!(
                        "{}/{} on {}: {} port {}",
                        published.port,
                        published.proto,
                        addresses.join(", "),
                        published.container,
                        published.container_port
                    ),
                );
                self.sightings(&published.seen);
                self.stopped(&published.verdict, published.blocked_by.as_ref());
            }
            self.blank();
        }
        self.uses("Used on the server", &host.internal);
        self.uses("Used outside", &host.outbound);
        if !host.rules.is_empty() {
            self.title("The tightest firewall rules that let the internal ports pass");
            let proved = host.rules.iter().all(|rule| rule.proved);
            for rule in &host.rules {
                let mark = if rule.proved { "" } else { " (not proved)" };
                self.item(0, &format!("{}{mark}", rule.reason));
                self.command(&rule.command);
            }
            self.blank();
            if proved {
                self.line("Proved: on this host, made to deny what comes from its bridges, every use passes with them and none without.");
            } else {
                self.line("Rules marked \"not proved\" could not be simulated with what the bundle holds, or something else stops the use.");
            }
            self.blank();
        }
    }

    fn uses(&mut self, title: &str, uses: &[Use]) {
        if uses.is_empty() {
            return;
        }
        self.title(title);
        for used in uses {
            let service = used.service.as_ref().map(|service| format!(", {service}")).unwrap_or_default();
            let address = used.address.filter(|address| address.to_string() != *used.to);
            let address = address.map(|address| format!(" ({address})")).unwrap_or_default();
            self.item(0, &format!("{} to {}{address} port {}/{}{service}", used.from, used.to, used.port, used.proto));
            self.sightings(&used.seen);
            self.stopped(&used.verdict, used.blocked_by.as_ref());
        }
        self.blank();
    }

    fn sightings(&mut self, seen: &[Seen]) {
        let places: Vec<String> =
            seen.iter().map(|seen| format!("{} ({}:{})", seen.how, seen.document, seen.line)).collect();
        self.item(1, &format!("seen in {}", places.join(", ")));
    }

    fn stopped(&mut self, verdict: &str, by: Option<&Decider>) {
        if let Some(by) = by {
            let place = match (&by.document, by.line) {
                (Some(document), Some(line)) => format!(" ({document}:{line})"),
                _ => String::new(),
            };
            self.item(1, &format!("now {verdict}: {}{place}", by.text));
        }
    }

    fn differences(&mut self, title: &str, list: &[Difference], none: &str) {
        self.title(title);
        if list.is_empty() {
            self.item(0, none);
        }
        for difference in list {
            let direction = match difference.direction {
                Declared::Inbound => "inbound",
                Declared::Internal => "internal",
                Declared::Outbound => "outbound",
            };
            let line = difference.declared_on.map(|line| format!(", line {line} of the list")).unwrap_or_default();
            let who = if difference.used_by.is_empty() {
                String::new()
            } else {
                format!(": {}", difference.used_by.join(", "))
            };
            self.item(0, &format!("{direction} {}/{}{line}{who}", difference.port, difference.proto));
            for by in &difference.blocked_by {
                self.item(1, &format!("stopped by {by}"));
            }
        }
        self.blank();
    }

    fn heading(&mut self, text: &str) {
        let text = self.safe(text);
        let _ = if self.markdown {
            writeln!(self.out, "## {text}\n")
        } else {
            writeln!(self.out, "{text}\n{}\n", "=".repeat(text.chars().count()))
        };
    }

    fn title(&mut self, text: &str) {
        let text = self.safe(text);
        let _ = if self.markdown { writeln!(self.out, "### {text}\n") } else { writeln!(self.out, "{text}:\n") };
    }

    fn item(&mut self, depth: usize, text: &str) {
        let text = self.safe(text);
        let _ = writeln!(self.out, "{}- {text}", "  ".repeat(depth));
    }

    fn command(&mut self, text: &str) {
        let text = plain_line(text);
        let _ = if self.markdown {
            // Names of interfaces come from the bundle; a fence holds everything but a longer fence.
            writeln!(self.out, "\n  ```sh\n  {}\n  ```\n", text.replace('`', "'"))
        } else {
            writeln!(self.out, "  {text}")
        };
    }

    fn line(&mut self, text: &str) {
        let text = self.safe(text);
        let _ = writeln!(self.out, "{text}");
    }

    fn blank(&mut self) {
        if !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Text from the bundle, so that it acts neither in a terminal nor as Markdown.
    fn safe(&self, text: &str) -> String {
        let plain = plain_line(text);
        if !self.markdown {
            return plain;
        }
        let mut safe = String::with_capacity(plain.len());
        for sign in plain.chars() {
            if "\\`*_[]<>|#!&~".contains(sign) {
                safe.push('\\');
            }
            safe.push(sign);
        }
        safe
    }
}
