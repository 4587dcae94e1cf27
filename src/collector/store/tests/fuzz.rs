//! Any bytes as what lies in the store's file, and files that are damaged.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use super::*;
use crate::collector::store::block::{Content, Item, items, spans_of};
use crate::collector::store::packed::{Packer, unpack};
use crate::collector::store::parts::Parts;
use crate::{fuzz, otlp};

fuzz::target!(store_block, 800, block);
fuzz::target!(store_file, 60, file);

/// What lies packed in a block is read as far as it can be, and what was read
/// is written as it was.
fn block(input: &[u8]) {
    if let Ok(plain) = unpack(input) {
        let packed = Packer::new().unwrap().pack(&plain).unwrap();
        assert_eq!(unpack(&packed).unwrap(), plain);
    }
    if let Ok(parts) = Parts::decode(input) {
        assert!(parts.names.all().count() <= input.len());
        let _ = parts.get(&[1; 16]);
        let again = Parts::decode(&parts.encode()).unwrap();
        assert_eq!(again.parts, parts.parts);
    }
    for item in items(input).map_while(Result::ok) {
        let (Item::Request(bytes) | Item::Document(bytes)) = item;
        taken_apart(bytes);
    }
    let mut content = Content::default();
    let packed = Packer::new().unwrap().pack(input).unwrap();
    if content.add(&packed).is_ok() && !content.is_empty() {
        content.pack(&mut Packer::new().unwrap()).unwrap();
    }
}

/// The spans of each trace of a request make requests of all its spans.
fn taken_apart(request: &[u8]) {
    let Ok(counted) = otlp::check(request) else {
        return;
    };
    let spans = otlp::view::resources(request)
        .flat_map(otlp::view::ResourceSpans::scopes)
        .flat_map(otlp::view::ScopeSpans::spans);
    let mut ids: Vec<[u8; 16]> = spans
        .filter_map(|span| span.trace_id.try_into().ok())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    let mut found = 0;
    for id in ids {
        let mut out = Vec::new();
        spans_of(request, &id, &mut out);
        found += otlp::check(&out).unwrap().spans;
        fuzz::bounded(request, out.len(), 1);
    }
    assert_eq!(found, all);
    assert!(all <= counted.spans);
}

/// A store's file of a few traces.
fn sound_file() -> &'static [u8] {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    SOUND.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = start(folder.path());
            for trace in 0..4 {
                let spans = vec![span(trace, 0, (0, 1)), failed(span(trace, 1, (1, 2)))];
                keep(&store, parcel_of(&[request("a", spans)], &[])).await;
            }
        });
        // What was written last may still lie in the log.
        let connection = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
        let log = connection.pragma_update(None, "wal_checkpoint", "TRUNCATE");
        assert!(log.is_ok(), "{log:?}");
        fs::read(folder.path().join(FILE)).unwrap()
    })
}

/// A file with some bytes changed answers or says that it cannot. The input is
/// a list of changes: four bytes of a place and one to put there.
fn file(input: &[u8]) {
    let mut bytes = sound_file().to_vec();
    for change in input.chunks_exact(5) {
        let place = u32::from_be_bytes([change[0], change[1], change[2], change[3]]);
        let place = usize::try_from(place).unwrap() % bytes.len();
        bytes[place] = change[4];
    }
    if input.len() % 5 == 1 {
        bytes.truncate(bytes.len() / 256 * usize::from(input[input.len() - 1]));
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), bytes).unwrap();
    let traces = read_all(folder.path());
    assert!(!input.is_empty() || traces == Some(4));
}

/// Asks for everything; says how many traces there are.
fn read_all(folder: &Path) -> Option<u64> {
    let reader = Reader::open(folder).ok()?;
    let _ = (reader.services(), reader.operations("a"));
    for trace in 0..5 {
        let _ = reader.trace(id(trace));
    }
    for errors_only in [false, true] {
        let _ = reader.traces(&Query {
            service: errors_only.then(|| "a".to_owned()),
            errors_only,
            ..Query::default()
        });
    }
    Some(reader.statistics().ok()?.traces)
}
