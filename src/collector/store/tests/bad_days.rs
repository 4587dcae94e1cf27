//! Full disks, damaged files, clocks that jump, and a process that is killed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::*;
use crate::collector_config;

const DAY: u64 = 24 * 3600;

/// A clock: the time of day and the steady time, in seconds.
#[derive(Clone, Default)]
struct Time {
    wall: Arc<AtomicU64>,
    steady: Arc<AtomicU64>,
}

impl Time {
    fn at(seconds: u64) -> Self {
        let time = Self::default();
        time.wall.store(seconds, Ordering::SeqCst);
        time
    }

    fn pass(&self, seconds: u64) {
        self.wall.fetch_add(seconds, Ordering::SeqCst);
        self.steady.fetch_add(seconds, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let (time, begin) = (self.clone(), Instant::now());
        Clock::of(move || {
            let read = |of: &AtomicU64| Duration::from_secs(of.load(Ordering::SeqCst));
            (
                SystemTime::UNIX_EPOCH + read(&time.wall),
                begin + read(&time.steady),
            )
        })
    }
}

fn start_at(folder: &Path, time: &Time) -> Arc<Store> {
    let settings = Settings {
        clock: time.clock(),
        ..settings()
    };
    Store::start(folder, settings, Counters::default()).unwrap()
}

async fn keep_one(store: &Store, trace: u128) {
    let one = request(&format!("s{trace}"), vec![span(trace, 0, (0, 1))]);
    keep(store, parcel_of(&[one], &[])).await;
}

/// Which of the first traces are kept, when the writer has tidied.
async fn kept(store: &Store) -> Vec<u128> {
    // It tidies after each group and before the next.
    for _ in 0..3 {
        keep(store, parcel_of(&[request("x", vec![])], &[])).await;
    }
    let reader = store.reader().unwrap();
    let is_kept = |trace: &u128| !reader.trace(id(*trace)).unwrap().is_empty();
    (0..10).filter(is_kept).collect()
}

#[tokio::test]
async fn old_traces_go() {
    let folder = tempfile::tempdir().unwrap();
    let time = Time::at(1_800_000_000);
    let store = start_at(folder.path(), &time);
    keep_one(&store, 0).await;
    time.pass(20 * DAY);
    keep_one(&store, 1).await;
    assert_eq!(kept(&store).await, [0, 1]);
    time.pass(11 * DAY);
    assert_eq!(kept(&store).await, [1]);
    let services = store.reader().unwrap().services().unwrap();
    assert_eq!(services, ["s1"]);
}

#[tokio::test]
async fn a_clock_that_jumps_takes_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let time = Time::at(1_800_000_000);
    let store = start_at(folder.path(), &time);
    keep_one(&store, 0).await;
    // Somebody sets the clock ahead by years, and back before the beginning.
    time.wall.fetch_add(3000 * DAY, Ordering::SeqCst);
    keep_one(&store, 1).await;
    assert_eq!(kept(&store).await, [0, 1]);
    time.wall.store(0, Ordering::SeqCst);
    keep_one(&store, 2).await;
    assert_eq!(kept(&store).await, [0, 1, 2]);
    drop(store);

    // It is opened while the clock is wrong, which is soon seen.
    let time = Time::at(1_800_000_000 + 3000 * DAY);
    let store = start_at(folder.path(), &time);
    keep_one(&store, 3).await;
    assert_eq!(kept(&store).await, [0, 1, 2, 3]);
    drop(store);
    let time = Time::at(1_800_000_000 + DAY);
    let store = start_at(folder.path(), &time);
    assert_eq!(kept(&store).await, [0, 1, 2, 3]);
    // What came while the clock was ahead does not stay for ever: it is taken
    // to have come when the clock was believed.
    time.pass(31 * DAY);
    assert_eq!(kept(&store).await, [3]);
    time.pass(31 * DAY);
    assert_eq!(kept(&store).await, [0_u128; 0]);
}

