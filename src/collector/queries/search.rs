//! Looks into traces, the newest first, for those that are meant.

use std::time::{Duration, Instant};

use super::trace::Trace;
use super::{Failure, MOST_ANSWER};
use crate::collector::store::{Query, Reader};

/// Traces that one search looks into.
pub(super) const MOST_LOOKED_AT: usize = 10_000;
/// How long one search may take.
const TIME: Duration = Duration::from_secs(20);
/// Traces that are read together.
const PAGE: std::ops::RangeInclusive<usize> = 20..=200;

/// What is searched for.
pub(super) struct Search<M> {
    /// What the index can tell.
    pub(super) query: Query,
    /// As many are given.
    pub(super) limit: usize,
    /// What only spans can tell.
    pub(super) is_meant: M,
}

/// What was found, the newest first.
pub(super) struct Found {
    pub(super) traces: Vec<Trace>,
    /// There may be more: not all were looked into.
    pub(super) is_cut: bool,
}

impl<M: Fn(&Trace) -> bool> Search<M> {
    /// Searches. Blocks.
    pub(super) fn run(mut self, reader: &Reader) -> Result<Found, Failure> {
        let begun = Instant::now();
        let mut found = Found {
            traces: Vec::new(),
            is_cut: false,
        };
        let (mut looked_at, mut bytes) = (0, 0);
        let mut most = *PAGE.end();
        while found.traces.len() < self.limit {
            if looked_at >= MOST_LOOKED_AT || begun.elapsed() > TIME {
                found.is_cut = true;
                break;
            }
            let left = self.limit - found.traces.len();
            self.query.limit = left.clamp(*PAGE.start(), *PAGE.end()).min(most);
            let page = reader.traces(&self.query)?;
            let Some(last) = page.last() else {
                break;
            };
            let after = (last.start, last.trace_id);
            let ids: Vec<_> = page.iter().map(|summary| summary.trace_id).collect();
            let Some(stored) = reader.several(&ids, MOST_ANSWER)? else {
                if ids.len() == 1 {
                    return Err(Failure::TooLarge);
                }
                // They are large ones: fewer at a time.
                most = (ids.len() / 2).max(1);
                continue;
            };
            self.query.after = Some(after);
            looked_at += ids.len();
            for (id, stored) in ids.into_iter().zip(stored) {
                let trace = Trace::of(id, stored);
                if found.traces.len() < self.limit && (self.is_meant)(&trace) {
                    bytes += trace.bytes();
                    if bytes > MOST_ANSWER {
                        return Err(Failure::TooLarge);
                    }
                    found.traces.push(trace);
                }
            }
        }
        Ok(found)
    }
}
