//! Traces put together from documents.

mod assembled;
mod graphs;
mod histograms;
