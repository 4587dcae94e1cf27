//! Fills a store with traces as fast as it goes and says how fast that was, how
//! much room they take, and how soon they are found.
//!
//! ```sh
//! cargo run --release --example store_load -- --spans 5000000
//! ```
//!
//! The spans are those of the example `load`, with ids and times of their own
//! each: what is the same in all requests would take no room.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers that may stop where something is wrong"
)]

#[path = "../benches/load/otlp.rs"]
mod otlp;
#[path = "../benches/load/places.rs"]
mod places;

use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::{Parser, ValueEnum};
use xrayctl::collector::store::{Query, Store};
use xrayctl::collector::{Consumer, Counters, Memory, Parcel};
use xrayctl::collector_config::{self, Durability};
use xrayctl::segment::TraceId;

/// Bytes that may lie in memory, as in the collector.
const MEMORY: usize = 128 << 20;

/// Fill a store and say what that cost
#[derive(Clone, Debug, Parser)]
struct Arguments {
    /// Store this many spans
    #[arg(long, default_value_t = 2_000_000)]
    spans: u64,

    /// Store this many requests of 512 spans at a time
    #[arg(long, default_value_t = 16)]
    batch: u64,

    /// Store them in this folder, which is kept
    #[arg(long)]
    folder: Option<PathBuf>,

    /// What they outlive
    #[arg(long, default_value = "batch")]
    durability: Outlives,

    /// MiB that they may take
    #[arg(long, default_value_t = 1024)]
    max_size_mib: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Outlives {
    Batch,
    Commit,
}

/// A request that is given ids and times of its own each time.
struct Requests {
    bytes: Vec<u8>,
    places: Vec<places::Places>,
    random: u64,
    trace_ids: Vec<[u8; 16]>,
}

impl Requests {
    fn new() -> Self {
        let bytes = otlp::Template::new().request(0).to_vec();
        let places = places::places(&bytes);
        Self {
            bytes,
            places,
            random: 1,
            trace_ids: vec![[0; 16]; 256],
        }
    }

    /// The next number of `SplitMix64`.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(places::STEP);
        places::mixed(self.random)
    }

    fn next(&mut self, number: u64) -> Bytes {
        for index in 0..self.trace_ids.len() {
            let (first, second) = (self.random(), self.random());
            self.trace_ids[index][..8].copy_from_slice(&first.to_le_bytes());
            self.trace_ids[index][8..].copy_from_slice(&second.to_le_bytes());
        }
        // Spans of a trace come in the order in which they call one another.
        let mut parents = vec![0_u64; 256];
        for index in 0..self.places.len() {
            let (own, noise) = (self.random(), self.random());
            let start = 1_790_000_000_000_000_000 + number * 1_000_000 + noise % 10_000_000;
            let end = start + (noise >> 32) % 100_000_000;
            let places = &self.places[index];
            let mut put = |at: &Range<usize>, what: &[u8]| {
                self.bytes[at.clone()].copy_from_slice(what);
            };
            put(&places.trace_id, &self.trace_ids[places.trace]);
            put(&places.span_id, &own.to_le_bytes());
            if let Some(parent) = &places.parent {
                put(parent, &parents[places.trace].to_le_bytes());
            }
            put(&places.start, &start.to_le_bytes());
            put(&places.end, &end.to_le_bytes());
            parents[places.trace] = own;
        }
        Bytes::from(self.bytes.clone())
    }
}

/// A line of `/proc/self/status`, in MiB.
fn memory(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// Processor time of this process so far.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|it| it.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn show<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = run();
    println!("{what:<15}{:.2} ms", begun.elapsed().as_secs_f64() * 1000.0);
    result
}

#[tokio::main]
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
async fn main() {
    let arguments = Arguments::parse();
    let temporary = std::env::temp_dir().join(format!("store-load-{}", std::process::id()));
    let folder = arguments.folder.clone().unwrap_or(temporary.clone());
    let config = collector_config::Store {
        durability: match arguments.durability {
            Outlives::Batch => Durability::Batch,
            Outlives::Commit => Durability::Commit,
        },
        max_size_mib: arguments.max_size_mib,
        ..collector_config::Store::default()
    };
    let store = show("create", || {
        Store::open(&folder, &config, Counters::default()).unwrap()
    });
    let memory_limit = Memory::new(MEMORY);
    let mut requests = Requests::new();
    let spans = usize::try_from(otlp::SPANS).unwrap();
    let count = arguments.spans.div_ceil(otlp::SPANS);
    let (begun, before) = (Instant::now(), cpu());
    let mut batch = Parcel::default();
    for number in 0..count {
        let request = requests.next(number);
        let charge = loop {
            match memory_limit.charge(request.len()) {
                Some(charge) => break charge,
                None => tokio::task::yield_now().await,
            }
        };
        batch.append(Parcel::of_request(request, spans, charge));
        if (number + 1) % arguments.batch == 0 {
            store.consume(std::mem::take(&mut batch)).await;
        }
    }
    store.consume(batch).await;
    store.drain().await;
    let (took, used) = (
        begun.elapsed().as_secs_f64(),
        cpu().saturating_sub(before).as_secs_f64(),
    );
    let stored = (count * otlp::SPANS) as f64;
    println!("problem        {:?}", store.problem());
    println!("spans          {stored}");
    println!("seconds        {took:.3}");
    println!("spans/s        {:.0}", stored / took);
    println!("spans/cpu s    {:.0}", stored / used.max(0.01));
    println!("peak MiB       {:.1}", memory("VmHWM:"));

    let reader = store.reader().unwrap();
    let statistics = show("statistics", || reader.statistics().unwrap());
    println!("blocks         {}", statistics.blocks);
    let kept = statistics.spans as f64;
    println!("bytes          {}", statistics.bytes);
    println!("bytes/span     {:.1}", statistics.bytes as f64 / kept);
    let last = TraceId::from_bytes(requests.trace_ids[0]);
    let found = show("a trace", || reader.trace(last).unwrap());
    println!("found          {}", found.len());
    show("20 traces", || reader.traces(&Query::default()).unwrap());
    let slow = Query {
        service: Some("service-3".to_owned()),
        errors_only: true,
        min_duration: Some(90_000_000),
        ..Query::default()
    };
    show("20 slow errors", || reader.traces(&slow).unwrap());
    show("services", || reader.services().unwrap());
    drop((reader, store));
    show("open again", || {
        Store::open(&folder, &config, Counters::default()).unwrap()
    });
    if arguments.folder.is_none() {
        fs::remove_dir_all(&temporary).unwrap();
    }
}
