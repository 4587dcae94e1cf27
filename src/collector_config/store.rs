//! How traces are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How traces are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_store")]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Whether they are. Default: true.
    pub enabled: bool,
    /// What a trace that was acknowledged outlives. Default: `batch`.
    pub durability: Durability,
    /// Days that traces are kept; 0: until there is no room. Default: 30, as
    /// long as AWS X-Ray does.
    pub retention_days: u32,
    /// MiB on disk that traces may take: the oldest make room for new ones. At
    /// least 16. Default: 1024.
    pub max_size_mib: u32,
}

/// What a trace that was acknowledged outlives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_store_durability")]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// The end of the process, `kill -9` included, and the end of the machine:
    /// every group of traces is written through to the disk.
    Commit,
    /// The end of the process, `kill -9` included. Where the machine stops, the
    /// last seconds may be missing.
    #[default]
    Batch,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            enabled: true,
            durability: Durability::default(),
            retention_days: 30,
            max_size_mib: 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_the_default() {
        let store: Store = toml::from_str("durability = \"commit\"").unwrap();
        let expected = Store {
            durability: Durability::Commit,
            ..Store::default()
        };
        assert_eq!(store, expected);
        assert!(toml::from_str::<Store>("retention = 3").is_err());
        assert!(toml::from_str::<Store>("durability = \"none\"").is_err());
    }
}
