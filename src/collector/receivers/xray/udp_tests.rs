use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::collector::receivers::testing::{Kept, intake, intake_of, until};

const HEADER: &str = "{\"format\": \"json\", \"version\": 1}\n";

fn segment(number: u64) -> String {
    format!(
        r#"{{"trace_id":"1-6ab13b80-{number:024x}","id":"{number:016x}","name":"orders","start_time":1.5,"end_time":2.5}}"#
    )
}

fn sockets() -> (UdpSocket, UdpSocket) {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.connect(receiver.local_addr().unwrap()).unwrap();
    (receiver, sender)
}

#[tokio::test]
async fn documents_arrive_as_they_were_sent() {
    let (intake, kept) = intake();
    let (socket, sender) = sockets();
    let stop = CancellationToken::new();
    let counters = intake.counters.clone();
    let serving = tokio::spawn(serve(socket, intake, stop.clone()));
    for number in 1..=50 {
        sender
            .send(format!("{HEADER}{}", segment(number)).as_bytes())
            .unwrap();
    }
    until(|| kept.documents().len() == 50).await;
    stop.cancel();
    serving.await.unwrap();
    for (number, document) in (1..).zip(kept.documents()) {
        assert_eq!(document, segment(number).as_bytes());
    }
    assert_eq!(counters.received_so_far(NAME, Signal::segments), 50);
    let parcels = kept.parcels.lock().unwrap();
    let charged: usize = parcels.iter().map(Parcel::bytes).sum();
    assert_eq!(
        charged,
        (1..=50).map(|number| segment(number).len()).sum::<usize>()
    );
}

#[tokio::test]
async fn what_is_refused_is_counted_by_its_reason() {
    let (intake, kept) = intake();
    let (socket, sender) = sockets();
    let stop = CancellationToken::new();
    let counters = intake.counters.clone();
    let memory = std::sync::Arc::clone(&intake.memory);
    let serving = tokio::spawn(serve(socket, intake, stop.clone()));
    let good = segment(1);
    let cases = [
        (good.clone(), Reason::BadHeader),
        (format!("hello\n{good}"), Reason::BadHeader),
        (
            format!("{{\"format\":\"xml\",\"version\":1}}\n{good}"),
            Reason::UnknownType,
        ),
        (
            format!("{{\"format\":\"json\",\"version\":2}}\n{good}"),
            Reason::UnknownVersion,
        ),
        (HEADER.to_owned(), Reason::Malformed),
        (format!("{HEADER}{{\"id\""), Reason::Malformed),
        (
            format!("{HEADER}{}", good.replace("1-6ab", "2-6ab")),
            Reason::BadTraceId,
        ),
        (
            format!("{HEADER}{}", good.replace("\"name\"", "\"nome\"")),
            Reason::InvalidSegment,
        ),
    ];
    for (datagram, _) in &cases {
        sender.send(datagram.as_bytes()).unwrap();
    }
    sender.send(format!("{HEADER}{good}").as_bytes()).unwrap();
    until(|| kept.documents().len() == 1).await;
    stop.cancel();
    serving.await.unwrap();
    for (datagram, reason) in &cases {
        let same = cases.iter().filter(|(_, other)| other == reason).count();
        assert_eq!(
            counters.refused_so_far(NAME, *reason),
            same as u64,
            "{datagram}"
        );
    }
    assert_eq!(memory.used(), good.len());
    kept.parcels.lock().unwrap().clear();
    assert_eq!(memory.used(), 0);
}

#[tokio::test]
async fn what_waits_at_the_stop_is_read() {
    let (intake, kept) = intake();
    let (socket, sender) = sockets();
    for number in 1..=100 {
        sender
            .send(format!("{HEADER}{}", segment(number)).as_bytes())
            .unwrap();
    }
    let stop = CancellationToken::new();
    stop.cancel();
    serve(socket, intake, stop).await;
    assert_eq!(kept.documents().len(), 100);
}

#[tokio::test]
async fn what_there_is_no_room_for_is_counted() {
    let one = format!("{HEADER}{}", segment(1));
    let (intake, kept) = intake_of(Kept::default(), one.len() * 2, false);
    let (socket, sender) = sockets();
    for _ in 0..5 {
        sender.send(one.as_bytes()).unwrap();
    }
    let counters = intake.counters.clone();
    let stop = CancellationToken::new();
    stop.cancel();
    serve(socket, intake, stop).await;
    let taken = kept.documents().len() as u64;
    assert!((2..5).contains(&taken), "{taken}");
    assert_eq!(counters.refused_so_far(NAME, Reason::NoRoom), 5 - taken);
}

/// The system drops what does not fit the socket's buffer while nobody reads.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_the_system_drops_is_counted() {
    const SENT: u64 = 20_000;
    let (intake, kept) = intake();
    let (socket, sender) = sockets();
    for number in 1..=SENT {
        sender
            .send(format!("{HEADER}{}", segment(number)).as_bytes())
            .unwrap();
    }
    let counters = intake.counters.clone();
    let stop = CancellationToken::new();
    stop.cancel();
    serve(socket, intake, stop).await;
    let taken = kept.documents().len() as u64;
    assert!(taken < SENT, "the buffer holds them all");
    assert_eq!(
        counters.refused_so_far(NAME, Reason::QueueFull),
        SENT - taken
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_a_second_are_not_lost() {
    let (intake, kept) = intake();
    let (socket, sender) = sockets();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(socket, intake, stop.clone()));
    let sending = tokio::task::spawn_blocking(move || {
        for number in 1..=5000 {
            sender
                .send(format!("{HEADER}{}", segment(number)).as_bytes())
                .unwrap();
            if number % 20 == 0 {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    });
    sending.await.unwrap();
    until(|| kept.documents().len() == 5000).await;
    stop.cancel();
    serving.await.unwrap();
}

#[test]
fn usual_headers_are_read_as_others() {
    for header in USUAL {
        let datagram = [header, b" {}\n"].concat();
        assert_eq!(document(&datagram), Ok(b"{}".as_slice()));
        assert_eq!(document(header), Err(BadDatagram::EmptyDocument));
        let large = [header, &vec![b'x'; segment::MOST_BYTES]].concat();
        assert_eq!(document(&large), Err(BadDatagram::TooLarge));
    }
}

proptest! {
    #[test]
    fn any_datagram_is_taken_or_refused(
        header in 0..3_usize,
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let header = USUAL.get(header).copied().unwrap_or_default();
        let datagram = [header, &bytes].concat();
        prop_assert_eq!(document(&datagram), segment::datagram(&datagram));
        let mut documents = Documents::default();
        let taken = documents.take(&datagram, &Counters::default());
        prop_assert_eq!(taken.is_ok(), documents.places.len() == 1);
    }
}
