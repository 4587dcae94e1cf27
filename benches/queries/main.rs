//! How soon local-collector answers what the X-Ray API is asked, with few traces
//! stored and with many; and that what comes in meanwhile is kept.
//!
//! ```sh
//! cargo bench --bench queries                            # 10 k to 1 M traces
//! cargo bench --bench queries -- --stores 1000000/719    # a million of 719 hours
//! ```
//!
//! Each store is filled over OTLP with traces of ten spans, at even distances in
//! time. Some stores reach ever further back with as many traces in an hour, others
//! have ever more of them in thirty days. What was measured: `docs/performance.md`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark may stop where something is wrong, and gives figures for people"
)]

mod collector;
mod past;
#[path = "../load/places.rs"]
mod places;
#[path = "../load/process.rs"]
mod process;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use clap::Parser;
use serde_json::{Value, json};

use collector::{Collector, Connection};
use past::{Past, Requests, SPANS, TRACES, trace_id};
use process::{usage, wait_until_idle};
use xrayctl::segment::TraceId;

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3_600 * SECOND;
const CONNECTIONS: u64 = 4;
/// Requests a second that come in while others ask: 2,000 spans.
const MEANWHILE: u64 = 4;
/// How soon a refused request is sent again.
const AGAIN: Duration = Duration::from_millis(20);

/// Measure what the X-Ray API takes to answer
#[derive(Debug, Parser)]
struct Arguments {
    /// What is stored, one store after the other: traces, and the hours that they are of
    #[arg(
        long,
        num_args = 1..,
        value_name = "TRACES/HOURS",
        value_parser = stored,
        default_values = ["10000/7", "100000/72", "10000/719", "100000/719", "1000000/719"]
    )]
    stores: Vec<Stored>,

    /// Times that each thing is asked, each time of another trace or hour
    #[arg(long, default_value_t = 51)]
    asks: u64,

    /// The program that is measured [default: that of this package]
    #[arg(long, default_value = env!("CARGO_BIN_EXE_local-collector"))]
    program: PathBuf,

    /// Keep the stores in a folder of this one
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,

    #[arg(long, hide = true)]
    bench: bool,
}

/// What is in a store.
#[derive(Clone, Copy, Debug)]
struct Stored {
    traces: u64,
    hours: u64,
}

fn stored(text: &str) -> Result<Stored, String> {
    let read = |number: &str| number.parse().ok().filter(|number: &u64| *number > 1);
    let found = text.split_once('/').and_then(|(traces, hours)| {
        Some(Stored {
            traces: read(traces)?.div_ceil(TRACES) * TRACES,
            hours: read(hours)?,
        })
    });
    found.ok_or_else(|| "wanted are two numbers above 1, as in `1000000/719`".to_owned())
}

impl Stored {
    fn in_an_hour(self) -> f64 {
        self.traces as f64 / self.hours as f64
    }
}

/// Medians, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Times {
    trace: f64,
    filter: f64,
    graph: f64,
}

/// What was measured of one store.
struct Row {
    stored: Stored,
    seconds: f64,
    bytes: u64,
    /// MiB that are resident, at the start, when it is full, and after all was asked.
    resident: [f64; 3],
    peak_mib: f64,
    alone: Times,
    meanwhile: Times,
    came: u64,
    found: u64,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    if !arguments.bench {
        // `cargo test --all-targets` only wants to know that it builds.
        return;
    }
    println!(
        "| traces | hours | an hour | filled in | spans/s | MiB on disk | MiB resident: start, full, after | \
         peak | trace by id | filter, an hour | graph, an hour | the same while traces come | lost |"
    );
    println!("| --: | --: | --: | --: | --: | --: | --- | --: | --: | --: | --: | --- | --: |");
    let mut rows = Vec::new();
    for stored in &arguments.stores {
        let row = measure(&arguments, *stored).await;
        tell(&row);
        rows.push(row);
    }
    println!();
    if let Some((last, others)) = rows.split_last() {
        for other in others {
            growth(other, last);
        }
        wanted(last);
    }
}

