//! What is known of the traces in a block without reading their spans.

use std::collections::HashMap;

use rusqlite::Connection;

use super::error::Fault;
use super::packed::unpack;
use crate::otlp::view::Kind;
use crate::otlp::wire::{Fields, Value};
use crate::otlp::write;

/// The bytes of a trace's id.
pub(super) type Id = [u8; 16];

/// Tells whether spans of a trace went wrong, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// A span says that it is an error.
    pub error: bool,
    /// The serving side is to blame: HTTP 5xx, or an error of no known kind.
    pub fault: bool,
    /// A caller was told to slow down: HTTP 429.
    pub throttle: bool,
}

impl Flags {
    /// Tells whether anything went wrong.
    pub fn any(self) -> bool {
        self.error || self.fault || self.throttle
    }

    /// What either says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            error: self.error || other.error,
            fault: self.fault || other.fault,
            throttle: self.throttle || other.throttle,
        }
    }

    fn bits(self) -> u64 {
        u64::from(self.error) | u64::from(self.fault) << 1 | u64::from(self.throttle) << 2
    }

    fn of_bits(bits: u64) -> Self {
        Self {
            error: bits & 1 != 0,
            fault: bits & 2 != 0,
            throttle: bits & 4 != 0,
        }
    }
}

/// The part of a trace that is in a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) trace: Id,
    /// Nanoseconds since 1970.
    pub(super) start: u64,
    /// Nanoseconds since 1970.
    pub(super) end: u64,
    /// Spans and segments that had ended.
    pub(super) spans: u64,
    /// Segments that were in progress.
    pub(super) in_progress: u64,
    pub(super) flags: Flags,
    /// The operation that it begins with, in [`Names`].
    pub(super) root: Option<u32>,
    /// Its operations, in [`Names`]; each once, in order.
    pub(super) operations: Vec<u32>,
}

/// Services and their operations.
#[derive(Debug, Default)]
pub(super) struct Names {
    services: Vec<Service>,
    by_service: HashMap<String, u32>,
    /// Service and name.
    operations: Vec<(u32, String)>,
    /// The kinds of spans that each has, a bit each. The index of a block does
    /// not keep them: they are for the table of operations.
    kinds: Vec<u8>,
}

#[derive(Debug, Default)]
struct Service {
    name: String,
    operations: HashMap<String, u32>,
}

/// The traces of a block.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) names: Names,
    /// Sorted by id.
    pub(super) parts: Vec<Part>,
}

/// What a block's row says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// The first start of a part, in nanoseconds.
    pub(super) first: u64,
    /// The last start of a part.
    pub(super) latest: u64,
    /// The last end of a part.
    pub(super) last: u64,
    pub(super) spans: u64,
}

/// The kinds that a span may have, in the order of their bits.
const KINDS: [Kind; 6] = [
    Kind::Unspecified,
    Kind::Internal,
    Kind::Server,
    Kind::Client,
    Kind::Producer,
    Kind::Consumer,
];

/// The bit that stands for a kind.
fn bit(kind: Kind) -> u8 {
    let at = KINDS.iter().position(|one| *one == kind);
    1 << at.unwrap_or_default()
}

/// The kinds that bits stand for; that which is not said, where there are none.
pub(super) fn kinds_of(bits: u8) -> Vec<Kind> {
    let found: Vec<Kind> = KINDS
        .into_iter()
        .filter(|kind| bits & bit(*kind) != 0)
        .collect();
    if found.is_empty() {
        return vec![Kind::Unspecified];
    }
    found
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Names {
    /// The number of a service, which may be new.
    pub(super) fn service(&mut self, name: &str) -> u32 {
        if let Some(known) = self.by_service.get(name) {
            return *known;
        }
        let new = number(self.services.len());
        self.services.push(Service {
            name: name.to_owned(),
            ..Service::default()
        });
        self.by_service.insert(name.to_owned(), new);
        new
    }

    /// The number of an operation of a service, which may be new.
    pub(super) fn operation(&mut self, service: u32, name: &str) -> u32 {
        let new = number(self.operations.len());
        let Some(of) = self.services.get_mut(index(service)) else {
            return new;
        };
        if let Some(known) = of.operations.get(name) {
            return *known;
        }
        of.operations.insert(name.to_owned(), new);
        self.operations.push((service, name.to_owned()));
        new
    }

    /// Notes that an operation has spans of a kind.
    pub(super) fn seen_as(&mut self, operation: u32, kind: Kind) {
        let at = index(operation);
        if at >= self.operations.len() {
            return;
        }
        if self.kinds.len() <= at {
            self.kinds.resize(self.operations.len(), 0);
        }
        self.kinds[at] |= bit(kind);
    }

    /// An operation's service and name.
    pub(super) fn get(&self, operation: u32) -> Option<(&str, &str)> {
        let (service, name) = self.operations.get(index(operation))?;
        let service = self.services.get(index(*service))?;
        Some((&service.name, name))
    }

    /// All operations: service, name and the kinds of spans that they have.
    pub(super) fn with_kinds(&self) -> impl Iterator<Item = (&str, &str, u8)> {
        let kinds = self.kinds.iter().copied().chain(std::iter::repeat(0));
        let all = self.all().zip(kinds);
        all.map(|((service, name), kinds)| (service, name, kinds))
    }

    /// All operations: service and name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..number(self.operations.len())).filter_map(|number| self.get(number))
    }
}