#[tokio::test]
async fn a_clock_that_stays_ahead_is_believed_after_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    keep_one(&start_at(folder.path(), &Time::at(1_800_000_000)), 0).await;
    let time = Time::at(1_800_000_000 + 40 * DAY);
    let store = start_at(folder.path(), &time);
    time.pass(3000);
    assert_eq!(kept(&store).await, [0]);
    time.pass(700);
    assert_eq!(kept(&store).await, [0_u128; 0]);
}

/// A request of `spans` spans whose bytes do not compress.
fn random(trace: u128, spans: u64) -> ExportTraceServiceRequest {
    let spans = (0..spans).map(|number| {
        let mut one = span(trace, number, (0, 1));
        let mut noise = [0; 4096];
        getrandom::fill(&mut noise).unwrap();
        one.trace_state = noise
            .iter()
            .map(|&byte| char::from(byte % 96 + 32))
            .collect();
        one
    });
    request("a", spans.collect())
}

#[tokio::test]
async fn the_file_does_not_grow_beyond_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let mut small = settings();
    small.limits.bytes = 4 << 20;
    let store = Store::start(folder.path(), small, Counters::default()).unwrap();
    for trace in 0..40 {
        keep(&store, parcel_of(&[random(trace, 100)], &[])).await;
    }
    let left = kept(&store).await;
    assert_eq!(left, [0_u128; 0]);
    let reader = store.reader().unwrap();
    assert_eq!(spans(&reader, id(39)).len(), 100);
    let bytes = reader.statistics().unwrap().bytes;
    assert!((3 << 20..5 << 20).contains(&bytes), "{bytes}");
    let file = fs::metadata(folder.path().join(FILE)).unwrap().len();
    assert!(file < 10 << 20, "{file}");
}

#[tokio::test]
async fn a_full_disk_is_told_and_ingestion_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut small = settings();
    small.limits.pages = 300;
    let counters = Counters::default();
    let store = Store::start(folder.path(), small, counters.clone()).unwrap();
    keep_one(&store, 0).await;
    let (parcel, waiting) = with_receipt(parcel_of(&[random(1, 1000)], &[]));
    store.consume(parcel).await;
    let why = waiting.done().await.unwrap_err();
    assert!(
        why.starts_with("there is no room on the disk for `"),
        "{why}"
    );
    assert_eq!(store.problem(), Some(why));
    let mut text = String::new();
    let mut registry = prometheus_client::registry::Registry::default();
    counters.register(&mut registry);
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let line = "collector_dropped_total{component=\"store\",reason=\"StoreFailed\"} 1000";
    assert!(text.contains(line), "{text}");

    // What fits is kept, and all is well again.
    let (parcel, waiting) = with_receipt(parcel_of(&[random(2, 10)], &[]));
    store.consume(parcel).await;
    assert_eq!(waiting.done().await, Ok(()));
    assert_eq!(store.problem(), None);
    assert_eq!(kept(&store).await, [0, 2]);
}

/// Copies the files as they are, as a process that is killed leaves them.
fn copied(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in [FILE.to_owned(), format!("{FILE}-wal")] {
        if folder.join(&name).exists() {
            fs::copy(folder.join(&name), copy.path().join(&name)).unwrap();
        }
    }
    copy
}

#[tokio::test]
async fn what_is_acknowledged_outlives_the_process() {
    for durability in [Durability::Commit, Durability::Batch] {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            durability,
            ..settings()
        };
        let store = Store::start(folder.path(), settings, Counters::default()).unwrap();
        for trace in 0..20 {
            let (parcel, waiting) = with_receipt(parcel_of(&[random(trace, 30)], &[]));
            store.consume(parcel).await;
            waiting.done().await.unwrap();
            let copy = copied(folder.path());
            let reopened = start(copy.path()).reader().unwrap();
            for acknowledged in 0..=trace {
                assert_eq!(spans(&reopened, id(acknowledged)).len(), 30);
            }
        }
    }
}

