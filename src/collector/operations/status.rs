//! How the collector is, for whoever asks.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::collector::Memory;
use crate::collector::store::Store;

const STARTING: u8 = 0;
const READY: u8 = 1;
const STOPPING: u8 = 2;

/// How a collector is.
pub struct Status {
    started: Instant,
    phase: AtomicU8,
    places: Mutex<Places>,
    memory: Arc<Memory>,
    registry: Arc<Registry>,
    store: Option<Arc<Store>>,
}

type Place = (&'static str, SocketAddr);

#[derive(Default)]
struct Places {
    listening: Vec<Place>,
    missing: Vec<Place>,
}

impl Status {
    /// That of a collector that is starting.
    pub fn new(memory: Arc<Memory>, registry: Arc<Registry>, store: Option<Arc<Store>>) -> Self {
        Self {
            started: Instant::now(),
            phase: AtomicU8::new(STARTING),
            places: Mutex::default(),
            memory,
            registry,
            store,
        }
    }

    /// Says that all receivers listen.
    pub fn set_ready(&self) {
        self.phase.store(READY, Ordering::Release);
    }

    /// Says that nobody new is taken.
    pub fn set_stopping(&self) {
        self.phase.store(STOPPING, Ordering::Release);
    }

    /// Tells whether traces are taken.
    pub fn is_ready(&self) -> bool {
        self.phase.load(Ordering::Acquire) == READY
    }

    /// What is wrong; `None` while all is well.
    pub fn problem(&self) -> Option<String> {
        let store = self.store.as_ref()?;
        let why = store.problem()?;
        Some(format!("traces are not kept: {why}"))
    }

    /// Where traces are kept, where they are.
    pub fn store(&self) -> Option<&Arc<Store>> {
        self.store.as_ref()
    }

    /// In a word.
    pub fn phase(&self) -> &'static str {
        match self.phase.load(Ordering::Acquire) {
            STARTING => "starting",
            READY => "ready",
            _ => "stopping",
        }
    }

    /// Seconds since the start.
    pub fn uptime_seconds(&self) -> u64 {
        self.started.elapsed().as_secs()
    }

    /// Adds what is listened on.
    pub fn add_listening(&self, what: &'static str, address: SocketAddr) {
        self.places(|places| places.listening.push((what, address)));
    }

    /// Adds what goes missing, since others listen there.
    pub fn add_missing(&self, what: &'static str, address: SocketAddr) {
        self.places(|places| places.missing.push((what, address)));
    }

    /// What is listened on.
    pub fn listening(&self) -> Vec<Place> {
        self.places(|places| places.listening.clone())
    }

    /// What goes missing.
    pub fn missing(&self) -> Vec<Place> {
        self.places(|places| places.missing.clone())
    }

    /// Bytes of traces in memory, and the most that there may be.
    pub fn memory(&self) -> (usize, usize) {
        (self.memory.used(), self.memory.limit())
    }

    /// The counters in the text format of `OpenMetrics`.
    pub fn metrics(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn places<T>(&self, work: impl FnOnce(&mut Places) -> T) -> T {
        work(&mut self.places.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
