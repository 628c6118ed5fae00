//! apt, apt-get, dpkg and apk.

use bundlescope_facts::{PackageFailure, PackageFailureReason as Reason, Text};

use super::{failed, fetch_reason, host, quoted, url};

pub(super) fn failure(text: &str, next: Option<&str>) -> Option<PackageFailure> {
    if let Some(rest) = text.strip_prefix("E: ").or_else(|| text.strip_prefix("W: ").filter(|rest| is_failure(rest))) {
        return Some(message(rest));
    }
    fetched(text, next).or_else(|| dpkg(text, next)).or_else(|| depends(text)).or_else(|| apk(text))
}

/// `Err:3 http://deb.example.com/debian bookworm InRelease`; why stands in the line below.
fn fetched(text: &str, next: Option<&str>) -> Option<PackageFailure> {
    let (number, rest) = text.strip_prefix("Err:")?.split_once(' ')?;
    number.parse::<u32>().ok()?;
    let address = url(rest)?;
    let why = next.filter(|next| next.starts_with(' ')).unwrap_or_default();
    Some(PackageFailure { repository: Some(address.into()), host: host(address), ..failed(fetch_reason(why)) })
}

/// Warnings that say that something was not done.
fn is_failure(text: &str) -> bool {
    [
        "Failed to fetch ",
        "GPG error: ",
        "The repository '",
        "Some index files failed to download",
        "An error occurred during the signature verification",
    ]
    .iter()
    .any(|start| text.starts_with(start))
}

/// A line of apt behind `E: ` or `W: `.
fn message(text: &str) -> PackageFailure {
    let has = |words: &str| text.contains(words);
    let package = |name: Option<&str>| name.map(Text::from);
    let of_repository = |reason: Reason| {
        let url = url(text);
        PackageFailure { repository: url.map(Text::from), host: url.and_then(host), ..failed(reason) }
    };
    if let Some(rest) = text.strip_prefix("Failed to fetch ") {
        return of_repository(fetch_reason(rest.split_once(' ').map_or("", |(_, why)| why)));
    }
    if text.starts_with("GPG error: ")
        || has("NO_PUBKEY")
        || has("EXPKEYSIG")
        || has("is not signed")
        || has("is no longer signed")
    {
        return of_repository(Reason::SignatureRejected);
    }
    if has("does not have a Release file") {
        return of_repository(Reason::NotFound);
    }
    if text.starts_with("Release file for ") {
        return of_repository(Reason::MetadataMismatch);
    }
    if let Some(name) = text.strip_prefix("Unable to locate package ") {
        return PackageFailure { package: package(name.split_whitespace().next()), ..failed(Reason::PackageMissing) };
    }
    if has("has no installation candidate") || has("Couldn't find any package by") {
        return PackageFailure { package: package(quoted(text)), ..failed(Reason::PackageMissing) };
    }
    // `Version '5:19.03' for 'docker-ce' was not found`.
    if let Some((_, rest)) = text.strip_prefix("Version ").and_then(|rest| rest.split_once(" for ")) {
        return PackageFailure { package: package(quoted(rest)), ..failed(Reason::PackageMissing) };
    }
    if has("ermission denied") && !has("Could not get lock") || has("are you root?") && has("13: ") {
        return failed(Reason::PermissionDenied);
    }
    if has("Could not get lock ") || has("Unable to lock ") || has("Unable to acquire the dpkg") {
        let denied = has("13: Permission denied");
        return failed(if denied { Reason::PermissionDenied } else { Reason::Locked });
    }
    if has("dpkg was interrupted") {
        return failed(Reason::UnfinishedTransaction);
    }
    if has("Unmet dependencies") {
        return failed(Reason::DependencyMissing);
    }
    if has("held broken packages") {
        return failed(Reason::Conflict);
    }
    if has("enough free space") || has("No space left on device") {
        return failed(Reason::NoSpace);
    }
    failed(Reason::Other)
}

/// dpkg's own errors; why stands in the line below.
fn dpkg(text: &str, next: Option<&str>) -> Option<PackageFailure> {
    let rest = text.strip_prefix("dpkg: error processing ")?;
    let (what, name) = rest.split_once(' ')?;
    let name = name.split(" (").next().unwrap_or(name);
    let package = match what {
        "package" => name.split(':').next().unwrap_or(name),
        // `/var/cache/apt/archives/containerd.io_1.2.0-1_amd64.deb`.
        _ => name.rsplit('/').next().and_then(|file| file.split('_').next()).unwrap_or(name),
    };
    let why = next.unwrap_or_default().trim();
    let owner = why.split_once("which is also in package ").and_then(|(_, owner)| owner.split([' ', ':']).next());
    let reason = match why {
        _ if owner.is_some() => Reason::FileConflict,
        _ if why.contains("No space left on device") => Reason::NoSpace,
        _ if why.contains("dependency problems") => Reason::DependencyMissing,
        _ if why.contains("script") || why.contains("subprocess") => Reason::ScriptFailed,
        _ => Reason::Other,
    };
    Some(PackageFailure { package: Some(package.into()), other_package: owner.map(Text::from), ..failed(reason) })
}

/// ` docker-ce : Depends: containerd.io (>= 1.4.1) but it is not going to be installed`.
fn depends(text: &str) -> Option<PackageFailure> {
    let (package, rest) = text.split_once(" : ")?;
    if !text.starts_with(' ') || package.trim().contains(' ') {
        return None;
    }
    let (relation, rest) = rest.trim().split_once(": ")?;
    let reason = match relation {
        "Depends" | "PreDepends" | "Recommends" => Reason::DependencyMissing,
        "Conflicts" | "Breaks" => Reason::Conflict,
        _ => return None,
    };
    let other = rest.split_whitespace().next()?;
    let package = package.trim().split(':').next().unwrap_or_default();
    Some(PackageFailure { package: Some(package.into()), other_package: Some(other.into()), ..failed(reason) })
}

/// Alpine's apk.
fn apk(text: &str) -> Option<PackageFailure> {
    if let Some(name) = text.trim().strip_suffix(" (no such package):") {
        return Some(PackageFailure { package: Some(name.into()), ..failed(Reason::PackageMissing) });
    }
    if let Some(rest) = text.strip_prefix("ERROR: ") {
        if rest.starts_with("Unable to lock database") {
            let denied = rest.contains("ermission denied");
            return Some(failed(if denied { Reason::PermissionDenied } else { Reason::Locked }));
        }
        if let Some(name) = rest.strip_suffix(" (no such package)") {
            return Some(PackageFailure { package: Some(name.into()), ..failed(Reason::PackageMissing) });
        }
    }
    let rest = text.strip_prefix("WARNING: ").or_else(|| text.strip_prefix("ERROR: "))?;
    let fetched = ["Ignoring ", "fetching ", "updating and opening ", "opening from cache "]
        .iter()
        .any(|start| rest.starts_with(start));
    let address = url(rest).filter(|_| fetched)?;
    let reason = match fetch_reason(rest) {
        _ if rest.contains("UNTRUSTED") || rest.contains("BAD signature") => Reason::SignatureRejected,
        _ if rest.contains("No such file or directory") => Reason::NotFound,
        reason => reason,
    };
    Some(PackageFailure { repository: Some(address.into()), host: host(address), ..failed(reason) })
}
