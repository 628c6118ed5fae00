//! yum, dnf and zypper.

use bundlescope_facts::{PackageFailure, PackageFailureReason as Reason, Text};

use super::{failed, fetch_reason, host, quoted, url};

pub(super) fn failure(text: &str, next: Option<&str>) -> Option<PackageFailure> {
    let line = text.trim();
    fetch(line, next).or_else(|| transaction(line, next)).or_else(|| package(line)).or_else(|| problem(line))
}

/// Repositories.
fn fetch(line: &str, next: Option<&str>) -> Option<PackageFailure> {
    let of_repository = |name: Option<&str>, reason: Reason| {
        let url = url(line);
        let repository = name.or(url).map(Text::from);
        Some(PackageFailure { repository, host: url.and_then(host).or_else(|| host_in_words(line)), ..failed(reason) })
    };
    // `failure: repodata/repomd.xml from docker-ce-stable: [Errno 256] No more mirrors to try.`
    if let Some(rest) = line.strip_prefix("failure: ") {
        let name = rest.split_once(" from ").and_then(|(_, rest)| rest.split(':').next());
        let reason = if rest.contains("[Errno 256]") { Reason::RepositoryUnreachable } else { fetch_reason(rest) };
        return of_repository(name, reason);
    }
    // `http://…/repomd.xml: [Errno 14] HTTP Error 404 - Not Found`.
    if let Some((before, why)) = line.split_once(": [Errno ")
        && (before.starts_with("http") || before.starts_with("ftp"))
    {
        return of_repository(None, fetch_reason(why));
    }
    if line.starts_with("Could not retrieve mirrorlist ") {
        let why = next.filter(|next| next.trim_start().starts_with(|c: char| c.is_ascii_digit())).unwrap_or(line);
        return of_repository(None, fetch_reason(why));
    }
    if let Some(rest) = line.strip_prefix("Error: Cannot retrieve repository metadata (repomd.xml) for repository: ") {
        return of_repository(rest.split(". ").next(), Reason::RepositoryUnreachable);
    }
    if let Some(rest) = line
        .strip_prefix("Error: Cannot find a valid baseurl for repo: ")
        .or_else(|| line.strip_prefix("Cannot find a valid baseurl for repo: "))
    {
        return of_repository(Some(rest), Reason::RepositoryUnreachable);
    }
    // `Error: Failed to download metadata for repo 'appstream': Cannot prepare internal mirrorlist: …`.
    if let Some((_, rest)) = line.split_once("Failed to download metadata for repo ") {
        let why = rest.split_once("': ").map_or("", |(_, why)| why);
        let reason = if why.contains("Cannot download repomd.xml") || why.is_empty() {
            Reason::RepositoryUnreachable
        } else {
            fetch_reason(why)
        };
        return of_repository(quoted(rest), reason);
    }
    // `  - Curl error (6): Couldn't resolve host name for https://… [Could not resolve host: …]`, `  - Status code: 404 for https://…`.
    if line.starts_with("- Curl error (") || line.starts_with("- Status code: ") || line.starts_with("[MIRROR] ") {
        return of_repository(None, fetch_reason(line));
    }
    if let Some(rest) = line.strip_prefix("Repository ").filter(|rest| rest.contains("' is invalid.")) {
        return of_repository(quoted(rest), Reason::RepositoryUnreachable);
    }
    let none = [
        "There are no enabled repos",
        "Error: There are no enabled repositories",
        "Warning: No repositories defined",
        "There are no repositories defined",
        "Error: There are no enabled repos",
    ];
    none.iter().any(|start| line.starts_with(start)).then(|| failed(Reason::NoRepositories))
}

/// `Could not resolve host: mirrorlist.centos.org; Unknown error`.
fn host_in_words(line: &str) -> Option<Text> {
    let (_, rest) = line.split_once("resolve host: ")?;
    let end = rest.find([';', ']', '"', ' ', ')']).unwrap_or(rest.len());
    Some(rest[..end].into())
}

