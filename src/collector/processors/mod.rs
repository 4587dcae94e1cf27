//! What is done to traces on their way, in the order of the configuration.

mod batch;
mod bucket;
mod consistent;
mod edit;
mod filter;
mod matching;
mod probabilistic;
mod rate_limiting;
mod recent;
mod redaction;
mod resource;
mod tail_sampling;

#[cfg(test)]
mod tests;

pub use batch::Batch;
pub use bucket::{Clock, runtime_clock};
pub use filter::Filter;
pub use probabilistic::ProbabilisticSampling;
pub use rate_limiting::RateLimiting;
pub use redaction::Redaction;
pub use resource::Resource;
pub use tail_sampling::TailSampling;
