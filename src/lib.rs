//! xrayctl: AWS X-Ray from one TOML spec.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`model`] | addresses, attributes, diagnostics, places in a file |
//! | [`filter`] | X-Ray filter expressions |
//! | [`plan`] | what would change, as data, and in which order |
//! | [`aws`] | clients, calls, classified errors |
//! | [`resource`] | one file an AWS type, behind one trait |
//! | [`spec`] | TOML to checked resources |
//! | [`apply`] | carries a plan out |
//! | [`generate`] | what is made from the types and the spec |
//! | [`export`] | a spec from what stands at AWS |
//! | [`view`] | all that people and programs read |
//! | [`cli`] | one file a command |
//! | [`local_aws`] | the embedded AWS |
//!
//! Dependencies point one way: `cli` → `view` → `apply` → `spec`, `resource`
//! → `plan`, `aws` → `model`; `local_aws` → `filter` → `model`.
//! `tests/layers.rs` keeps it so.

pub mod apply;
pub mod aws;
pub mod cli;
pub mod exit;
pub mod export;
pub mod filter;
pub mod generate;
pub mod local_aws;
pub mod model;
pub mod plan;
pub mod resource;
pub mod spec;
pub mod view;