fn tell(row: &Row) {
    let times = |it: &Times| [it.trace, it.filter, it.graph].map(|one| format!("{one:.1} ms"));
    println!(
        "| {} | {} | {:.0} | {:.1} s | {:.0} | {:.1} | {:.1}, {:.1}, {:.1} | {:.1} | {} | {} | {} of {} |",
        row.stored.traces,
        row.stored.hours,
        row.stored.in_an_hour(),
        row.seconds,
        (row.stored.traces * SPANS) as f64 / row.seconds,
        row.bytes as f64 / 1_048_576.0,
        row.resident[0],
        row.resident[1],
        row.resident[2],
        row.peak_mib,
        times(&row.alone).join(" | "),
        times(&row.meanwhile).join(", "),
        row.came - row.found,
        row.came,
    );
}

/// Says by what the times grew from one store to another.
fn growth(few: &Row, many: &Row) {
    println!(
        "- {} traces of {} hours to {} of {}, {:.1} × in an hour: trace by id × {:.2}, filter × {:.2}, graph × {:.2}, \
         resident {:+.1} MiB",
        few.stored.traces,
        few.stored.hours,
        many.stored.traces,
        many.stored.hours,
        many.stored.in_an_hour() / few.stored.in_an_hour(),
        many.alone.trace / few.alone.trace,
        many.alone.filter / few.alone.filter,
        many.alone.graph / few.alone.graph,
        many.resident[2] - few.resident[2],
    );
}

/// Says of the largest store whether what is wanted holds.
fn wanted(row: &Row) {
    let bounds = [
        ("trace by id", row.alone.trace, 5.0),
        ("filter over an hour", row.alone.filter, 200.0),
        ("service graph over an hour", row.alone.graph, 200.0),
        ("traces lost", (row.came - row.found) as f64, 0.0),
    ];
    for (what, found, most) in bounds {
        let word = if found <= most { "holds" } else { "FAILS" };
        println!("- {word}: {what} {found:.1}, wanted at most {most:.0}");
    }
}

async fn measure(arguments: &Arguments, stored: Stored) -> Row {
    let collector = Collector::start(&arguments.program, &arguments.folder);
    let past = Past {
        traces: stored.traces,
        // They end an hour ago: what comes meanwhile is by itself.
        begin: now() - (stored.hours + 1) * HOUR,
        length: Duration::from_nanos(stored.hours * HOUR),
    };
    let start = usage(collector.pid()).resident_mib;
    let began = Instant::now();
    fill(&collector, past).await;
    let seconds = (wait_until_idle(collector.pid()) - began).as_secs_f64();
    let full = usage(collector.pid()).resident_mib;
    let alone = ask(&collector, past, arguments.asks).await;
    let stop = Arc::new(AtomicBool::new(false));
    let began = now() / SECOND;
    let coming = tokio::spawn(come(collector.otlp, Arc::clone(&stop)));
    let meanwhile = ask(&collector, past, arguments.asks).await;
    stop.store(true, Ordering::Relaxed);
    let came = coming.await.unwrap();
    wait_until_idle(collector.pid());
    let found = count(&collector, began, now() / SECOND + 1).await;
    let after = usage(collector.pid());
    Row {
        stored,
        seconds,
        bytes: collector.bytes_on_disk(),
        resident: [start, full, after.resident_mib],
        peak_mib: after.peak_mib,
        alone,
        meanwhile,
        came,
        found,
    }
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap().as_nanos()).unwrap()
}

