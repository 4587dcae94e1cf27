//! Any bytes as batches of Jaeger's.

use super::{proto, thrift};
use crate::collector::receivers::testing::judge;
use crate::fuzz;
use crate::otlp::write;

fuzz::target!(jaeger_compact, 1500, |input| judge(
    input,
    thrift::compact(input)
));
fuzz::target!(jaeger_binary, 1500, |input| judge(
    input,
    thrift::binary(input)
));
fuzz::target!(jaeger_http, 1500, |input| judge(
    input,
    thrift::translated(input)
));
fuzz::target!(jaeger_proto, 1500, |input| judge(
    input,
    proto::translated(input)
));

/// A request of one span with ids and what `inside` writes.
fn of_one_span(inside: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut request = Vec::new();
    write::message(&mut request, 1, |out| {
        write::message(out, 1, |out| {
            write::bytes(out, 1, &[1; 16]);
            write::bytes(out, 2, &[1; 8]);
            inside(out);
        });
    });
    request
}

#[test]
fn large_requests_take_seconds_and_stay_in_proportion() {
    const COUNT: usize = 200_000;
    let many = |piece: &[u8]| of_one_span(|out| out.extend(piece.repeat(COUNT)));
    let cases = [
        // Tags, logs and warnings with nothing in them; names given again.
        many(&[0x42, 0]),
        many(&[0x42, 3, 0x0a, 1, b'a']),
        many(&[0x4a, 0]),
        many(&[0x62, 1, b'a']),
        many(&[0x1a, 1, b'a']),
        // Processes, of the span and of the batch.
        many(&[0x52, 2, 0x0a, 0]),
        [0x0a, 2, 0x12, 0].repeat(COUNT),
        // Spans that have ids and nothing else.
        [0x0a, 8, 0x0a, 6, 0x0a, 1, 1, 0x12, 1, 1].repeat(COUNT),
        of_one_span(|out| out.extend([0x22, 2, 0x18, 1].repeat(10_000))),
    ];
    for input in cases {
        fuzz::swift(|| judge(&input, proto::translated(&input)));
    }
    let references = many(&[0x22, 0]);
    assert!(proto::translated(&references).is_err());
}
