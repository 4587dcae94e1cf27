//! A batch as Jaeger's clients write it, by the writers of the Thrift crate.

use thrift::protocol::{
    TBinaryOutputProtocol, TCompactOutputProtocol, TFieldIdentifier, TListIdentifier,
    TMessageIdentifier, TMessageType, TOutputProtocol, TStructIdentifier, TType,
};

/// The binary protocol's batch alone.
pub(super) fn http() -> Vec<u8> {
    let mut out = Vec::new();
    batch(&mut TBinaryOutputProtocol::new(&mut out, true));
    out
}

pub(super) fn compact(method: &str) -> Vec<u8> {
    let mut out = Vec::new();
    call(&mut TCompactOutputProtocol::new(&mut out), method);
    out
}

pub(super) fn binary(method: &str, is_strict: bool) -> Vec<u8> {
    let mut out = Vec::new();
    call(&mut TBinaryOutputProtocol::new(&mut out, is_strict), method);
    out
}

type Out<'a> = &'a mut dyn TOutputProtocol;

fn call(out: Out<'_>, method: &str) {
    let message = TMessageIdentifier::new(method, TMessageType::OneWay, 1);
    out.write_message_begin(&message).unwrap();
    structure(out, |out| field(out, 1, TType::Struct, batch));
    out.write_message_end().unwrap();
}

fn structure(out: Out<'_>, fields: impl FnOnce(Out<'_>)) {
    out.write_struct_begin(&TStructIdentifier::new("any"))
        .unwrap();
    fields(out);
    out.write_field_stop().unwrap();
    out.write_struct_end().unwrap();
}

fn field(out: Out<'_>, id: i16, kind: TType, value: impl FnOnce(Out<'_>)) {
    out.write_field_begin(&TFieldIdentifier::new("any", kind, id))
        .unwrap();
    value(out);
    out.write_field_end().unwrap();
}

fn long(out: Out<'_>, id: i16, number: i64) {
    field(out, id, TType::I64, |out| out.write_i64(number).unwrap());
}

fn int(out: Out<'_>, id: i16, number: i32) {
    field(out, id, TType::I32, |out| out.write_i32(number).unwrap());
}

fn text(out: Out<'_>, id: i16, text: &str) {
    field(out, id, TType::String, |out| {
        out.write_string(text).unwrap();
    });
}

fn list(out: Out<'_>, id: i16, structs: &[&dyn Fn(Out<'_>)]) {
    let size = i32::try_from(structs.len()).unwrap();
    field(out, id, TType::List, |out| {
        out.write_list_begin(&TListIdentifier::new(TType::Struct, size))
            .unwrap();
        for one in structs {
            structure(out, one);
        }
        out.write_list_end().unwrap();
    });
}

fn text_tag(key: &'static str, value: &'static str) -> impl Fn(Out<'_>) {
    move |out| {
        text(out, 1, key);
        int(out, 2, 0);
        text(out, 3, value);
    }
}

fn bool_tag(key: &'static str, value: bool) -> impl Fn(Out<'_>) {
    move |out| {
        text(out, 1, key);
        int(out, 2, 2);
        field(out, 5, TType::Bool, |out| out.write_bool(value).unwrap());
    }
}

fn long_tag(key: &'static str, value: i64) -> impl Fn(Out<'_>) {
    move |out| {
        text(out, 1, key);
        int(out, 2, 3);
        long(out, 6, value);
    }
}

fn double_tag(out: Out<'_>) {
    text(out, 1, "ratio");
    int(out, 2, 1);
    field(out, 4, TType::Double, |out| out.write_double(0.25).unwrap());
}

fn binary_tag(out: Out<'_>) {
    text(out, 1, "blob");
    int(out, 2, 4);
    field(out, 7, TType::String, |out| {
        out.write_bytes(&[0, 255]).unwrap();
    });
}

fn reference(kind: i32, trace: i64, span: i64) -> impl Fn(Out<'_>) {
    move |out| {
        int(out, 1, kind);
        long(out, 2, trace);
        long(out, 3, 0);
        long(out, 4, span);
    }
}

fn batch(out: Out<'_>) {
    structure(out, |out| {
        field(out, 1, TType::Struct, |out| {
            structure(out, |out| {
                text(out, 1, "orders");
                list(
                    out,
                    2,
                    &[
                        &text_tag("hostname", "web-1"),
                        &text_tag("jaeger.version", "Python-4.8.0"),
                        &long_tag("pid", 17),
                    ],
                );
            });
        });
        list(out, 2, &[&failed, &answered, &explained, &nameless]);
        long(out, 3, 99);
    });
}

fn ids(out: Out<'_>, high: i64, span: i64, parent: i64, name: &str) {
    long(out, 1, 0x1122_3344_5566_7788);
    long(out, 2, high);
    long(out, 3, span);
    long(out, 4, parent);
    text(out, 5, name);
}

/// A call with everything.
fn failed(out: Out<'_>) {
    ids(out, -1, 2, 1, "GET /orders");
    list(
        out,
        6,
        &[
            &reference(0, 0x1122_3344_5566_7788, 1),
            &reference(1, 0x1122_3344_5566_7788, 9),
        ],
    );
    int(out, 7, 3);
    long(out, 8, 1_500_000_000_000_001);
    long(out, 9, 250);
    list(
        out,
        10,
        &[
            &bool_tag("error", true),
            &long_tag("http.status_code", 503),
            &text_tag("http.status_message", "Service Unavailable"),
            &text_tag("span.kind", "client"),
            &text_tag("otel.library.name", "requests"),
            &text_tag("w3c.tracestate", "a=1"),
            &double_tag,
            &binary_tag,
            &bool_tag("cached", false),
        ],
    );
    list(
        out,
        11,
        &[&|out: Out<'_>| {
            long(out, 1, 1_500_000_000_000_100);
            list(
                out,
                2,
                &[
                    &text_tag("event", "exception"),
                    &text_tag("exception.message", "no answer"),
                ],
            );
        }],
    );
    // A field that nobody knows yet.
    list(out, 42, &[&text_tag("a", "b")]);
}

/// A server that answers 404, which is no error of its; its parent is a
/// reference, and its trace's id has 64 bits.
fn answered(out: Out<'_>) {
    ids(out, 0, 3, 0, "GET /orders/17");
    list(out, 6, &[&reference(0, 0x1122_3344_5566_7788, 2)]);
    int(out, 7, 1);
    long(out, 8, 1_500_000_000_000_010);
    long(out, 9, 100);
    list(
        out,
        10,
        &[
            &text_tag("span.kind", "server"),
            &long_tag("http.status_code", 404),
        ],
    );
}

/// What OpenTelemetry's exporters wrote.
fn explained(out: Out<'_>) {
    ids(out, 0, 4, 3, "work");
    long(out, 8, 1_500_000_000_000_020);
    long(out, 9, -1);
    list(
        out,
        10,
        &[
            &text_tag("otel.status_description", "no stock"),
            &text_tag("otel.status_code", "ERROR"),
            &text_tag("span.kind", "internal"),
        ],
    );
}

/// It does not say which it is.
fn nameless(out: Out<'_>) {
    ids(out, 0, 0, 3, "lost");
}
