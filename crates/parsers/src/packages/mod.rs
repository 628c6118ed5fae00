//! Formats of the packages family: what is installed, and why more could not be installed.

mod apk;
mod dpkg;
mod failure;
mod rpm;

use crate::format::Format;

pub(crate) use failure::of_message as failure_of;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &dpkg::DPKG_LIST,
    &dpkg::DPKG_STATUS,
    &dpkg::SELECTIONS,
    &dpkg::APT_LIST,
    &dpkg::DPKG_QUERY,
    &dpkg::APT_POLICY,
    &rpm::RPM_INFO,
    &rpm::RPM_LIST,
    &rpm::YUM_LIST,
    &apk::APK_INFO,
    &failure::TRANSCRIPT,
];
