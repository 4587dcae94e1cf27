//! `[collector]`: what `local-collector` listens on, what it does to traces, and
//! where it keeps them and sends them. Read from a spec, and turned into the
//! configuration of other collectors.

mod check;
mod exporters;
mod operations;
pub mod processors;
mod queries;
mod receivers;
mod store;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::Fault;
pub use exporters::{
    Compression, Debug, Exporter, File, OtlpGrpc, OtlpHttp, Prometheus, Queue, Retry, WhenFull,
    Xray, Zipkin,
};
pub use operations::Operations;
pub use processors::Processor;
pub use queries::Queries;
pub use receivers::{Listen, Receivers};
pub use store::{Durability, Store};

/// What `local-collector` does. With nothing said, every receiver is on, on
/// loopback, and traces are kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector")]
#[serde(default, deny_unknown_fields)]
pub struct CollectorConfig {
    /// Where traces come in.
    pub receivers: Receivers,
    /// What is done to traces, by name: names of `processors`, in the order in
    /// which they are done. `memory-limiter` and `batch` need no table of their
    /// own. Default: `["memory-limiter", "batch"]`.
    pub pipeline: Vec<String>,
    /// What can be done to traces, by a name for `pipeline`.
    pub processors: BTreeMap<String, Processor>,
    /// Where traces are sent, by name. Default: nowhere.
    pub exporters: BTreeMap<String, Exporter>,
    /// How traces are kept.
    pub store: Store,
    /// Where traces are read back with the APIs of other tools.
    pub queries: Queries,
    /// What tells how the collector is.
    pub operations: Operations,
}

impl Default for CollectorConfig {
    fn default() -> Self {
        Self {
            receivers: Receivers::default(),
            pipeline: vec!["memory-limiter".to_owned(), "batch".to_owned()],
            processors: BTreeMap::new(),
            exporters: BTreeMap::new(),
            store: Store::default(),
            queries: Queries::default(),
            operations: Operations::default(),
        }
    }
}
