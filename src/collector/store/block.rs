//! A block: requests and documents as they came, packed together, and what is
//! known of the traces in them.

use bytes::Bytes;
use memchr::memmem;
use rusqlite::Connection;

use super::error::Fault;
use super::gather::Gathered;
use super::packed::{Packer, unpack};
use super::parts::{Extent, Id, Parts};
use super::trace_index;
use crate::otlp::view;
use crate::otlp::wire::{Fields, Value};
use crate::otlp::write;
use crate::segment::TraceId;

/// A block that has as many bytes before they are packed takes no more.
/// Who asks for a trace waits until a block is unpacked, a
/// millisecond for each MiB.
pub(super) const FULL: usize = 1 << 20;

/// A block, ready to be written.
pub(super) struct Block {
    /// The traces in it.
    pub(super) parts: Parts,
    pub(super) extent: Extent,
    /// The parts, packed.
    pub(super) index: Vec<u8>,
    /// The requests and documents, packed.
    pub(super) content: Vec<u8>,
    /// Bytes of the content before it was packed.
    pub(super) raw: usize,
}

/// Requests and documents that become one block.
#[derive(Default)]
pub(super) struct Content {
    gathered: Gathered,
    /// A message: 1 a request, 2 a document.
    message: Vec<u8>,
}

impl Content {
    pub(super) fn request(&mut self, request: &[u8]) {
        self.gathered.request(request);
        write::bytes(&mut self.message, 1, request);
    }

    pub(super) fn document(&mut self, document: &[u8]) {
        self.gathered.document(document);
        write::bytes(&mut self.message, 2, document);
    }

    /// Adds what is in a content that is unpacked.
    pub(super) fn add(&mut self, content: &[u8]) -> Result<(), Fault> {
        for item in items(content) {
            match item? {
                Item::Request(request) => self.request(request),
                Item::Document(document) => self.document(document),
            }
        }
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.message.len() >= FULL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.message.is_empty()
    }

    pub(super) fn pack(self, packer: &mut Packer) -> Result<Block, Fault> {
        let parts = self.gathered.parts();
        Ok(Block {
            extent: parts.extent(),
            index: packer.pack(&parts.encode())?,
            content: packer.pack(&self.message)?,
            raw: self.message.len(),
            parts,
        })
    }
}

/// One of the things in a block.
pub(super) enum Item<'a> {
    Request(&'a [u8]),
    Document(&'a [u8]),
}

/// The content of a block, unpacked.
pub(super) fn content(connection: &Connection, block: i64) -> Result<Vec<u8>, Fault> {
    let mut query = connection.prepare_cached("SELECT content FROM contents WHERE block = ?1")?;
    let packed: Vec<u8> = query.query_row([block], |row| row.get(0))?;
    unpack(&packed)
}

/// Shows what may be of a trace, in the order in which it came.
pub(super) fn each_of(
    connection: &Connection,
    trace: &Id,
    mut visit: impl FnMut(&Item<'_>),
) -> Result<(), Fault> {
    for block in trace_index::blocks_with(connection, &[*trace])? {
        for item in items(&content(connection, block)?) {
            let item = item?;
            if item.may_be_of(TraceId::from_bytes(*trace)) {
                visit(&item);
            }
        }
    }
    Ok(())
}

/// What is in a content that is unpacked, in the order that it came in.
pub(super) fn items(message: &[u8]) -> impl Iterator<Item = Result<Item<'_>, Fault>> {
    let mut fields = Fields::of(message);
    std::iter::from_fn(move || fields.read().transpose()).map(|field| match field {
        Ok((1, Value::Bytes(request))) => Ok(Item::Request(request)),
        Ok((2, Value::Bytes(document))) => Ok(Item::Document(document)),
        _ => Err(Fault::Block("the content of a block cannot be read")),
    })
}

impl Item<'_> {
    /// False where it has nothing of a trace, found out without reading it.
    pub(super) fn may_be_of(&self, trace: TraceId) -> bool {
        match self {
            Self::Request(request) => memmem::find(request, &trace.bytes()).is_some(),
            Self::Document(document) => {
                let mut places = memmem::find_iter(document, TRACE_ID_KEY).peekable();
                // A key may be written with escapes.
                places.peek().is_none()
                    || places.any(|at| names(document, at + TRACE_ID_KEY.len(), trace))
            }
        }
    }
}

