//! What tells how the collector is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::receivers::Listen;

/// Pages that tell how the collector is: an address each, or `off`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_operations")]
#[serde(default, deny_unknown_fields)]
pub struct Operations {
    /// Whether it is ready and well. Default: `127.0.0.1:13133`.
    pub health: Listen,
    /// zPages. Default: `127.0.0.1:55679`.
    pub zpages: Listen,
    /// Seconds that traces under way are given to finish when the collector is
    /// told to stop. Default: 10.
    pub shutdown_seconds: u64,
}

impl Default for Operations {
    fn default() -> Self {
        Self {
            health: Listen::loopback(13133),
            zpages: Listen::loopback(55679),
            shutdown_seconds: 10,
        }
    }
}
