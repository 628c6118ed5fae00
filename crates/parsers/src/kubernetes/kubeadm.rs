//! `kubeadm init`, `join` and `upgrade` (kubeadm 1.10 to 1.33): its checks before it starts, and the phase that failed;
//! `kubeadm certs check-expiration` (`kubeadm alpha certs` before 1.20): the certificates and which of them have expired.

use bundlescope_facts::CheckResult;

use crate::format::Format;
use crate::table::Table;
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
                || is_certificates(line)
        };
        sure(lines.any(begins), hint)
    },
    parse,
};

/// The titles of a table of certificates.
fn is_certificates(line: &str) -> bool {
    line.starts_with("CERTIFICATE") && line.contains(" EXPIRES ") && line.contains("RESIDUAL TIME")
}

/// `apiserver   Apr 26, 2022 08:39 UTC   <invalid>   ca   no`: kubeadm writes `<invalid>` for a time that has passed.
fn certificates(document: &Document<'_>, parsed: &mut Parsed) {
    let mut titles: Option<Table> = None;
    for line in document.lines() {
        if is_certificates(line.text) {
            titles = Some(Table::titles(line.text));
            continue;
        }
        let Some(table) = &titles else { continue };
        if line.text.trim().is_empty() {
            titles = None;
            continue;
        }
        // A certificate that is not there has no times: `!MISSING! apiserver`.
        let (name, outcome, message) = match line.text.strip_prefix("!MISSING! ") {
            Some(name) => (name.trim().to_owned(), "fail", "is missing".to_owned()),
            None => {
                let Some(row) = table.row(line.text, &[]) else {
                    parsed.problem(document, line.number, "not a row under the titles above");
                    continue;
                };
                let name = if row.get("CERTIFICATE").is_empty() {
                    row.get("CERTIFICATE AUTHORITY")
                } else {
                    row.get("CERTIFICATE")
                };
                let over = row.get("RESIDUAL TIME").starts_with('<');
                (name.to_owned(), if over { "fail" } else { "pass" }, row.get("EXPIRES").to_owned())
            }
        };
        let data = CheckResult {
            name: name.into(),
            outcome: outcome.into(),
            message: Some(message.into()),
            check: "kubeadm-certs".into(),
        };
        parsed.line_fact(document, line, data);
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    certificates(document, &mut parsed);
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
        if let Some(message) = text.strip_prefix("[discovery] ").filter(|message| message.starts_with("Failed ")) {
            push(line, "discovery", "fail", message);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_and_their_times() {
        let text = "[check-expiration] Reading configuration from the cluster...\n\n\
CERTIFICATE                EXPIRES                  RESIDUAL TIME   CERTIFICATE AUTHORITY   EXTERNALLY MANAGED\n\
admin.conf                 Apr 26, 2022 08:39 UTC   <invalid>                               no      \n\
apiserver                  Apr 26, 2023 08:39 UTC   285d            ca                      no      \n\
!MISSING! etcd-server\n\n\
CERTIFICATE AUTHORITY   EXPIRES                  RESIDUAL TIME   EXTERNALLY MANAGED\n\
ca                      Apr 24, 2031 08:39 UTC   8y              no      \n";
        let parsed = KUBEADM.read(&Document::new("certs.txt", text.as_bytes()));
        assert_eq!(parsed.problems, []);
        let found: Vec<_> = parsed
            .facts
            .iter()
            .map(|fact| ["name", "outcome", "message"].map(|field| fact.get(field).to_string()).join("|"))
            .collect();
        assert_eq!(
            found,
            [
                "admin.conf|fail|Apr 26, 2022 08:39 UTC",
                "apiserver|pass|Apr 26, 2023 08:39 UTC",
                "etcd-server|fail|is missing",
                "ca|pass|Apr 24, 2031 08:39 UTC",
            ]
        );
    }
}