/// The key of the member of a document that says which trace it is of.
const TRACE_ID_KEY: &[u8] = b"\"trace_id\"";

/// Whether the value behind a key, which ends at `at`, is a trace's id, or cannot
/// be told.
fn names(document: &[u8], at: usize, trace: TraceId) -> bool {
    let value = document.get(at..).unwrap_or_default();
    let mut parts = value.splitn(3, |byte| *byte == b'"').skip(1);
    let text = parts.next().and_then(|text| std::str::from_utf8(text).ok());
    text.is_none_or(|text| TraceId::parse(text).is_none_or(|found| found == trace))
}

/// Writes a request of the spans of `request` that are of a trace, with their
/// resources and scopes; nothing where there are none.
pub(super) fn spans_of(request: &[u8], trace: &Id, out: &mut Vec<u8>) {
    let has_any = |scope: view::ScopeSpans<'_>| scope.spans().any(|it| it.trace_id == trace);
    for resource in view::resources(request) {
        if resource.scopes().any(has_any) {
            resource_of(resource, trace, out);
        }
    }
}

/// Writes a resource with those of its spans that are of a trace.
pub(super) fn resource_of(resource: view::ResourceSpans<'_>, trace: &Id, out: &mut Vec<u8>) {
    let is_of = |span: &[u8]| view::Span::of(span).trace_id == trace;
    write::message(out, 1, |out| {
        write::copy(out, resource.message(), |out, number, value| {
            let (2, Value::Bytes(scope)) = (number, value) else {
                return false;
            };
            let is_span = |(number, value): (u32, Value<'_>)| matches!((number, value), (2, Value::Bytes(span)) if is_of(span));
            if Fields::of(scope).any(is_span) {
                write::message(out, 2, |out| {
                    write::copy(
                        out,
                        scope,
                        |_, number, value| matches!((number, value), (2, Value::Bytes(span)) if !is_of(span)),
                    );
                });
            }
            true
        });
    });
}

/// Requests and documents that wait to become blocks.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) requests: Vec<Bytes>,
    pub(super) documents: Vec<Bytes>,
}

impl Pending {
    /// Makes blocks of them.
    pub(super) fn pack(&self, packer: &mut Packer) -> Result<Vec<Block>, Fault> {
        let mut blocks = Vec::new();
        let mut content = Content::default();
        let mut finish = |content: &mut Content| -> Result<(), Fault> {
            blocks.push(std::mem::take(content).pack(packer)?);
            Ok(())
        };
        for request in &self.requests {
            content.request(request);
            if content.is_full() {
                finish(&mut content)?;
            }
        }
        for document in &self.documents {
            content.document(document);
            if content.is_full() {
                finish(&mut content)?;
            }
        }
        if !content.is_empty() {
            finish(&mut content)?;
        }
        Ok(blocks)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn document(key: &str, id: &str) -> String {
        format!(
            "{{\"links\":[{{\"trace_id\":\"{}\"}}],{key} : {id}}}",
            other()
        )
    }

    fn other() -> TraceId {
        TraceId::from_bytes([9; 16])
    }

    proptest! {
        /// Only what is of another trace is left out.
        #[test]
        fn what_is_of_a_trace_is_never_passed_over(id: [u8; 16], upper: bool, escaped: bool) {
            let trace = TraceId::from_bytes(id);
            prop_assume!(trace != other());
            let text = if upper { trace.to_string().to_uppercase() } else { trace.to_string() };
            let key = if escaped { "\"trace\\u005fid\"" } else { "\"trace_id\"" };
            let of = document(key, &format!("\"{text}\""));
            let is_of = Item::Document(of.as_bytes()).may_be_of(trace);
            // An escaped key is not seen where another one is.
            prop_assert_eq!(is_of, !escaped);
            prop_assert!(!Item::Document(of.as_bytes()).may_be_of(TraceId::from_bytes([8; 16])));
            let alone = format!("{{{key}:\"{text}\"}}");
            prop_assert!(Item::Document(alone.as_bytes()).may_be_of(trace));
        }

        #[test]
        fn any_bytes_are_looked_through(bytes: Vec<u8>) {
            let _ = Item::Document(&bytes).may_be_of(other());
            let _ = Item::Document(&[TRACE_ID_KEY, &bytes].concat()).may_be_of(other());
        }
    }
}
