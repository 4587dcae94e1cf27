//! Holds traces until they are whole, and keeps those that matter.

mod policies;
mod split;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use self::policies::{Facts, Policies};
use self::split::{Piece, split};
use super::bucket::{Bucket, Clock};
use super::recent::Recent;
use crate::collector::{Consumer, Counters, LeftOut, Parcel};
use crate::collector_config::processors::TailSampling as Config;

/// Bytes that a trace takes beside its spans, and each piece of it: what is held
/// of them, roughly.
const TRACE_BYTES: usize = 512;
const PIECE_BYTES: usize = 64;

/// Holds traces until they are whole, and hands on those that any policy keeps.
///
/// A parcel is taken apart by trace; who waits for it is told that all is well.
/// What was decided of a trace holds for spans that come later, as long as it is
/// remembered. The oldest traces are decided early where there is no room for
/// more, and all of them when the collector stops.
pub struct TailSampling {
    name: String,
    wait: Duration,
    most_traces: usize,
    most_bytes: usize,
    policies: Policies,
    clock: Clock,
    state: Mutex<State>,
    counters: Counters,
    next: Arc<dyn Consumer>,
}

struct State {
    held: HashMap<[u8; 16], Held>,
    /// The traces that are held, the oldest first, and when each is due.
    order: VecDeque<([u8; 16], Instant)>,
    bytes: usize,
    decided: Recent<bool>,
    buckets: Vec<Bucket>,
}

/// A trace that is not decided yet.
struct Held {
    parcel: Parcel,
    facts: Facts,
    /// What its pieces take.
    bytes: usize,
    /// What it counts for, with what it takes beside them.
    weight: usize,
}

/// What goes on, and what was dropped.
#[derive(Default)]
struct Decided {
    on: Parcel,
    dropped: usize,
}

impl TailSampling {
    /// Starts one before `next`; `name` is its name in the configuration, and
    /// `clock` says how time passes for policies that limit a rate.
    ///
    /// # Errors
    /// Where a pattern is no regular expression, which the check of the
    /// configuration says first.
    pub fn start(
        name: &str,
        config: &Config,
        clock: Clock,
        counters: Counters,
        next: Arc<dyn Consumer>,
    ) -> Result<Arc<Self>, regex::Error> {
        let policies = Policies::new(&config.policies)?;
        let wait = Duration::from_millis(config.decision_wait_ms);
        let state = State {
            held: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
            decided: Recent::new(config.decision_cache),
            buckets: policies.buckets(clock()),
        };
        let sampling = Arc::new(Self {
            name: name.to_owned(),
            wait,
            most_traces: config.num_traces,
            most_bytes: config.max_mib.saturating_mul(1024 * 1024),
            policies,
            clock,
            state: Mutex::new(state),
            counters,
            next,
        });
        let weak = Arc::downgrade(&sampling);
        let tick = (wait / 10).clamp(Duration::from_millis(10), Duration::from_secs(1));
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(tick).await;
                let Some(sampling) = weak.upgrade() else {
                    return;
                };
                sampling.decide_due().await;
            }
        });
        Ok(sampling)
    }

    /// Takes in what came; returns what goes on at once.
    fn take_in(&self, pieces: Vec<Piece>) -> Decided {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut decided = Decided::default();
        for piece in pieces {
            let Some(trace) = piece.trace else {
                decided.on.append(piece.parcel);
                continue;
            };
            match state.decided.get(trace) {
                Some(true) => decided.on.append(piece.parcel),
                Some(false) => decided.dropped += piece.parcel.len(),
                None => {
                    state.hold(trace, piece, self.wait);
                    // After each piece: one parcel may hold any number.
                    while state.held.len() > self.most_traces || state.bytes > self.most_bytes {
                        if !self.decide_oldest(&mut state, &mut decided) {
                            break;
                        }
                    }
                }
            }
        }
        decided
    }

    async fn decide_due(&self) {
        let now = Instant::now();
        self.decide_while(|due| due <= now).await;
    }

    /// Decides the oldest traces as long as `is_due` says so of them.
    async fn decide_while(&self, is_due: impl Fn(Instant) -> bool) {
        let mut decided = Decided::default();
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            while state.order.front().is_some_and(|(_, due)| is_due(*due)) {
                self.decide_oldest(&mut state, &mut decided);
            }
        }
        self.hand_on(decided).await;
    }

    /// Decides the oldest trace; `false` where there is none.
    fn decide_oldest(&self, state: &mut State, decided: &mut Decided) -> bool {
        let Some((trace, _)) = state.order.pop_front() else {
            return false;
        };
        let Some(held) = state.held.remove(&trace) else {
            return true;
        };
        state.bytes = state.bytes.saturating_sub(held.weight);
        let now = (self.clock)();
        let buckets = &mut state.buckets;
        let keeps = self.policies.keep(trace, &held.facts, buckets, now);
        state.decided.put(trace, keeps);
        if keeps {
            decided.on.append(held.parcel);
        } else {
            decided.dropped += held.parcel.len();
        }
        true
    }

    async fn hand_on(&self, decided: Decided) {
        let dropped = decided.dropped;
        self.counters
            .left_out(&self.name, LeftOut::Sampled, dropped);
        if !decided.on.is_empty() {
            self.next.consume(decided.on).await;
        }
    }
}

impl State {
    fn hold(&mut self, trace: [u8; 16], piece: Piece, wait: Duration) {
        let bytes = piece.parcel.bytes();
        let is_new = !self.held.contains_key(&trace);
        let weight = bytes + PIECE_BYTES + if is_new { TRACE_BYTES } else { 0 };
        self.bytes += weight;
        if is_new {
            self.order.push_back((trace, Instant::now() + wait));
        }
        let held = self.held.entry(trace).or_insert_with(|| Held {
            parcel: Parcel::default(),
            facts: Facts::default(),
            bytes: 0,
            weight: 0,
        });
        held.parcel.append(piece.parcel);
        held.facts.add(&piece.facts);
        held.bytes += bytes;
        held.weight += weight;
        // One charge a trace.
        held.parcel.charges.truncate(1);
        if let Some(charge) = held.parcel.charges.first_mut() {
            charge.settle(held.bytes);
        }
    }
}

#[async_trait]
impl Consumer for TailSampling {
    async fn consume(&self, parcel: Parcel) {
        let pieces = split(parcel, &self.policies);
        let decided = self.take_in(pieces);
        self.hand_on(decided).await;
    }

    async fn drain(&self) {
        self.decide_while(|_| true).await;
        self.next.drain().await;
    }
}
