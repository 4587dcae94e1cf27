//! Any bytes as a segment document, and any request as documents.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Options, SCOPE, check, from_otlp, to_otlp};
use crate::fuzz;
use crate::otlp::view::{self, AnyValue};
use crate::otlp::{self, write};

fuzz::target!(segment_document, document);
fuzz::target!(otlp_documents, documents);

/// A document that AWS would take becomes as many spans as it has entities, and
/// the same document again.
fn document(input: &[u8]) {
    let mut request = Vec::new();
    let envelope = match (check(input), to_otlp(input, &mut request)) {
        (Ok(envelope), Ok(spans)) => {
            assert_eq!(envelope.entities, spans);
            envelope
        }
        (Err(why), Err(other)) => {
            assert_eq!(why, other);
            return;
        }
        // Deeper than the translation goes, or with half a letter in a text.
        (Ok(_), Err(_)) => {
            assert!(serde_json::from_slice::<IgnoredAny>(input).is_ok());
            return assert!(request.is_empty());
        }
        (Err(why), Ok(_)) => panic!("{why}"),
    };
    let counted = otlp::check(&request).expect("a request");
    assert_eq!(counted.spans, envelope.entities);
    fuzz::bounded(input, request.len(), 40);
    if counted.without_id > 0 {
        // An id of zeros is one in X-Ray, and none in OTLP.
        return assert!(String::from_utf8_lossy(input).contains("00000000"));
    }
    let mut back = Vec::new();
    for resource in view::resources(&request) {
        let left_out = from_otlp(resource, &Options::default(), &mut |document| {
            assert_eq!(document.id, envelope.id);
            assert_eq!(document.trace_id, envelope.trace_id);
            assert_eq!(document.spans, envelope.entities);
            back.push(serde_json::from_slice::<Value>(document.json).expect("JSON"));
        });
        assert_eq!(left_out, 0);
    }
    assert_eq!(
        back,
        [serde_json::from_slice::<Value>(input).expect("JSON")]
    );
}

/// Every span of a request that is taken is in one document or left out, and
/// the documents are such as AWS takes.
fn documents(input: &[u8]) {
    let Ok(counted) = otlp::check(input) else {
        return;
    };
    let mut scopes = view::resources(input).flat_map(view::ResourceSpans::scopes);
    // What says that it was made of segments may be made of anything.
    let is_marked = scopes.any(|scope| scope.scope().name() == SCOPE);
    let all = Options {
        index_all_attributes: true,
        log_groups: vec!["/a".to_owned()],
        ..Options::default()
    };
    for options in [Options::default(), all] {
        let (mut spans, mut left_out) = (0, 0);
        for resource in view::resources(input) {
            left_out += from_otlp(resource, &options, &mut |document| {
                spans += document.spans;
                fuzz::bounded(input, document.json.len(), 40);
                serde_json::from_slice::<Value>(document.json).expect("JSON");
                if !is_marked {
                    let envelope = check(document.json).expect("a document");
                    let ids = (envelope.id, envelope.trace_id);
                    assert_eq!(ids, (document.id, document.trace_id));
                }
            });
        }
        assert_eq!(
            (spans + left_out, left_out),
            (counted.spans, counted.without_id)
        );
    }
}

/// A document of about 64 KB whose fields are `inside`.
fn large(inside: &str) -> Vec<u8> {
    let document = format!(
        r#"{{"trace_id":"1-5759e988-bd862e3fe1be46a994272793","id":"70de5b6f19ff9a0a","name":"n","start_time":1.5,"end_time":2.5,{inside}}}"#
    );
    document.into_bytes()
}

/// `piece` with numbers in the place of `#`, up to about `bytes`, with commas.
fn many(piece: &str, bytes: usize) -> String {
    let count = bytes / (piece.len() + 4);
    let pieces: Vec<String> = (0..count)
        .map(|number| piece.replace('#', &number.to_string()))
        .collect();
    pieces.join(",")
}

