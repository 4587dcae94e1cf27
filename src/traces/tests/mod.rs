//! Traces put together from documents.

mod assembled;
