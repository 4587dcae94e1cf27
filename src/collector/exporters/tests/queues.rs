//! Queues, retries, draining; on a clock that waits for nobody.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::collector::exporters::{Destination, FanOut, Outcome, Piece, Pieces};
use crate::collector::{Consumer, Reason, receipt};

/// What a destination does.
type Answers = Box<dyn Fn(usize) -> Outcome + Send + Sync>;

/// A destination that is told what to answer: each parcel is cut into pieces of
/// ten.
struct Told {
    takes: Duration,
    answers: Answers,
    calls: Mutex<Vec<(Duration, usize)>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    began: Instant,
}

impl Told {
    fn new(
        takes: Duration,
        answers: impl Fn(usize) -> Outcome + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            takes,
            answers: Box::new(answers),
            calls: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            began: Instant::now(),
        })
    }

    fn good(takes: Duration) -> Arc<Self> {
        Self::new(takes, |_| Outcome::Sent { rejected: 0 })
    }

    fn dead() -> Arc<Self> {
        Self::new(Duration::ZERO, |_| later(None))
    }

    fn calls(&self) -> Vec<(Duration, usize)> {
        self.calls.lock().unwrap().clone()
    }
}

fn later(after: Option<Duration>) -> Outcome {
    Outcome::Later {
        after,
        why: "connection refused".to_owned(),
    }
}

impl Destination for Told {
    type Body = usize;

    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, usize> {
        let tens = parcel.spans.div_ceil(10);
        Box::new((0..tens).map(|ten| Piece {
            body: ten,
            items: 10.min(parcel.spans - ten * 10),
        }))
    }

    async fn send(&self, body: &usize) -> Outcome {
        let call = {
            let mut calls = self.calls.lock().unwrap();
            calls.push((self.began.elapsed(), *body));
            calls.len()
        };
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        (self.answers)(call)
    }
}