#[test]
fn large_documents_stay_in_proportion() {
    const HALF: usize = 30_000;
    let long = "k".repeat(HALF);
    let wide = many(r##""#":1"##, HALF);
    let cases = [
        format!(r#""a":{{"{long}":{{{wide}}}}}"#),
        format!(r#""{long}":{{{wide}}}"#),
        format!(r#""cause":{{"exceptions":[{{"{long}":{{{wide}}}}}]}}"#),
        format!(r#""metadata":{{"{long}":{{{wide}}}}}"#),
        format!(r#""annotations":{{{}}}"#, many(r##""#":1"##, 2 * HALF)),
        format!(r#""metadata":{{{}}}"#, many(r##""#":{}"##, 2 * HALF)),
        format!(r#""x":[{}]"#, "[".repeat(100) + &"]".repeat(100)),
        format!(
            r#""cause":{{"exceptions":[{{"stack":[{}]}}]}}"#,
            many("{}", 2 * HALF)
        ),
        format!(
            r#""subsegments":[{}]"#,
            many(
                r##"{"id":"70de5b6f19ff9a0b","name":"#","start_time":1,"end_time":1}"##,
                2 * HALF
            )
        ),
        wide,
    ];
    for inside in cases {
        let input = large(&inside);
        fuzz::swift(|| document(&input));
    }
}

/// Makes documents of a request; says how many bytes they have.
fn translated(request: &[u8]) -> usize {
    let mut bytes = 0;
    for resource in view::resources(request) {
        from_otlp(resource, &Options::default(), &mut |document| {
            bytes += document.json.len();
        });
    }
    bytes
}

/// A request of one span of a scope and of a language; `inside` writes the
/// span's fields.
fn of_one_span(scope: &str, language: &str, inside: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut request = Vec::new();
    write::message(&mut request, 1, |out| {
        write::message(out, 1, |out| {
            let language = AnyValue::Text(language);
            write::attribute(out, 1, "telemetry.sdk.language", language);
        });
        write::message(out, 2, |out| {
            write::message(out, 1, |out| write::bytes(out, 1, scope.as_bytes()));
            write::message(out, 2, |out| {
                write::bytes(out, 1, &[1; 16]);
                write::bytes(out, 2, &[1; 8]);
                inside(out);
            });
        });
    });
    request
}

/// An attribute of a span.
fn text(out: &mut Vec<u8>, key: &str) {
    write::attribute(out, 9, key, AnyValue::Text("a"));
}

const COUNT: u64 = 50_000;

/// Spans with more of everything than anybody sends: none takes time by the
/// square of it.
#[test]
fn spans_of_many_attributes_take_seconds() {
    for scope in ["library", SCOPE] {
        for prefix in [
            "",
            "aws.xray.document/",
            "aws.xray.document/a/",
            "aws.xray.metadata.",
        ] {
            let request = of_one_span(scope, "", |out| {
                (0..COUNT).for_each(|it| text(out, &format!("{prefix}{it}")));
            });
            let bytes = fuzz::swift(|| translated(&request));
            fuzz::bounded(&request, bytes, 4);
        }
        for key in ["db.connection_string", "aws.xray.annotations", "a"] {
            let request = of_one_span(scope, "", |out| (0..COUNT).for_each(|_| text(out, key)));
            fuzz::swift(|| translated(&request));
        }
    }
}

#[test]
fn spans_of_many_annotations_take_seconds() {
    for scope in ["library", SCOPE] {
        let request = of_one_span(scope, "", |out| {
            write::message(out, 9, |out| {
                write::bytes(out, 1, b"aws.xray.annotations");
                write::message(out, 2, |out| {
                    write::message(out, 5, |out| {
                        (0..COUNT).for_each(|it| {
                            let key = format!("x{it}");
                            write::message(out, 1, |out| write::bytes(out, 1, key.as_bytes()));
                        });
                    });
                });
            });
            (0..COUNT).for_each(|it| text(out, &format!("y{it}")));
        });
        fuzz::swift(|| translated(&request));
    }
}

#[test]
fn long_stacks_take_seconds() {
    const BETWEEN: &str = "\nDuring handling of the above exception, another exception occurred:";
    let cases = [
        ("java", format!("a\nCaused by: b{}", "\n".repeat(2_000_000))),
        ("java", "\nCaused by: a: b".repeat(20_000)),
        ("python", BETWEEN.repeat(20_000)),
        (
            "python",
            "\n  File \"a\", line 1, in b\nA: b".repeat(20_000),
        ),
        (
            "python",
            format!("{BETWEEN}\n  File \"a\", line 1{}", "\nb".repeat(200_000)),
        ),
        ("javascript", "\n    at a (b:1:1)".repeat(20_000)),
        ("dotnet", "\n   at a() in b:line 1".repeat(20_000)),
        ("go", "\na\n\tb:1".repeat(20_000)),
    ];
    for (language, trace) in cases {
        let request = of_one_span("", language, |out| {
            write::message(out, 11, |out| {
                write::bytes(out, 2, b"exception");
                let trace = AnyValue::Text(&trace);
                write::attribute(out, 3, "exception.stacktrace", trace);
            });
        });
        let bytes = fuzz::swift(|| translated(&request));
        fuzz::bounded(&request, bytes, 16);
    }
}

#[test]
fn scopes_without_number_take_seconds() {
    let mut inside = Vec::new();
    for _ in 0..COUNT {
        write::message(&mut inside, 2, |out| {
            write::message(out, 1, |out| write::bytes(out, 1, SCOPE.as_bytes()));
        });
    }
    let mut request = Vec::new();
    write::bytes(&mut request, 1, &inside);
    fuzz::swift(|| translated(&request));
}
