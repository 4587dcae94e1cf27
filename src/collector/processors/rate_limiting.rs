//! Keeps no more than so many spans or traces a second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::bucket::{Bucket, Clock};
use super::edit;
use super::recent::Recent;
use crate::collector::{Consumer, Counters, LeftOut, Parcel};
use crate::collector_config::processors::{RateLimiting as Config, Unit};
use crate::segment;

/// Traces whose decision is remembered.
const TRACES: usize = 65_536;
/// How often at most the log says that something was dropped.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// Keeps no more than so many spans or traces a second, and hands them on. What
/// has no trace id counts as a trace of its own.
pub struct RateLimiting {
    name: String,
    unit: Unit,
    per_second: f64,
    clock: Clock,
    state: Mutex<State>,
    counters: Counters,
    next: Arc<dyn Consumer>,
}

struct State {
    bucket: Bucket,
    decided: Recent<bool>,
    /// Dropped since the log said so, and when that was.
    unsaid: usize,
    said: Option<Duration>,
}

impl RateLimiting {
    /// Makes one before `next`; `name` is its name in the configuration, and
    /// `clock` says how time passes ([`super::runtime_clock`]).
    pub fn new(
        name: &str,
        config: &Config,
        clock: Clock,
        counters: Counters,
        next: Arc<dyn Consumer>,
    ) -> Arc<Self> {
        let state = State {
            bucket: Bucket::new(config.per_second, config.burst, clock()),
            decided: Recent::new(TRACES),
            unsaid: 0,
            said: None,
        };
        Arc::new(Self {
            name: name.to_owned(),
            unit: config.unit,
            per_second: config.per_second,
            clock,
            state: Mutex::new(state),
            counters,
            next,
        })
    }

    /// Leaves out what is too much; says how much that is.
    fn thin(&self, parcel: &mut Parcel) -> usize {
        let now = (self.clock)();
        let before = parcel.len();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = std::cell::RefCell::new(&mut *state);
        edit::leave_out(
            parcel,
            |_, span| {
                let trace = span.trace_id.try_into().ok();
                state.borrow_mut().lets_through(self.unit, trace, 1, now)
            },
            |document| {
                let envelope = segment::check(document).ok();
                let trace = envelope.as_ref().map(|one| one.trace_id.bytes());
                let entities = envelope.map_or(1, |envelope| envelope.entities);
                (state.borrow_mut()).lets_through(self.unit, trace, entities, now)
            },
        );
        let gone = before - parcel.len();
        self.say(&mut state.borrow_mut(), gone, now);
        gone
    }

    fn say(&self, state: &mut State, gone: usize, now: Duration) {
        state.unsaid += gone;
        let is_time = state
            .said
            .is_none_or(|said| now.saturating_sub(said) >= SAID_EVERY);
        if state.unsaid == 0 || !is_time {
            return;
        }
        tracing::warn!(
            "`{}` dropped {} spans and segments: more than {} {} a second came: raise \
             `per_second`, or sample before it",
            self.name,
            state.unsaid,
            self.per_second,
            match self.unit {
                Unit::Spans => "spans",
                Unit::Traces => "traces",
            },
        );
        state.unsaid = 0;
        state.said = Some(now);
    }
}

impl State {
    fn lets_through(
        &mut self,
        unit: Unit,
        trace: Option<[u8; 16]>,
        spans: usize,
        now: Duration,
    ) -> bool {
        match (unit, trace) {
            (Unit::Spans, _) => {
                let spans = u32::try_from(spans).unwrap_or(u32::MAX);
                self.bucket.take(f64::from(spans), now)
            }
            (Unit::Traces, None) => self.bucket.take(1.0, now),
            (Unit::Traces, Some(trace)) => self.decided.get(trace).unwrap_or_else(|| {
                let keeps = self.bucket.take(1.0, now);
                self.decided.put(trace, keeps);
                keeps
            }),
        }
    }
}

