//! The samplers there are, and where they read the same rules differently.
//!
//! Sources: `aws-xray-sdk-go`, `-python`, `-node`, `-java`; the X-Ray samplers of
//! `opentelemetry-js-contrib` (`@opentelemetry/sampler-aws-xray`),
//! `opentelemetry-java-contrib` (`aws-xray`) and AWS's distribution for Python
//! (`aws-opentelemetry-distro`), read 2026-11.

use super::pattern::Case;

/// Whose way of reading rules is followed. Where these differ, so does what is
/// sampled with the same rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// X-Ray's SDKs for Go, Node.js and Python: what is not known of a request,
    /// or empty, matches every pattern; rules for an ARN or for attributes are
    /// passed over.
    Sdk,
    /// X-Ray's SDK for Java: what is not known counts as empty text.
    JavaSdk,
    /// OpenTelemetry's sampler for JavaScript: what is not known matches `*`
    /// alone, but for a path, which is `/` then, and a service's name, which is
    /// empty; attributes must be there and match.
    OpenTelemetryJs,
    /// OpenTelemetry's sampler for Java: what is not known matches `*` alone; the
    /// letter case of patterns with wildcards counts.
    OpenTelemetryJava,
    /// The sampler of AWS's OpenTelemetry distribution for Python: letter case
    /// counts; what is not known of the service is empty text.
    OpenTelemetryPython,
}

/// What a sampler takes for a field that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// It matches every pattern.
    Passes,
    /// It is this text.
    Is(&'static str),
    /// It matches `*` alone.
    Fails,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Sdk,
        Self::JavaSdk,
        Self::OpenTelemetryJs,
        Self::OpenTelemetryJava,
        Self::OpenTelemetryPython,
    ];

    /// Its name on command lines and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sdk => "xray-sdk",
            Self::JavaSdk => "xray-sdk-java",
            Self::OpenTelemetryJs => "opentelemetry-js",
            Self::OpenTelemetryJava => "opentelemetry-java",
            Self::OpenTelemetryPython => "opentelemetry-python",
        }
    }

    /// Its name in sentences.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sdk => "X-Ray SDKs for Go, Node.js and Python",
            Self::JavaSdk => "X-Ray SDK for Java",
            Self::OpenTelemetryJs => "OpenTelemetry for JavaScript",
            Self::OpenTelemetryJava => "OpenTelemetry for Java",
            Self::OpenTelemetryPython => "OpenTelemetry (ADOT) for Python",
        }
    }

    /// Whether it is one of X-Ray's own SDKs.
    pub fn is_sdk(self) -> bool {
        matches!(self, Self::Sdk | Self::JavaSdk)
    }

    /// Whether it samples by the rate of a boost while there is one.
    pub fn knows_boosts(self) -> bool {
        matches!(self, Self::OpenTelemetryJava | Self::OpenTelemetryPython)
    }

    /// Where letter case counts.
    pub(super) fn case(self) -> Case {
        match self {
            Self::Sdk | Self::JavaSdk | Self::OpenTelemetryJs => Case::Ignored,
            Self::OpenTelemetryJava => Case::OfWildcards,
            Self::OpenTelemetryPython => Case::Counts,
        }
    }

    /// What it takes for `field` where that is not known.
    pub(super) fn unknown(self, field: &str) -> Unknown {
        match (self, field) {
            (Self::Sdk, _) => Unknown::Passes,
            (Self::JavaSdk, _)
            | (Self::OpenTelemetryJs, "service_name")
            | (Self::OpenTelemetryPython, "service_name" | "service_type" | "resource_arn") => {
                Unknown::Is("")
            }
            (Self::OpenTelemetryJs | Self::OpenTelemetryPython, "url_path") => Unknown::Is("/"),
            _ => Unknown::Fails,
        }
    }
}
