//! The services next to X-Ray, from the `winterbaume-*` crates.
//!
//! Each runs in this process and keeps its state per region. Where one falls
//! short of AWS in something that xrayctl needs, a file of this folder corrects
//! that one operation and says why; all else is passed through. A service that
//! needs no correction is one line in [`all`].

pub mod engine;
pub mod json_call;
pub mod kms;
pub mod kms_key;
pub mod kms_rules;
pub mod logs;
pub mod plain;
pub mod sts;

use std::sync::Arc;

use super::service::Service;

/// Every neighbour, for an account of twelve digits.
pub fn all(account: &str) -> Vec<Arc<dyn Service>> {
    vec![
        Arc::new(kms::Kms::new(account)),
        Arc::new(logs::Logs::new(account)),
        Arc::new(sts::Sts::new(account)),
    ]
}
