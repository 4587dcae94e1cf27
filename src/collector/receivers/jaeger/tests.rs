mod batch;
mod messages;
mod serving;

use proptest::prelude::*;

use super::{proto, thrift};
use crate::collector::receivers::draft::Translated;
use crate::collector::receivers::testing::{as_json, as_text};

#[test]
fn a_batch_of_thrift_is_translated() {
    let translated = thrift::translated(&batch::http()).unwrap();
    assert_eq!((translated.spans, translated.without_id), (3, 1));
    insta::assert_snapshot!("jaeger_thrift", as_text(&translated.request));
}

#[test]
fn all_protocols_of_thrift_say_the_same() {
    let expected = as_json(&thrift::translated(&batch::http()).unwrap().request);
    let compact = thrift::compact(&batch::compact("emitBatch")).unwrap();
    assert_eq!(as_json(&compact.request), expected);
    let binary = thrift::binary(&batch::binary("emitBatch", true)).unwrap();
    assert_eq!(as_json(&binary.request), expected);
    // Old clients write messages without a version.
    let binary = thrift::binary(&batch::binary("emitBatch", false)).unwrap();
    assert_eq!(as_json(&binary.request), expected);
}

#[test]
fn calls_of_other_methods_are_told_from_malformed_ones() {
    let other = thrift::compact(&batch::compact("emitZipkinBatch"));
    assert!(matches!(other, Err(thrift::Bad::Method(name)) if name == "emitZipkinBatch"));
    let other = thrift::compact(&batch::binary("emitBatch", true));
    assert!(matches!(other, Err(thrift::Bad::Header(_))));
    let mut short = batch::compact("emitBatch");
    short.truncate(short.len() - 5);
    assert!(matches!(
        thrift::compact(&short),
        Err(thrift::Bad::Batch(_))
    ));
}

#[test]
fn what_is_announced_to_be_larger_than_the_message_is_refused() {
    // A batch whose field 2 is a list of 2^31 - 1 structs.
    let list = [15, 0, 2, 12, 0x7f, 0xff, 0xff, 0xff];
    assert!(thrift::translated(&list).is_err());
    // A batch whose field 9, which nobody knows, is a text of that length.
    let text = [11, 0, 9, 0x7f, 0xff, 0xff, 0xff];
    assert!(thrift::translated(&text).is_err());
    // Structs within structs, of field 9.
    let deep = [12, 0, 9].repeat(100_000);
    assert!(thrift::translated(&deep).is_err());
    // The same in the compact protocol.
    let mut call = batch::compact("emitBatch");
    call.truncate(4 + "emitBatch".len());
    call.extend([0x9c].repeat(50_000));
    assert!(thrift::compact(&call).is_err());
}

#[test]
fn a_message_of_protobuf_is_translated() {
    let translated = proto::translated(&messages::request()).unwrap();
    assert_eq!((translated.spans, translated.without_id), (3, 1));
    insta::assert_snapshot!("jaeger_proto", as_text(&translated.request));
}

fn is_sound(translated: &Translated) -> bool {
    crate::otlp::check(&translated.request)
        .is_ok_and(|counted| counted.spans == translated.spans && counted.without_id == 0)
}

fn all(bytes: &[u8]) -> Vec<Translated> {
    let read = [
        thrift::translated(bytes).ok(),
        thrift::compact(bytes).ok(),
        thrift::binary(bytes).ok(),
        proto::translated(bytes).ok(),
    ];
    read.into_iter().flatten().collect()
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(all(&bytes).iter().all(is_sound));
    }

    #[test]
    fn any_change_is_read_or_refused(
        place in any::<prop::sample::Index>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..8),
        is_cut: bool,
    ) {
        let messages = [
            batch::http(),
            batch::compact("emitBatch"),
            batch::binary("emitBatch", true),
            messages::request(),
        ];
        for mut message in messages {
            let start = place.index(message.len());
            let end = (start + bytes.len()).min(message.len());
            message[start..end].copy_from_slice(&bytes[..end - start]);
            if is_cut {
                message.truncate(end);
            }
            prop_assert!(all(&message).iter().all(is_sound));
        }
    }
}
