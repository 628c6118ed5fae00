//! `kubeadm init`, `join` and `upgrade` (kubeadm 1.10 to 1.33): its checks before it starts, and the phase that failed.

use bundlescope_facts::CheckResult;

use crate::format::Format;
use crate::{Document, Line, Parsed};

use super::sure;

/// What kubeadm prints.
pub(super) static KUBEADM: Format = Format {
    name: "kubeadm",
    collect: "kubeadm init phase preflight",
    kinds: &["check_result"],
    detect: |hint| {
        let mut lines = hint.head.lines().map(|line| line.trim_start());
        let begins = |line: &str| {
            line.starts_with("[preflight] ")
                || line.starts_with("error execution phase ")
                || line.starts_with("[ERROR ") && line.contains("]: ")
                || line.starts_with("[init] Using Kubernetes version")
        };
        sure(lines.any(begins), hint)
    },
    parse,
};

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut push = |line: Line<'_>, name: &str, outcome: &str, message: &str| {
        let data = CheckResult {
            name: name.into(),
            outcome: outcome.into(),
            message: Some(message.trim().into()),
            check: "kubeadm".into(),
        };
        parsed.line_fact(document, line, data);
    };
    for line in document.lines() {
        let text = line.text.trim();
        // `[ERROR Port-10250]: Port 10250 is in use`
        for (start, outcome) in [("[ERROR ", "fail"), ("[WARNING ", "warn")] {
            if let Some((name, message)) = text.strip_prefix(start).and_then(|rest| rest.split_once("]: ")) {
                push(line, name, outcome, message);
            }
        }
        let text = text.strip_prefix("error: ").unwrap_or(text);
        if let Some((phase, message)) =
            text.strip_prefix("error execution phase ").and_then(|rest| rest.split_once(": "))
        {
            push(line, phase, "fail", message);
        } else if let Some(message) = text
            .strip_prefix("[kubelet-check] ")
            .filter(|message| message.contains("failed") || message.contains("isn't running"))
        {
            push(line, "kubelet-check", "fail", message);
        }
    }
    parsed
}
