//! Any bytes as lists of Zipkin's.

use super::{proto, v1, v2};
use crate::collector::receivers::testing::judge;
use crate::fuzz;

fuzz::target!(zipkin_v2, 1000, |input| judge(input, v2::translated(input)));
fuzz::target!(zipkin_v1, 1000, |input| judge(input, v1::translated(input)));
fuzz::target!(zipkin_proto, 1500, |input| judge(
    input,
    proto::translated(input)
));

fn list(pieces: &[String]) -> String {
    format!("[{}]", pieces.join(","))
}

#[test]
fn large_requests_take_seconds_and_stay_in_proportion() {
    const MOST: usize = 10_000;
    let tag = |number: usize| format!(r#""{number}":"""#);
    let tags: Vec<String> = (0..MOST).map(tag).collect();
    let input = format!(
        r#"[{{"traceId":"1","id":"1","tags":{{{}}}}}]"#,
        tags.join(",")
    );
    fuzz::swift(|| judge(input.as_bytes(), v2::translated(input.as_bytes())));
    let input = list(&vec![r#"{"traceId":"1","id":"1"}"#.to_owned(); 40_000]);
    fuzz::swift(|| judge(input.as_bytes(), v2::translated(input.as_bytes())));
    // All sides of a call at once, and tags of each and of none of them.
    let sides = ["cs", "sr", "ms", "mr"];
    let annotation = |number: usize| {
        let (value, service) = match sides.get(number) {
            Some(side) => (*side, number),
            None if number < MOST / 2 => ("sr", 1),
            None => ("x", number),
        };
        format!(r#"{{"value":"{value}","endpoint":{{"serviceName":"{service}"}}}}"#)
    };
    let tag =
        |number: usize| format!(r#"{{"key":"k","endpoint":{{"serviceName":"other-{number}"}}}}"#);
    let annotations: Vec<String> = (0..MOST).map(annotation).collect();
    let tags: Vec<String> = (0..MOST).map(tag).collect();
    let span = format!(
        r#"{{"traceId":"1","id":"1","annotations":{},"binaryAnnotations":{}}}"#,
        list(&annotations),
        list(&tags)
    );
    let input = list(&[span.clone(), span.clone(), span]);
    fuzz::swift(|| judge(input.as_bytes(), v1::translated(input.as_bytes())));
    // Spans that have ids and nothing else.
    let input = [0x0a, 6, 0x0a, 1, 1, 0x1a, 1, 1].repeat(200_000);
    fuzz::swift(|| judge(&input, proto::translated(&input)));
}
