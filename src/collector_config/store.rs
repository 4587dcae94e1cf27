//! How traces are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How traces are kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_store")]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Whether they are. Default: true.
    pub enabled: bool,
}

impl Default for Store {
    fn default() -> Self {
        Self { enabled: true }
    }
}