/// Sends all of the past, as fast as it goes.
async fn fill(collector: &Collector, past: Past) {
    let next = Arc::new(AtomicU64::new(0));
    let senders = (0..CONNECTIONS).map(|_| {
        let (next, address) = (Arc::clone(&next), collector.otlp);
        tokio::spawn(async move {
            let mut connection = Connection::open(address).await;
            let mut requests = Requests::new(0);
            loop {
                let first = next.fetch_add(TRACES, Ordering::Relaxed);
                if first >= past.traces {
                    return;
                }
                let request = requests.request(first, |trace| past.start(trace));
                while !connection.export(request).await {
                    tokio::time::sleep(AGAIN).await;
                }
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
}

/// Sends traces of now until it is told to stop; gives how many were taken.
async fn come(address: std::net::SocketAddr, stop: Arc<AtomicBool>) -> u64 {
    let mut connection = Connection::open(address).await;
    let mut requests = Requests::new(1);
    let mut taken = 0;
    let mut pace =
        tokio::time::interval(Duration::from_secs(1) / u32::try_from(MEANWHILE).unwrap());
    while !stop.load(Ordering::Relaxed) {
        pace.tick().await;
        let at = now();
        let request = requests.request(taken, |trace| at + trace % TRACES);
        if connection.export(request).await {
            taken += TRACES;
        }
    }
    taken
}

/// Asks for traces and hours all over the past; gives the medians.
async fn ask(collector: &Collector, past: Past, asks: u64) -> Times {
    let mut connection = Connection::open(collector.aws).await;
    let [mut trace, mut filter, mut graph] = [const { Vec::new() }; 3];
    for number in 0..asks {
        let random = places::mixed((number + 1).wrapping_mul(places::STEP));
        let id = xray_id(trace_id(0, random % past.traces));
        let members = json!({ "TraceIds": [id] });
        let answer = timed(&mut connection, "/Traces", &members, &mut trace).await;
        assert_eq!(answer["Traces"][0]["Id"], Value::from(id));
        let begin = past.begin / SECOND + random % (past.length.as_secs() - 3_600);
        let (count, failed) = past.within(begin * SECOND, begin * SECOND + HOUR);
        let window = json!({ "StartTime": begin, "EndTime": begin + 3_600 });
        let mut filtered = window.clone();
        filtered["FilterExpression"] = "service(\"service-2\") { fault } AND fault".into();
        let answer = timed(&mut connection, "/TraceSummaries", &filtered, &mut filter).await;
        let found = answer["TraceSummaries"].as_array().unwrap().len() as u64;
        assert_eq!(found, failed, "failed traces of an hour");
        let answer = timed(&mut connection, "/ServiceGraph", &window, &mut graph).await;
        assert_eq!(of_the_first(&answer), count, "requests of an hour");
    }
    Times {
        trace: median(trace),
        filter: median(filter),
        graph: median(graph),
    }
}

/// Requests of the first service, in a graph.
fn of_the_first(graph: &Value) -> u64 {
    let services = graph["Services"].as_array().unwrap().iter();
    services
        .filter(|one| one["Name"] == "service-0")
        .filter_map(|one| one["SummaryStatistics"]["TotalCount"].as_u64())
        .sum()
}

/// Calls an operation, and keeps how many milliseconds that took.
async fn timed(
    connection: &mut Connection,
    path: &str,
    members: &Value,
    times: &mut Vec<f64>,
) -> Value {
    let began = Instant::now();
    let answer = connection.ask(path, members).await;
    times.push(began.elapsed().as_secs_f64() * 1000.0);
    serde_json::from_slice(&answer).unwrap()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Counts the traces of a window, all pages of them.
async fn count(collector: &Collector, begin: u64, end: u64) -> u64 {
    let mut connection = Connection::open(collector.aws).await;
    let mut members = json!({ "StartTime": begin, "EndTime": end });
    let mut count = 0;
    loop {
        let answer = connection.ask("/TraceSummaries", &members).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        count += answer["TraceSummaries"].as_array().unwrap().len() as u64;
        if answer["NextToken"].is_null() {
            return count;
        }
        members["NextToken"] = answer["NextToken"].clone();
    }
}

/// An id as X-Ray writes it.
fn xray_id(id: [u8; 16]) -> String {
    TraceId::from_bytes(id).to_string()
}
