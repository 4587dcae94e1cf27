//! A request of gRPC as Jaeger's clients write it.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct PostSpansRequest {
    #[prost(message, optional, tag = "1")]
    batch: Option<Batch>,
}

#[derive(Clone, PartialEq, Message)]
struct Batch {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<Span>,
    #[prost(message, optional, tag = "2")]
    process: Option<Process>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    id: Vec<u8>,
    #[prost(string, tag = "3")]
    operation_name: String,
    #[prost(message, repeated, tag = "4")]
    references: Vec<SpanRef>,
    #[prost(uint32, tag = "5")]
    flags: u32,
    #[prost(message, optional, tag = "6")]
    start_time: Option<Time>,
    #[prost(message, optional, tag = "7")]
    duration: Option<Time>,
    #[prost(message, repeated, tag = "8")]
    tags: Vec<KeyValue>,
    #[prost(message, repeated, tag = "9")]
    logs: Vec<Log>,
    #[prost(message, optional, tag = "10")]
    process: Option<Process>,
    #[prost(string, repeated, tag = "12")]
    warnings: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct SpanRef {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(int32, tag = "3")]
    ref_type: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Process {
    #[prost(string, tag = "1")]
    service_name: String,
    #[prost(message, repeated, tag = "2")]
    tags: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Log {
    #[prost(message, optional, tag = "1")]
    timestamp: Option<Time>,
    #[prost(message, repeated, tag = "2")]
    fields: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(int32, tag = "2")]
    v_type: i32,
    #[prost(string, tag = "3")]
    v_str: String,
    #[prost(bool, tag = "4")]
    v_bool: bool,
    #[prost(int64, tag = "5")]
    v_int64: i64,
    #[prost(double, tag = "6")]
    v_float64: f64,
    #[prost(bytes = "vec", tag = "7")]
    v_binary: Vec<u8>,
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.into(),
        v_str: value.into(),
        ..KeyValue::default()
    }
}

fn tags() -> Vec<KeyValue> {
    let of = |key: &str, v_type| KeyValue {
        key: key.into(),
        v_type,
        ..KeyValue::default()
    };
    vec![
        text("span.kind", "server"),
        KeyValue {
            v_bool: true,
            ..of("retried", 1)
        },
        KeyValue {
            v_int64: -500,
            ..of("delta", 2)
        },
        KeyValue {
            v_int64: 500,
            ..of("http.status_code", 2)
        },
        KeyValue {
            v_float64: 0.25,
            ..of("ratio", 3)
        },
        KeyValue {
            v_binary: vec![0, 255],
            ..of("blob", 4)
        },
        text("http.status_message", "Internal Server Error"),
    ]
}

fn process(service: &str) -> Process {
    Process {
        service_name: service.into(),
        tags: vec![text("hostname", "web-1")],
    }
}

/// Three spans of two processes, and one without ids.
pub(super) fn request() -> Vec<u8> {
    let time = |seconds, nanos| Some(Time { seconds, nanos });
    let reference = |span, ref_type| SpanRef {
        trace_id: vec![7; 16],
        span_id: vec![span; 8],
        ref_type,
    };
    let full = Span {
        trace_id: vec![7; 16],
        id: vec![2; 8],
        operation_name: "GET /orders".into(),
        references: vec![reference(1, 0), reference(3, 0), reference(4, 1)],
        flags: 3,
        start_time: time(1_500_000_000, 7),
        duration: time(1, 500),
        tags: tags(),
        logs: vec![Log {
            timestamp: time(1_500_000_000, 9),
            fields: vec![text("event", "cache miss"), text("key", "17")],
        }],
        process: None,
        warnings: vec!["clock skew".into(), "late".into()],
    };
    let other = Span {
        trace_id: vec![7; 16],
        id: vec![5; 8],
        operation_name: "query".into(),
        process: Some(process("database")),
        ..Span::default()
    };
    let short = Span {
        trace_id: vec![7; 8],
        id: vec![6; 8],
        // The same process as the batch's.
        process: Some(process("orders")),
        ..Span::default()
    };
    let batch = Batch {
        spans: vec![full, other, short, Span::default()],
        process: Some(process("orders")),
    };
    PostSpansRequest { batch: Some(batch) }.encode_to_vec()
}
