//! Traces put together from documents.

mod assembled;
mod graphs;
mod histograms;
mod insights;
mod made;
mod series;
