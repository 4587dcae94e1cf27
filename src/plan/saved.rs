//! The form of a plan in a file: the plan with what it was made from, so that
//! applying it later can refuse a plan that no longer fits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Plan;

/// The version of the file's form. A reader refuses any other.
const FORMAT: u32 = 1;
/// What a plan file starts with, so that it is told from a spec.
const MAGIC: &str = "xrayctl plan";

/// A plan with what it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    format: String,
    format_version: u32,
    /// The version of xrayctl that made it.
    pub xrayctl_version: String,
    /// When it was made, in epoch seconds; 0 in files of before it was kept.
    #[serde(default)]
    pub created: u64,
    /// Where it came from.
    pub origin: Origin,
    /// The plan.
    pub plan: Plan,
}

/// What a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The path of the spec, as it was given.
    pub spec_path: String,
    /// The fingerprint of the spec.
    pub spec_hash: String,
    /// The environment chosen with `--env`.
    pub env: Option<String>,
    /// The variables given with `--var`.
    pub vars: BTreeMap<String, String>,
    /// The variables of the process environment that the spec declares.
    pub environment_vars: BTreeMap<String, String>,
    /// Whether resources that no stack owns are taken in.
    pub adopt: bool,
    /// Whether what holds data is deleted with it.
    #[serde(default)]
    pub delete_data: bool,
    /// The addresses given with `--target`.
    pub only: Vec<crate::model::Address>,
}

/// Why a file is no plan.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// It is not JSON of the right form.
    #[error("this is not a plan file")]
    NotAPlan(#[source] serde_json::Error),
    /// It was written by another version.
    #[error("the plan file has format version {found}, this xrayctl reads version {FORMAT}")]
    Version {
        /// The version found.
        found: u32,
    },
}

impl SavedPlan {
    /// Puts a plan together with what it was made from, and when.
    pub fn new(plan: Plan, origin: Origin, created: u64) -> Self {
        Self {
            format: MAGIC.to_owned(),
            format_version: FORMAT,
            xrayctl_version: env!("CARGO_PKG_VERSION").to_owned(),
            created,
            origin,
            plan,
        }
    }

    /// Writes it as text.
    ///
    /// # Errors
    /// Where the plan cannot be written as JSON.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Reads what [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// Where `text` is no plan, or one of another version.
    pub fn from_text(text: &str) -> Result<Self, SavedPlanError> {
        #[derive(Deserialize)]
        struct Header {
            format_version: u32,
        }
        let header: Header = serde_json::from_str(text).map_err(SavedPlanError::NotAPlan)?;
        if header.format_version != FORMAT {
            return Err(SavedPlanError::Version {
                found: header.format_version,
            });
        }
        serde_json::from_str(text).map_err(SavedPlanError::NotAPlan)
    }

    /// Tells whether `text` looks like a plan rather than a spec.
    pub fn is_one(text: &str) -> bool {
        text.trim_start().starts_with('{') && text.contains(MAGIC)
    }
}
