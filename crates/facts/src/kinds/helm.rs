//! Helm: releases, checks of charts, and what went wrong.

use jiff::Timestamp;

use crate::{Text, fact_kind};

fact_kind! {
    /// A revision of a release: `helm list`, `helm status`, `helm history`, also as YAML or JSON; helm 2 and later,
    /// troubleshoot.sh's helm/*.json.
    "helm_release": HelmRelease {
        /// Name; absent in a history, which does not tell it.
        name: Option<Text>,
        /// Namespace.
        namespace: Option<Text>,
        /// Revision, counted from 1.
        revision: Option<u64>,
        /// `deployed`, `failed`, `superseded`, `uninstalling`, `uninstalled`, `pending-install`, `pending-upgrade`,
        /// `pending-rollback`, `unknown`; lower case, whatever the version writes.
        status: Option<Text>,
        /// Chart and version, such as `nginx-1.2.3`.
        chart: Option<Text>,
        /// Version of the application.
        app_version: Option<Text>,
        /// Last change.
        updated: Option<Timestamp>,
        /// What that change did or why it failed.
        description: Option<Text>,
    }
}

fact_kind! {
    /// An error of helm: a line that begins with `Error:`, and those that belong to it.
    "helm_error": HelmError {
        /// What failed: `INSTALLATION`, `UPGRADE`, `ROLLBACK`, `UNINSTALL`; absent where it does not say.
        operation: Option<Text>,
        /// `chart-not-found`, `download-failed`, `release-not-found`, `operation-in-progress`, `name-in-use`, `timeout`,
        /// `unreachable`, `invalid-chart`, `invalid-values`, `already-exists`, `no-repositories`, `arguments`, `other`.
        reason: Text,
        /// The whole message.
        message: Text,
    }
}

fact_kind! {
    /// A chart that a repository or a hub offers: `helm search repo`, `helm search hub`, `helm search` of helm 2.
    "helm_chart": HelmChart {
        /// Name with its repository (`stable/wordpress`), or address at the hub.
        name: Text,
        /// Version of the chart.
        version: Option<Text>,
        /// Version of the application; absent where it is not printed.
        app_version: Option<Text>,
        /// Description, which helm cuts.
        description: Option<Text>,
    }
}

fact_kind! {
    /// A repository of charts: `helm repo list`.
    "helm_repository": HelmRepository {
        /// Its name.
        name: Text,
        /// Its address.
        url: Text,
    }
}

fact_kind! {
    /// A chart that a chart needs: `helm dependency list`.
    "helm_dependency": HelmDependency {
        /// Name of the chart that is needed.
        name: Text,
        /// Version, or the range that is accepted.
        version: Option<Text>,
        /// Address of its repository.
        repository: Option<Text>,
        /// `ok`, `unpacked`, `missing`, `wrong version`, … as printed.
        status: Text,
    }
}

fact_kind! {
    /// What `helm lint` says of a chart.
    "helm_lint": HelmLint {
        /// Path of the chart.
        chart: Option<Text>,
        /// `info`, `warning`, `error`.
        level: Text,
        /// File in the chart.
        path: Option<Text>,
        /// What is wrong.
        message: Text,
    }
}
