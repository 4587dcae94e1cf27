//! Walks over spans without asking which trace they are of.

use std::collections::HashMap;

use super::Failure;
use crate::collector::store::{Reader, Stored};
use crate::otlp::view::{self, Attributes, Span};
use crate::segment;

/// Shows the spans of a window, in nanoseconds since 1970, and others that lie
/// beside them, those that came last first; no more than have `most_bytes`. Tells
/// whether there are more. Blocks.
pub(super) fn walk(
    reader: &Reader,
    time: (u64, u64),
    most_bytes: u64,
    mut visit: impl FnMut(Attributes<'_>, &Span<'_>),
) -> Result<bool, Failure> {
    let mut show = |request: &[u8]| {
        for from in view::resources(request) {
            let resource = from.resource().attributes();
            for span in from.scopes().flat_map(view::ScopeSpans::spans) {
                visit(resource, &span);
            }
        }
    };
    let mut translated = Vec::new();
    let is_cut = reader.during(time, most_bytes, |stored| match stored {
        Stored::Request(request) => show(&request),
        Stored::Document(document) => {
            translated.clear();
            // What the store keeps was checked when it came.
            if segment::to_otlp(&document, &mut translated).is_ok() {
                show(&translated);
            }
        }
    })?;
    Ok(is_cut)
}

/// Names, each with a number that is shorter.
#[derive(Default)]
pub(super) struct Names {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        let new = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.to_owned(), new);
        self.names.push(name.to_owned());
        new
    }

    pub(super) fn get(&self, number: u32) -> Option<&str> {
        let name = self.names.get(usize::try_from(number).ok()?)?;
        Some(name)
    }
}
