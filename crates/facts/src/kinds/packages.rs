//! Software that package managers installed, and why they could not install more.

use crate::{Text, fact_kind, fact_words};

fact_kind! {
    /// A package that is installed, or known to the package manager: `rpm -qa` and `-qi`, sosreport's package-data, `dpkg -l`,
    /// `dpkg --get-selections`, `dpkg-query -W`, `apt-cache policy`, `apt list --installed`, `apk info -v`, /var/lib/dpkg/status, `yum list installed`.
    "package": Package {
        /// Name without version and architecture.
        name: Text,
        /// Version: without epoch and release for rpm and apk, whole for dpkg.
        version: Option<Text>,
        /// Release of the packaging: behind the last dash for rpm, `r0` for apk.
        release: Option<Text>,
        /// Epoch, where it is told and not 0.
        epoch: Option<Text>,
        /// Architecture, such as `x86_64`, `amd64`, `noarch`.
        arch: Option<Text>,
        /// `rpm`, `dpkg` or `apk`.
        manager: Text,
        /// `installed`, `config-files`, `half-installed`, `half-configured`, `unpacked`, `triggers-pending`, `triggers-awaited`,
        /// `not-installed`.
        state: Text,
        /// Kept at its version (`hold`).
        held: bool,
        /// Container in which it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_words! {
    /// Why a package manager failed, one word whatever its version says.
    PackageFailureReason {
        /// The repository or mirror could not be reached.
        RepositoryUnreachable = "repository_unreachable",
        /// The repository's name could not be resolved.
        RepositoryNameNotFound = "repository_name_not_found",
        /// The repository answered that it has no such file (404).
        NotFound = "not_found",
        /// The repository refused (401, 403).
        Forbidden = "forbidden",
        /// Metadata are damaged, out of date, or do not match their checksum.
        MetadataMismatch = "metadata_mismatch",
        /// The repository's certificate was not accepted.
        CertificateRejected = "certificate_rejected",
        /// A signature is missing, wrong or of an unknown key.
        SignatureRejected = "signature_rejected",
        /// There is no package of that name or version.
        PackageMissing = "package_missing",
        /// Packages conflict with each other.
        Conflict = "conflict",
        /// A dependency cannot be satisfied.
        DependencyMissing = "dependency_missing",
        /// A file belongs to another package.
        FileConflict = "file_conflict",
        /// Earlier transactions or configurations are unfinished.
        UnfinishedTransaction = "unfinished_transaction",
        /// Another process holds the lock.
        Locked = "locked",
        /// There is no repository at all.
        NoRepositories = "no_repositories",
        /// The file system is full.
        NoSpace = "no_space",
        /// A script of a package failed.
        ScriptFailed = "script_failed",
        /// Root is required.
        PermissionDenied = "permission_denied",
        #[default]
        /// Anything else.
        Other = "other",
    }
}

fact_kind! {
    /// A failure that yum, dnf, apt, dpkg, zypper or apk printed.
    "package_failure": PackageFailure {
        /// Package that was to be installed, as written.
        package: Option<Text>,
        /// Package that stands in the way, or is missing.
        other_package: Option<Text>,
        /// Repository by id, or its address.
        repository: Option<Text>,
        /// Host of the repository.
        host: Option<Text>,
        /// Why.
        reason: PackageFailureReason,
        /// The line that says so.
        message: Text,
    }
}
