//! A block: requests and documents as they came, packed together, and what is
//! known of the traces in them.

use bytes::Bytes;

use super::error::Fault;
use super::gather::Gathered;
use super::packed::{Packer, unpack};
use super::parts::{Extent, Id, Parts};
use crate::otlp::view;
use crate::otlp::wire::{Fields, Value};
use crate::otlp::write;

/// A block that has as many bytes before they are packed takes no more.
pub(super) const FULL: usize = 4 << 20;

/// A block, ready to be written.
pub(super) struct Block {
    /// The traces in it.
    pub(super) parts: Parts,
    pub(super) extent: Extent,
    pub(super) filter: Vec<u8>,
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

    /// Adds what is in a packed content.
    pub(super) fn add(&mut self, content: &[u8]) -> Result<(), Fault> {
        for item in items(&unpack(content)?) {
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
            filter: parts.filter(),
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

/// What is in a content that is unpacked, in the order that it came in.
pub(super) fn items(message: &[u8]) -> impl Iterator<Item = Result<Item<'_>, Fault>> {
    let mut fields = Fields::of(message);
    std::iter::from_fn(move || fields.read().transpose()).map(|field| match field {
        Ok((1, Value::Bytes(request))) => Ok(Item::Request(request)),
        Ok((2, Value::Bytes(document))) => Ok(Item::Document(document)),
        _ => Err(Fault::Block("the content of a block cannot be read")),
    })
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