/// Locks, unfinished transactions, signatures, space.
fn transaction(line: &str, next: Option<&str>) -> Option<PackageFailure> {
    let starts = |starts: &[&str]| starts.iter().any(|start| line.starts_with(start));
    if starts(&["There are unfinished transactions remaining", "The program yum-complete-transaction is found"]) {
        return Some(failed(Reason::UnfinishedTransaction));
    }
    if let Some((_, rest)) = line.split_once("The following packages have pending transactions") {
        let package =
            rest.trim_start_matches(':').split([',', '"']).next().map(str::trim).filter(|name| !name.is_empty());
        return Some(PackageFailure { package: package.map(Text::from), ..failed(Reason::UnfinishedTransaction) });
    }
    if starts(&[
        "Another app is currently holding the yum lock",
        "Existing lock ",
        "Waiting for process with pid ",
        "yum lockfile is held by",
    ]) || line.contains("rpmdb lock") && line.contains("can't create transaction lock")
        || line.contains("can't create transaction lock on ")
    {
        return Some(failed(Reason::Locked));
    }
    if line.starts_with("Public key for ") && line.ends_with("is not installed")
        || line.starts_with("Error: GPG check FAILED")
        || line.starts_with("GPG key retrieval failed")
        || line.starts_with("Package ") && line.ends_with(" is not signed")
        || line.contains("The GPG keys listed for the ") && line.contains("but they are not correct for this package")
    {
        let package = line.strip_prefix("Public key for ").or_else(|| line.strip_prefix("Package "));
        let package = package.and_then(|rest| rest.split_whitespace().next());
        return Some(PackageFailure { package: package.map(Text::from), ..failed(Reason::SignatureRejected) });
    }
    if line.starts_with("At least ") && line.contains("more space needed on the ") {
        return Some(failed(Reason::NoSpace));
    }
    if starts(&[
        "You need to be root to perform this command",
        "Error: This command has to be run with superuser privileges",
    ]) {
        return Some(failed(Reason::PermissionDenied));
    }
    // `file /usr/bin/runc from install of containerd.io-1.2.0-3.el7.x86_64 conflicts with file from package runc-1.0…`.
    if let Some((before, owner)) = line.split_once(" conflicts with file from package ")
        && let Some((_, package)) = before.split_once(" from install of ")
    {
        return Some(PackageFailure {
            package: Some(package.into()),
            other_package: Some(owner.into()),
            ..failed(Reason::FileConflict)
        });
    }
    // `Error: Package: docker-ce-17.03.0.ce-1.el7.centos.x86_64 (docker-ce-stable)` above `           Requires: container-selinux >= 2.9`.
    let rest = line.strip_prefix("Error: Package: ")?;
    let (package, repository) =
        rest.split_once(" (").map_or((rest, None), |(package, name)| (package, Some(name.trim_end_matches(')'))));
    let other = next.and_then(|next| next.trim().strip_prefix("Requires: "));
    Some(PackageFailure {
        package: Some(package.into()),
        other_package: other.map(Text::from),
        repository: repository.map(Text::from),
        ..failed(Reason::DependencyMissing)
    })
}

/// Packages that are not there.
fn package(line: &str) -> Option<PackageFailure> {
    let name = line
        .strip_prefix("No package ")
        .and_then(|rest| rest.strip_suffix(" available.").or_else(|| rest.strip_suffix(" available")))
        .or_else(|| line.strip_prefix("No match for argument: "))
        .or_else(|| line.strip_prefix("Error: Unable to find a match: "))
        .or_else(|| line.strip_prefix("No package matching '").and_then(|rest| rest.split('\'').next()))
        .or_else(|| line.strip_prefix("Package '").and_then(|rest| rest.strip_suffix("' not found.")))?;
    Some(PackageFailure { package: Some(name.trim().into()), ..failed(Reason::PackageMissing) })
}

/// The solver's problems: `package A requires B, but none of the providers can be installed`, `package A conflicts with B provided by C`.
fn problem(line: &str) -> Option<PackageFailure> {
    let line = line
        .strip_prefix("Problem: ")
        .or_else(|| line.split_once(": ").filter(|(start, _)| start.starts_with("Problem ")).map(|(_, rest)| rest))
        .unwrap_or(line);
    let line = line.strip_prefix("- ").unwrap_or(line);
    // yum: `Error: docker-ce conflicts with 2:docker-1.13.1-102.el7.x86_64`.
    if let Some((name, other)) = line.strip_prefix("Error: ").and_then(|rest| rest.split_once(" conflicts with "))
        && !name.contains(' ')
    {
        return Some(PackageFailure {
            package: Some(name.into()),
            other_package: Some(other.into()),
            ..failed(Reason::Conflict)
        });
    }
    let rest = line.strip_prefix("package ").or_else(|| line.strip_prefix("installed package "))?;
    let (name, what) = rest.split_once(' ')?;
    let package = Some(Text::from(name));
    let other = |text: &str| text.rsplit_once(" provided by ").map_or(text, |(_, owner)| owner).trim().to_owned();
    if let Some(rest) = what.strip_prefix("requires ") {
        let needed = rest.split(", but none").next()?;
        return rest.contains(", but none of the providers can be installed").then(|| PackageFailure {
            package,
            other_package: Some(needed.into()),
            ..failed(Reason::DependencyMissing)
        });
    }
    if let Some(rest) = what.strip_prefix("conflicts with ").or_else(|| what.strip_prefix("obsoletes ")) {
        return Some(PackageFailure { package, other_package: Some(other(rest).into()), ..failed(Reason::Conflict) });
    }
    let filtered =
        ["is filtered out by modular filtering", "is filtered out by exclude filtering", "is excluded", "is disabled"];
    filtered.iter().any(|words| what.starts_with(words)).then(|| PackageFailure { package, ..failed(Reason::Conflict) })
}