impl Parts {
    pub(super) fn get(&self, trace: &Id) -> Option<&Part> {
        let found = self.parts.binary_search_by(|part| part.trace.cmp(trace));
        found.ok().and_then(|at| self.parts.get(at))
    }

    pub(super) fn extent(&self) -> Extent {
        let starts = || self.parts.iter().map(|part| part.start);
        Extent {
            first: starts().min().unwrap_or_default(),
            latest: starts().max().unwrap_or_default(),
            last: self.parts.iter().map(|it| it.end).max().unwrap_or_default(),
            spans: self.parts.iter().map(|it| it.spans + it.in_progress).sum(),
        }
    }

    /// Writes them as a message: 1 services, 2 operations (1 service, 2 name),
    /// 3 parts (1 trace, 2 start, 3 nanoseconds from there to the end, 4 spans,
    /// 5 in progress, 6 flags, 7 root and one, 8 an operation).
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.parts.len() * 64);
        for service in &self.names.services {
            write::bytes(&mut out, 1, service.name.as_bytes());
        }
        for (service, name) in &self.names.operations {
            write::message(&mut out, 2, |out| {
                write::number(out, 1, u64::from(*service));
                write::bytes(out, 2, name.as_bytes());
            });
        }
        for part in &self.parts {
            write::message(&mut out, 3, |out| part.encode(out));
        }
        out
    }

    /// Those of a block.
    pub(super) fn of_block(connection: &Connection, block: i64) -> Result<Self, Fault> {
        let mut query = connection.prepare_cached("SELECT parts FROM contents WHERE block = ?1")?;
        let packed: Vec<u8> = query.query_row([block], |row| row.get(0))?;
        Self::decode(&unpack(&packed)?)
    }

    pub(super) fn decode(message: &[u8]) -> Result<Self, Fault> {
        let wrong = |_| Fault::Block("the index of a block cannot be read");
        let mut found = Self::default();
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.read().map_err(wrong)? {
            match (number, value) {
                (1, Value::Bytes(name)) => {
                    found.names.services.push(Service {
                        name: text(name),
                        ..Service::default()
                    });
                }
                (2, Value::Bytes(operation)) => {
                    found.names.operations.push(decode_operation(operation));
                }
                (3, Value::Bytes(part)) => found.parts.push(Part::decode(part)),
                _ => {}
            }
        }
        Ok(found)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn decode_operation(message: &[u8]) -> (u32, String) {
    let mut operation = (u32::MAX, String::new());
    for (number, value) in Fields::of(message) {
        match (number, value) {
            (1, Value::Varint(service)) => operation.0 = short(service),
            (2, Value::Bytes(name)) => operation.1 = text(name),
            _ => {}
        }
    }
    operation
}

impl Part {
    /// Nanoseconds.
    pub(super) fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        write::bytes(out, 1, &self.trace);
        write::fixed64(out, 2, self.start);
        write::number(out, 3, self.duration());
        for (field, number) in [
            (4, self.spans),
            (5, self.in_progress),
            (6, self.flags.bits()),
            (7, self.root.map_or(0, |root| u64::from(root) + 1)),
        ] {
            if number != 0 {
                write::number(out, field, number);
            }
        }
        for operation in &self.operations {
            write::number(out, 8, u64::from(*operation));
        }
    }

    fn decode(message: &[u8]) -> Self {
        let mut part = Self::default();
        let mut duration = 0;
        for (number, value) in Fields::of(message) {
            match (number, value) {
                (1, Value::Bytes(id)) => part.trace = id.try_into().unwrap_or_default(),
                (2, Value::Fixed64(start)) => part.start = start,
                (3, Value::Varint(nanos)) => duration = nanos,
                (4, Value::Varint(count)) => part.spans = count,
                (5, Value::Varint(count)) => part.in_progress = count,
                (6, Value::Varint(bits)) => part.flags = Flags::of_bits(bits),
                (7, Value::Varint(root)) => part.root = root.checked_sub(1).map(short),
                (8, Value::Varint(operation)) => part.operations.push(short(operation)),
                _ => {}
            }
        }
        part.end = part.start.saturating_add(duration);
        part
    }
}
