//! What is generated from the resource types and the spec, one file an
//! artefact.

pub mod lint;
pub mod reference;
