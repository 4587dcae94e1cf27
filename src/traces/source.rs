//! Where traces are read from.

use std::ops::ControlFlow;

use crate::segment::TraceId;

/// Which traces have to do with a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeRange {
    /// Those that began in it.
    Start,
    /// Those of which something came in in it.
    Arrival,
    /// Those that were going on at some time in it.
    GoingOn,
}

/// A span of time, from `start` to just before `end`, in epoch seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// The first moment.
    pub start: f64,
    /// The first moment after it.
    pub end: f64,
}

impl Window {
    /// Whether a moment lies in it.
    pub fn contains(self, time: f64) -> bool {
        self.start <= time && time < self.end
    }
}

/// What is kept of a trace: segment documents in JSON, in the order in which they
/// came.
pub type Documents<'d> = [&'d [u8]];

/// Traces that are kept somewhere. Calls block: they read from a disk.
pub trait Source: Send + Sync {
    /// Shows what is kept of a trace; nothing where it is not known.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn trace(&self, id: TraceId, visit: &mut dyn FnMut(&Documents<'_>)) -> Result<(), String>;

    /// Shows each trace that has to do with a window of time, whole, in no certain
    /// order and each once, until `visit` breaks it off. Those that miss the
    /// window by less than a microsecond may be shown too.
    ///
    /// # Errors
    /// Why they cannot be read.
    fn traces(
        &self,
        window: Window,
        range: TimeRange,
        visit: &mut dyn FnMut(TraceId, &Documents<'_>) -> ControlFlow<()>,
    ) -> Result<(), String>;
}
