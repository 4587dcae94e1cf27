//! Where traces are sent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somewhere that traces are sent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_exporter")]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Exporter {
    /// Writes to standard error what passes.
    Debug {},
}
