//! What X-Ray knows of its neighbours while it answers one request.
//!
//! The control plane does no I/O: whoever calls it asks KMS and Logs first and
//! hands over the answers.

/// Answers of the neighbours that one request needs; empty for all others.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    /// What KMS says of the key that the request names, or KMS's error text.
    pub key: Option<Result<Key, String>>,
    /// The resource policies of CloudWatch Logs in this account and region.
    pub log_policies: Vec<String>,
}

/// A KMS key, as `DescribeKey` describes it.
#[derive(Debug, Clone)]
pub struct Key {
    /// ARN of the key itself, never of an alias.
    pub arn: String,
    /// `Enabled`, `Disabled`, `PendingDeletion` or another state.
    pub state: String,
    /// `SYMMETRIC_DEFAULT` for the only keys that X-Ray takes.
    pub spec: String,
    /// `ENCRYPT_DECRYPT` for the only keys that X-Ray takes.
    pub usage: String,
}
