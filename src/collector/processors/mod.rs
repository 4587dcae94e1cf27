//! What is done to traces on their way, in the order of the configuration.

mod batch;

pub use batch::Batch;
