//! Tables of helm 2 to 4 beside those of releases: `helm repo list`, `helm dependency list` and `helm search`.

use bundlescope_facts::{HelmChart, HelmDependency, HelmRepository, Text};

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

/// `helm search repo`, `helm search hub`, and `helm search` of helm 2.
pub(super) static CHARTS: Format = Format {
    name: "helm-search",
    collect: "helm search repo",
    kinds: &["helm_chart"],
    detect: |hint| {
        let first = hint.head.lines().find(|line| !line.trim().is_empty());
        sure(first.and_then(chart_titles).is_some(), hint)
    },
    parse: parse_charts,
};

/// The titles of `helm search`. A copy may have lost its tabs.
fn chart_titles(line: &str) -> Option<Vec<&str>> {
    let titles = chart_cells(line);
    let version = matches!(titles.get(1), Some(&("CHART VERSION" | "VERSION")));
    let named = matches!(titles.first(), Some(&("NAME" | "URL")));
    (named && version && titles.last() == Some(&"DESCRIPTION")).then_some(titles)
}

fn chart_cells(line: &str) -> Vec<&str> {
    if line.contains('\t') {
        return cells(line);
    }
    line.trim_end().split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

fn parse_charts(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut titles: Vec<&str> = Vec::new();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(found) = chart_titles(line.text) {
            titles = found;
            continue;
        }
        let row = chart_cells(line.text);
        let cell = |names: &[&str]| {
            let at = titles.iter().position(|title| names.contains(title))?;
            // Without tabs an empty version of the application cannot be told from the description.
            row.get(at).filter(|_| row.len() == titles.len()).and_then(|cell| filled(cell))
        };
        match row.first().and_then(|name| filled(name)).filter(|_| row.len() > 1 && row.len() <= titles.len()) {
            Some(name) => {
                let chart = HelmChart {
                    name,
                    version: row.get(1).and_then(|cell| filled(cell)),
                    app_version: cell(&["APP VERSION"]),
                    description: cell(&["DESCRIPTION"]),
                };
                parsed.line_fact(document, line, chart);
            }
            None => parsed.problem(document, line.number, "expected a chart with its version; line skipped"),
        }
    }
    parsed
}

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

    /// Derived from helm's own golden file `search-multiple-stable-release.txt`, and from helm 2.
    #[test]
    fn charts_are_found_with_and_without_tabs() {
        let (name, facts, problems) = read(
            "NAME          \tCHART VERSION\tAPP VERSION\tDESCRIPTION                    \n\
             testing/alpine\t0.2.0        \t2.3.4      \tDeploy a basic Alpine Linux pod\n\
             cut off\n",
        );
        assert_eq!((name, problems), ("helm-search", 1));
        assert_eq!(facts, ["testing/alpine|0.2.0|2.3.4|Deploy a basic Alpine Linux pod"]);
        let (_, facts, problems) = read(
            "NAME     CHART VERSION   APP VERSION     DESCRIPTION\na/b      1.0.0                           Helm chart\n",
        );
        assert_eq!((facts, problems), (vec!["a/b|1.0.0||".to_owned()], 0));
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