#[tokio::test]
async fn half_a_write_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    keep_one(&store, 0).await;
    let before = fs::metadata(folder.path().join(format!("{FILE}-wal"))).unwrap();
    keep(&store, parcel_of(&[random(1, 100)], &[])).await;
    let copy = copied(folder.path());
    let log = fs::OpenOptions::new()
        .write(true)
        .open(copy.path().join(format!("{FILE}-wal")))
        .unwrap();
    log.set_len(before.len() + 100_000).unwrap();
    let reopened = start(copy.path());
    assert_eq!(kept(&reopened).await, [0]);
}

#[tokio::test]
async fn bad_files_are_told_and_left() {
    let opened = |folder: &Path| {
        let config = collector_config::Store::default();
        let opened = Store::open(folder, &config, Counters::default());
        opened.err().map(|error| error.to_string())
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    fs::write(
        &file,
        "this is no database, and long enough to be none".repeat(90),
    )
    .unwrap();
    let why = opened(folder.path()).unwrap();
    assert!(why.contains("is damaged and was left as it is"), "{why}");
    assert!(fs::read(&file).unwrap().starts_with(b"this is no"));

    fs::remove_file(&file).unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE other (a)").unwrap();
    let why = opened(folder.path()).unwrap();
    assert!(why.contains("is not a store of traces"), "{why}");

    drop(other);
    fs::remove_file(&file).unwrap();
    assert_eq!(opened(folder.path()), None);
    let newer = rusqlite::Connection::open(&file).unwrap();
    newer.pragma_update(None, "user_version", 3).unwrap();
    let why = opened(folder.path()).unwrap();
    assert!(
        why.contains("has schema 3, and this local-collector knows 2"),
        "{why}"
    );
    let why = Reader::open(folder.path()).err().unwrap().to_string();
    assert!(why.contains("has schema 3"), "{why}");
    newer.pragma_update(None, "user_version", 1).unwrap();
    let why = opened(folder.path()).unwrap();
    assert!(
        why.contains("is of a build before the first release"),
        "{why}"
    );

    let nowhere = folder.path().join("nowhere");
    let why = Reader::open(&nowhere).err().unwrap().to_string();
    assert!(why.contains("cannot be used"), "{why}");
}

#[tokio::test]
async fn a_damaged_block_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    keep_one(&store, 0).await;
    let connection = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    connection
        .execute("UPDATE contents SET content = x'0105000000ffff'", [])
        .unwrap();
    let why = store.reader().unwrap().trace(id(0)).unwrap_err();
    assert!(matches!(why, StoreError::Corrupt { .. }), "{why}");
}

#[tokio::test]
async fn a_receipt_fails_where_the_writer_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    *store.sender.lock().unwrap() = mpsc::channel().0;
    let (parcel, waiting) = with_receipt(parcel_of(&[random(1, 1)], &[]));
    store.consume(parcel).await;
    assert!(waiting.done().await.is_err());
    assert!(store.problem().is_some());
    store.drain().await;
}

#[tokio::test]
async fn a_log_that_outlived_its_file_is_not_the_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let store = start(folder.path());
    keep_one(&store, 1).await;
    // As it lies there while somebody writes.
    let log = file.with_extension("sqlite-wal");
    let left = fs::read(&log).unwrap();
    assert!(!left.is_empty());
    store.drain().await;
    drop(store);
    fs::remove_file(&file).unwrap();
    fs::write(&log, left).unwrap();
    fs::write(file.with_extension("sqlite.new"), "half of a file").unwrap();
    let store = start(folder.path());
    keep_one(&store, 2).await;
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(spans(&reader, id(1)).len(), 0);
    assert_eq!(spans(&reader, id(2)).len(), 1);
    assert!(!file.with_extension("sqlite.new").exists());
}
