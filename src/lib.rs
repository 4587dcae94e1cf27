//! xrayctl: AWS X-Ray from one TOML spec.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`model`] | addresses, attributes, diagnostics, places in a file |
//! | [`filter`] | X-Ray filter expressions |
//! | [`access_log`] | lines of access logs, read
//! | [`sampling`] | which sampling rule a request meets, and whether it is sampled |
//! | [`lint`] | what AWS takes, but hardly as it is meant |
//! | [`plan`] | what would change, as data, and in which order |
//! | [`aws`] | clients, calls, classified errors |
//! | [`resource`] | one file an AWS type, behind one trait |
//! | [`spec`] | TOML to checked resources |
//! | [`apply`] | carries a plan out |
//! | [`generate`] | what is made from the types and the spec |
//! | [`export`] | a spec from what stands at AWS |
//! | [`view`] | all that people and programs read |
//! | [`cli`] | one file a command |
//! | [`guard`] | keeps web pages out of what is served here |
//! | [`local_aws`] | the embedded AWS |
//! | [`lookup`] | traces, graphs and statistics that people look up in X-Ray |
//! | [`collector`] | receives, processes, keeps and forwards traces |
//! | [`collector_config`] | what the collector does, as a spec says it |
//! | [`desk`] | the embedded AWS and a collector, running beside one another |
//! | [`otlp`] | OTLP traces, read in place |
//! | [`segment`] | X-Ray segment documents, and their translation to spans and back |
//!
//! Dependencies point one way: `cli` → `view` → `apply` → `spec`, `resource`
//! → `plan`, `aws` → `model`; `spec` → `lint` → `sampling`; `local_aws` →
//! `filter` → `model`; `local_aws` → `sampling`, `segment`; `collector` → `segment` → `otlp`.
//! `tests/layers.rs` keeps it so.

pub mod access_log;
pub mod apply;
pub mod aws;
pub mod cli;
pub mod collector;
pub mod collector_config;
pub mod desk;
pub mod exit;
pub mod export;
pub mod filter;
#[cfg(test)]
mod fuzz;
pub mod generate;
pub mod guard;
pub mod lint;
pub mod local_aws;
pub mod log;
pub mod lookup;
pub mod model;
pub mod otlp;
pub mod plan;
pub mod resource;
pub mod sampling;
pub mod segment;
pub mod spec;
pub mod traces;
pub mod view;
