//! What is generated from the resource types and the spec, one file an
//! artefact.

pub mod ecs_task_definition;
pub mod lint;
pub mod otel_collector;
pub mod reference;
