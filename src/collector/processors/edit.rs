//! Changes in requests that cost nothing where nothing changes: a message is
//! written again from its first change on, and stays the very same bytes where
//! there is none.

use bytes::Bytes;

use crate::collector::Parcel;
use crate::otlp::view::{self, Resource, Span};
use crate::otlp::wire::{Fields, Value};
use crate::otlp::write;

/// What becomes of a field.
pub(super) enum Change {
    /// It stays.
    Same,
    /// It is left out.
    Gone,
    /// These bytes stand in its place.
    Bytes(Vec<u8>),
}

impl Change {
    /// The bytes, where there are any.
    pub(super) fn of(changed: Option<Vec<u8>>) -> Self {
        changed.map_or(Self::Same, Self::Bytes)
    }
}

/// Goes through the fields of a message; `None` where all of them stay.
pub(super) fn message<'a>(
    message: &'a [u8],
    mut change: impl FnMut(u32, Value<'a>) -> Change,
) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    for (index, (number, value)) in Fields::of(message).enumerate() {
        let change = change(number, value);
        if out.is_none() && !matches!(change, Change::Same) {
            let mut copy = Vec::with_capacity(message.len());
            for (number, value) in Fields::of(message).take(index) {
                write::field(&mut copy, number, value);
            }
            out = Some(copy);
        }
        let Some(out) = &mut out else { continue };
        match change {
            Change::Same => write::field(out, number, value),
            Change::Gone => {}
            Change::Bytes(bytes) => write::bytes(out, number, &bytes),
        }
    }
    out
}

/// Goes through the spans of a request and leaves out those that `keep` does not
/// want, and what is empty then: `None` where all of them stay. Says how many
/// went.
pub(super) fn retain(
    request: &[u8],
    mut keep: impl FnMut(Resource<'_>, &Span<'_>) -> bool,
) -> (Option<Vec<u8>>, usize) {
    let mut gone = 0;
    let mut resources = view::resources(request);
    let changed = message(request, |number, value| {
        let (1, Value::Bytes(bytes)) = (number, value) else {
            return Change::Same;
        };
        let resource = resources.next().map(view::ResourceSpans::resource);
        let resource = resource.unwrap_or_default();
        left(bytes, |scope| {
            left(scope, |span| {
                if keep(resource, &Span::of(span)) {
                    return Change::Same;
                }
                gone += 1;
                Change::Gone
            })
        })
    });
    (changed, gone)
}

/// Goes through the second field of a message, which repeats; the message goes
/// where the last of those went.
fn left<'a>(bytes: &'a [u8], mut change: impl FnMut(&'a [u8]) -> Change) -> Change {
    let mut rest = 0;
    let changed = message(bytes, |number, value| {
        let (2, Value::Bytes(inner)) = (number, value) else {
            return Change::Same;
        };
        let change = change(inner);
        if !matches!(change, Change::Gone) {
            rest += 1;
        }
        change
    });
    match changed {
        Some(_) if rest == 0 => Change::Gone,
        changed => Change::of(changed),
    }
}

/// Applies `request` and `document` to what is in a parcel: each says what
/// stands in the place of the bytes, `None` where they stay; what is empty then
/// is left out. The room that the parcel holds becomes what it needs.
pub(super) fn parcel(
    parcel: &mut Parcel,
    mut request: impl FnMut(&[u8]) -> Option<Vec<u8>>,
    mut document: impl FnMut(&[u8]) -> Option<Vec<u8>>,
) {
    let mut is_changed = apply(&mut parcel.requests, &mut request);
    is_changed |= apply(&mut parcel.documents, &mut document);
    if is_changed {
        settle(parcel);
    }
}

fn apply(all: &mut Vec<Bytes>, change: &mut impl FnMut(&[u8]) -> Option<Vec<u8>>) -> bool {
    let mut is_changed = false;
    all.retain_mut(|bytes| match change(bytes) {
        None => true,
        Some(changed) => {
            is_changed = true;
            *bytes = Bytes::from(changed);
            !bytes.is_empty()
        }
    });
    is_changed
}

/// Makes the room that a parcel holds what it needs now.
pub(super) fn settle(parcel: &mut Parcel) {
    let bytes = parcel.bytes();
    parcel.charges.truncate(1);
    if let Some(charge) = parcel.charges.first_mut() {
        charge.settle(bytes);
    }
}

/// Leaves out spans and documents that are not wanted, and says so in the
/// parcel's counts and room.
pub(super) fn leave_out(
    parcel: &mut Parcel,
    mut span: impl FnMut(Resource<'_>, &Span<'_>) -> bool,
    mut document: impl FnMut(&[u8]) -> bool,
) {
    let mut gone = 0;
    self::parcel(
        parcel,
        |request| {
            let (changed, count) = retain(request, &mut span);
            gone += count;
            changed
        },
        |bytes| (!document(bytes)).then(Vec::new),
    );
    parcel.spans = parcel.spans.saturating_sub(gone);
}