#[async_trait]
impl Consumer for RateLimiting {
    async fn consume(&self, mut parcel: Parcel) {
        let gone = self.thin(&mut parcel);
        self.counters
            .left_out(&self.name, LeftOut::RateLimited, gone);
        if !parcel.is_empty() {
            self.next.consume(parcel).await;
        }
    }

    async fn drain(&self) {
        self.next.drain().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;
    use prost::Message;
    use serde_json::json;

    use super::super::tests::{End, request_of, segment, span};
    use super::*;
    use crate::collector::Memory;

    struct Limited {
        limit: Arc<RateLimiting>,
        end: Arc<End>,
        millis: Arc<AtomicU64>,
    }

    fn limited(config: &serde_json::Value) -> Limited {
        let (end, millis) = (Arc::new(End::default()), Arc::new(AtomicU64::new(0)));
        let time = Arc::clone(&millis);
        let clock: Clock = Arc::new(move || Duration::from_millis(time.load(Ordering::Relaxed)));
        let config = serde_json::from_value(config.clone()).unwrap();
        let limit = RateLimiting::new("few", &config, clock, Counters::default(), end.clone());
        Limited { limit, end, millis }
    }

    impl Limited {
        /// Sends a span of each of these traces; says how many came through.
        async fn sends(&self, traces: &[u64]) -> usize {
            let spans = traces.iter().map(|trace| span(*trace, 1)).collect();
            let request = Bytes::from(request_of("shop", spans).encode_to_vec());
            let memory = Memory::new(1 << 20);
            let charge = memory.charge(request.len()).unwrap();
            let parcel = Parcel::of_request(request, traces.len(), charge);
            self.limit.consume(parcel).await;
            let came = self.end.take();
            let bytes: usize = came.iter().map(Parcel::bytes).sum();
            assert_eq!(memory.used(), bytes);
            came.iter().map(Parcel::len).sum()
        }
    }

    #[tokio::test]
    async fn spans_come_through_at_a_rate() {
        let limited = limited(&json!({"per_second": 2, "unit": "spans", "burst": 4}));
        assert_eq!(limited.sends(&[1; 10]).await, 4);
        assert_eq!(limited.sends(&[1; 10]).await, 0);
        limited.millis.store(1500, Ordering::Relaxed);
        assert_eq!(limited.sends(&[1; 10]).await, 3);
        let counters = &limited.limit.counters;
        assert_eq!(counters.left_out_so_far("few", LeftOut::RateLimited), 23);

        // A document takes as many tokens as it has entities.
        limited.millis.store(2500, Ordering::Relaxed);
        let mut three = segment("shop", 1, 1);
        let inner =
            json!({"id": "00000000000000ff", "name": "a", "start_time": 1.0, "end_time": 2.0});
        three["subsegments"] = json!([inner, inner]);
        let one = segment("shop", 1, 2);
        let documents = vec![Bytes::from(three.to_string()), Bytes::from(one.to_string())];
        let charge = Memory::new(10_000).charge(1).unwrap();
        limited
            .limit
            .consume(Parcel::of_documents(documents.clone(), charge))
            .await;
        assert_eq!(limited.end.take()[0].documents, documents[1..]);
    }

    #[tokio::test]
    async fn traces_come_through_whole() {
        let limited = limited(&json!({"per_second": 1, "burst": 2}));
        assert_eq!(limited.sends(&[1, 2, 3, 1, 2, 3]).await, 4);
        limited.millis.store(5000, Ordering::Relaxed);
        // What was decided holds, whatever is there now.
        assert_eq!(limited.sends(&[3, 3, 1]).await, 1);
        assert_eq!(limited.sends(&[4, 5, 6]).await, 2);
        // The other form of the same trace follows.
        let documents = [1, 3]
            .into_iter()
            .map(|trace| Bytes::from(segment("shop", trace, 9).to_string()));
        let documents: Vec<_> = documents.collect();
        let charge = Memory::new(10_000).charge(1).unwrap();
        limited
            .limit
            .consume(Parcel::of_documents(documents.clone(), charge))
            .await;
        assert_eq!(limited.end.take()[0].documents, documents[..1]);
    }
}