const MS: Duration = Duration::from_millis(1);
const GRACE: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn several_requests_are_under_way_and_no_more_than_that() {
    let (memory, counts) = (Memory::new(1 << 20), Counts::default());
    let told = Told::good(20 * MS);
    let queue = start("a", settings(10, 4), told.clone(), &counts);
    queue.offer(&Arc::new(parcel(&memory, 75, 100)));
    tokio::time::sleep(50 * MS).await;
    assert_eq!(told.calls().len(), 8);
    assert_eq!(told.most_under_way.load(Ordering::SeqCst), 4);
    assert_eq!(counts.progress.sent_so_far("a"), 75);
    assert_eq!(memory.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn waits_longer_each_time_and_as_long_as_asked() {
    let (memory, counts) = (Memory::new(1 << 20), Counts::default());
    let told = Told::new(Duration::ZERO, |call| match call {
        1 | 2 => later(None),
        3 => later(Some(Duration::from_secs(17))),
        _ => Outcome::Sent { rejected: 3 },
    });
    let queue = start("a", settings(10, 4), told.clone(), &counts);
    queue.offer(&Arc::new(parcel(&memory, 10, 100)));
    tokio::time::sleep(Duration::from_mins(1)).await;
    let calls = told.calls();
    let gaps: Vec<_> = calls
        .windows(2)
        .map(|two| two[1].0.saturating_sub(two[0].0))
        .collect();
    assert_eq!(gaps.len(), 3);
    assert!(gaps[0] >= 500 * MS && gaps[0] <= 1502 * MS, "{gaps:?}");
    assert!(gaps[1] >= 1000 * MS && gaps[1] <= 3002 * MS, "{gaps:?}");
    assert!(gaps[2] >= 17_000 * MS && gaps[2] <= 17_002 * MS, "{gaps:?}");
    assert_eq!(counts.progress.retries_so_far("a"), 3);
    assert_eq!(counts.progress.sent_so_far("a"), 7);
    assert_eq!(counts.dropped("a", "Rejected"), 3);
}

#[tokio::test(start_paused = true)]
async fn what_will_never_go_well_is_not_tried_again() {
    let (memory, counts) = (Memory::new(1 << 20), Counts::default());
    let told = Told::new(Duration::ZERO, |_| Outcome::Never {
        reason: Reason::Rejected,
        why: "403".to_owned(),
    });
    let queue = start("a", settings(10, 4), told.clone(), &counts);
    queue.offer(&Arc::new(parcel(&memory, 10, 100)));
    tokio::time::sleep(GRACE).await;
    assert_eq!(told.calls().len(), 1);
    assert_eq!(counts.dropped("a", "Rejected"), 10);
    assert_eq!(memory.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_is_dead_for_minutes_holds_up_nobody() {
    let (memory, counts) = (Memory::new(1 << 20), Counts::default());
    let (dead, well) = (Told::dead(), Told::good(MS));
    let queues = vec![
        start("dead", settings(5, 2), dead.clone(), &counts),
        start("well", settings(5, 2), well.clone(), &counts),
    ];
    let out = FanOut::new(queues, GRACE);
    // Ten minutes, a parcel of twenty spans and 1,000 bytes each second.
    let mut most = 0;
    for _ in 0..600 {
        out.consume(parcel(&memory, 20, 1000)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        most = most.max(memory.used());
    }
    assert_eq!(counts.progress.sent_so_far("well"), 12_000);
    // Five that wait, one that is cut, and two pieces of those before.
    assert!(most <= 8000, "{most}");
    assert_eq!(counts.progress.sent_so_far("dead"), 0);
    out.drain().await;
    let lost = counts.dropped("dead", "QueueFull") + counts.dropped("dead", "GivenUp");
    assert_eq!(lost, 12_000);
    assert!(counts.dropped("dead", "GivenUp") > 10);
    assert_eq!(memory.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_drops_the_newest_and_counts_it() {
    let (memory, counts) = (Memory::new(8 << 20), Counts::default());
    let told = Told::good(Duration::from_secs(5));
    let queue = start("a", settings(3, 1), told.clone(), &counts);
    let one = |spans, bytes| Arc::new(parcel(&memory, spans, bytes));
    queue.offer(&one(1, 10));
    tokio::time::sleep(MS).await;
    // One is under way, three wait.
    for spans in 2..=5 {
        queue.offer(&one(spans, 10));
    }
    assert_eq!(counts.dropped("a", "QueueFull"), 5);
    // By bytes too, but a large one goes through an empty queue.
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(counts.progress.sent_so_far("a"), 1 + 2 + 3 + 4);
    queue.offer(&one(1, 10));
    tokio::time::sleep(MS).await;
    queue.offer(&one(7, 2 << 20));
    queue.offer(&one(9, 10));
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(counts.dropped("a", "QueueFull"), 5 + 9);
    assert_eq!(counts.progress.sent_so_far("a"), 10 + 1 + 7);
}

#[tokio::test(start_paused = true)]
async fn a_patient_queue_waits_for_room() {
    let (memory, counts) = (Memory::new(1 << 20), Counts::default());
    let patient = Settings {
        when_full: WhenFull::Wait,
        ..settings(1, 1)
    };
    let queue = start("a", patient, Told::good(Duration::from_secs(1)), &counts);
    let out = FanOut::new(vec![queue], GRACE);
    let began = Instant::now();
    for _ in 0..6 {
        out.consume(parcel(&memory, 1, 10)).await;
    }
    assert!(began.elapsed() >= Duration::from_secs(3));
    out.drain().await;
    assert_eq!(counts.progress.sent_so_far("a"), 6);
    assert_eq!(counts.dropped("a", "QueueFull"), 0);
}

#[tokio::test(start_paused = true)]
async fn draining_sends_what_waits_and_ends_in_time() {
    let (memory, counts) = (Memory::new(1 << 20), Counts::default());
    let (slow, dead) = (Told::good(Duration::from_secs(1)), Told::dead());
    let queues = vec![
        start("slow", settings(10, 1), slow, &counts),
        start("dead", settings(10, 1), dead.clone(), &counts),
    ];
    let out = FanOut::new(queues, GRACE);
    for _ in 0..8 {
        out.consume(parcel(&memory, 15, 10)).await;
    }
    let began = Instant::now();
    out.drain().await;
    assert!(began.elapsed() >= GRACE && began.elapsed() < GRACE + Duration::from_secs(1));
    // Ten requests of a second each, and the rest is counted.
    let sent = counts.progress.sent_so_far("slow");
    assert!((70..=80).contains(&sent), "{sent}");
    assert_eq!(sent + counts.dropped("slow", "GivenUp"), 120);
    assert_eq!(counts.dropped("dead", "GivenUp"), 120);
    // It was tried until the end.
    assert!(dead.calls().len() > 5);
    // What comes too late is counted as well.
    out.consume(parcel(&memory, 4, 10)).await;
    assert_eq!(counts.dropped("slow", "QueueFull"), 4);
    assert_eq!(memory.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_comes_back_at_the_end_is_tried_at_once() {
    let (memory, counts) = (Memory::new(1 << 20), Counts::default());
    let told = Told::new(Duration::ZERO, |call| match call {
        1 => later(Some(Duration::from_secs(200))),
        _ => Outcome::Sent { rejected: 0 },
    });
    let queue = start("a", settings(10, 1), told, &counts);
    queue.offer(&Arc::new(parcel(&memory, 10, 10)));
    tokio::time::sleep(MS).await;
    queue.drain(GRACE).await;
    assert_eq!(counts.progress.sent_so_far("a"), 10);
}

#[tokio::test(start_paused = true)]
async fn senders_do_not_wait_for_destinations() {
    let (memory, counts) = (Memory::new(1 << 20), Counts::default());
    let out = FanOut::new(
        vec![start("a", settings(10, 1), Told::dead(), &counts)],
        GRACE,
    );
    let (receipt, waiting) = receipt();
    let mut parcel = parcel(&memory, 1, 10);
    parcel.receipts.push(receipt);
    out.consume(parcel).await;
    let done = tokio::time::timeout(MS, waiting.done()).await;
    assert_eq!(done, Ok(Ok(())));
}
