//! Tables of helm 3 and 4 beside those of releases: `helm repo list` and `helm dependency list`.

use bundlescope_facts::{HelmDependency, HelmRepository, Text};

use crate::format::{Format, Hint, Match};
use crate::{Document, Parsed};

use super::sure;

/// `helm repo list`.
pub(super) static REPOSITORIES: Format = Format {
    name: "helm-repo-list",
    collect: "helm repo list",
    kinds: &["helm_repository"],
    detect: |hint| detect(hint, &["NAME", "URL"]),
    parse: parse_repositories,
};

/// `helm dependency list`.
pub(super) static DEPENDENCIES: Format = Format {
    name: "helm-dependency-list",
    collect: "helm dependency list CHART",
    kinds: &["helm_dependency"],
    detect: |hint| detect(hint, &["NAME", "VERSION", "REPOSITORY", "STATUS"]),
    parse: parse_dependencies,
};

/// The cells of a row: helm pads them with blanks and puts a tab behind each.
fn cells(line: &str) -> Vec<&str> {
    line.split('\t').map(str::trim).collect()
}

fn detect(hint: &Hint<'_>, titles: &[&str]) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    sure(lines.next().is_some_and(|line| line.contains('\t') && cells(line) == titles), hint)
}

/// Rows below the titles; `read` tells a row that does not fit.
fn rows<T: Into<bundlescope_facts::Data>>(
    document: &Document<'_>,
    expected: &str,
    read: impl Fn(&[&str]) -> Option<T>,
) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()).skip(1) {
        match read(&cells(line.text)) {
            Some(found) => parsed.line_fact(document, line, found),
            // A chart in the folder that Chart.yaml does not name, or what helm has to say of permissions.
            None if line.text.starts_with("WARNING: ") => {}
            None => parsed.problem(document, line.number, format!("expected {expected}; line skipped")),
        }
    }
    parsed
}

fn filled(cell: &str) -> Option<Text> {
    (!cell.is_empty()).then(|| cell.into())
}

fn parse_repositories(document: &Document<'_>) -> Parsed {
    rows(document, "a repository and its address", |row| match row {
        [name, url] => Some(HelmRepository { name: filled(name)?, url: filled(url)? }),
        _ => None,
    })
}

fn parse_dependencies(document: &Document<'_>) -> Parsed {
    rows(document, "a chart with its version, repository and status", |row| match row {
        [name, version, repository, status] => Some(HelmDependency {
            name: filled(name)?,
            version: filled(version),
            repository: filled(repository),
            status: filled(status)?,
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, identify};

    fn read(text: &str) -> (&'static str, Vec<String>, usize) {
        let Identity::Format(format) = identify("document", text.as_bytes()).identity else { return ("", vec![], 0) };
        let parsed = format.read(&Document::new("document", text.as_bytes()));
        let facts = parsed.facts.iter().map(|fact| {
            let fields = fact.data.spec().map_or(&[][..], |spec| spec.fields);
            fields.iter().map(|field| fact.data.get(field.name).to_string()).collect::<Vec<_>>().join("|")
        });
        (format.name, facts.collect(), parsed.problems.len())
    }

    /// Derived from helm's own golden files `repo-list.txt` and `dependency-list.txt`.
    #[test]
    fn tables_are_read_by_their_tabs() {
        let (name, facts, problems) =
            read("NAME         \tURL                          \ncharts       \thttps://charts.helm.sh/stable\n");
        assert_eq!((name, problems), ("helm-repo-list", 0));
        assert_eq!(facts, ["charts|https://charts.helm.sh/stable"]);
        let (name, facts, problems) = read(
            "NAME        \tVERSION\tREPOSITORY                \tSTATUS  \n\
             reqsubchart \t0.1.0  \thttps://example.com/charts\tunpacked\n\
             reqsubchart3\t>=0.1.0\t                          \tmissing \n\
             cut off\n\
             WARNING: no dependencies at charts/alpine\n",
        );
        assert_eq!((name, problems), ("helm-dependency-list", 1));
        assert_eq!(facts, ["reqsubchart|0.1.0|https://example.com/charts|unpacked", "reqsubchart3|>=0.1.0||missing"]);
    }
}
