//! `/debug/tracez`: the spans that came last, by service and operation: how many
//! took how long, how many failed, and samples of them.
//!
//! The page is the one of the OpenTelemetry Collector, with one difference: that
//! shows the collector's own spans, this one those that others sent. They are
//! read from the store when somebody asks, so that nothing is done while traces
//! come in.

mod html;
mod samples;
mod select;
mod summary;
mod window;

use std::sync::Arc;

use tokio::sync::Semaphore;

use self::samples::Samples;
use self::select::Select;
use self::summary::Summary;
use self::window::{Extent, WINDOW};
use crate::collector::store::{Store, StoreError};

/// Said where nothing is kept.
const NOT_KEPT: &str = "<p>The store is off, and spans that are not kept cannot be shown: \
    leave <code>enabled = false</code> out of <code>[collector.store]</code> and start the \
    collector again.</p>";

/// Makes the page.
pub(super) struct Tracez {
    store: Option<Arc<Store>>,
    /// One page is made at a time: it takes memory, and time of a processor.
    turn: Arc<Semaphore>,
}

impl Tracez {
    /// Shows what is in `store`.
    pub(super) fn new(store: Option<Arc<Store>>) -> Self {
        Self {
            store,
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// The page, as HTML, for the query of a request.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) async fn page(&self, query: Option<&str>) -> Result<String, String> {
        let Some(store) = self.store.clone() else {
            return Ok(html::page(NOT_KEPT));
        };
        let select = Select::of(query.unwrap_or_default());
        // The semaphore is never closed.
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let made = tokio::task::spawn_blocking(move || {
            // Held to the end, even where nobody waits for the page any more.
            let _turn = turn;
            body(&store, select.as_ref())
        });
        match made.await {
            Ok(Ok(body)) => Ok(html::page(&body)),
            Ok(Err(error)) => Err(format!("the store cannot be read: {error}\n")),
            Err(_) => Err("the page could not be made\n".to_owned()),
        }
    }
}

/// Reads the store. Blocks.
fn body(store: &Store, select: Option<&Select>) -> Result<String, StoreError> {
    let reader = store.reader()?;
    let mut summary = Summary::default();
    let mut samples = select.map(Samples::new);
    let extent = window::walk(&reader, |seen| {
        summary.add(seen);
        if let Some(samples) = &mut samples {
            samples.add(seen);
        }
    })?;
    let mut out = String::new();
    introduce(&mut out, &extent);
    summary.write(&mut out);
    if let Some(samples) = samples {
        samples.write(&mut out);
    }
    Ok(out)
}

fn introduce(out: &mut String, extent: &Extent) {
    out.push_str(
        "<p>Spans that others sent to this collector, read from its store. \
         The collector makes no spans of its own.</p>",
    );
    let Some((first, last)) = extent.began else {
        out.push_str("<p>No span is kept yet.</p>");
        return;
    };
    let which = if extent.is_cut {
        format!(
            "Counted are the last {} only, those of the last {} MiB that came",
            extent.spans,
            WINDOW >> 20
        )
    } else {
        format!("Counted are all {}", extent.spans)
    };
    let (first, last) = (html::time(first), html::time(last));
    html::push(
        out,
        &[
            "<p>",
            &which,
            "; they began between ",
            &first,
            " and ",
            &last,
        ],
    );
    out.push_str(
        ". One that failed counts under errors, and not by how long it took; a segment in \
         progress is running until its end comes.</p>",
    );
}

#[cfg(test)]
mod tests;
