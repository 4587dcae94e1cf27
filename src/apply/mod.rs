//! Carrying out a plan: as many steps at a time as references allow, and an
//! honest account of what was done, what failed and what was left.
//!
//! Prints nothing: everything that happens is an [`Event`].

pub mod event;
mod execute;
mod step;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::aws::{Aws, Error};
use crate::model::Address;
use crate::plan::Catalog;
use crate::resource::Kind;

pub use event::{Event, Observer};
pub use execute::run;

/// What it takes to carry out a plan.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The clients.
    pub aws: &'a Aws,
    /// The resource types.
    pub kinds: &'a [&'static dyn Kind],
    /// What the planner knows of them.
    pub catalog: &'a dyn Catalog,
    /// Steps under way at a time; at least 1.
    pub parallelism: usize,
    /// Told of everything that happens.
    pub observer: &'a dyn Observer,
    /// Cancelled to begin no further step; those under way end as they would.
    pub stop: &'a CancellationToken,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Resources made.
    pub added: usize,
    /// Resources changed in place.
    pub changed: usize,
    /// Resources deleted.
    pub destroyed: usize,
    /// Resources that stay and are the stack's no more.
    pub released: usize,
    /// Resources taken into the stack.
    pub imported: usize,
    /// Settings put back to AWS's default.
    pub reset: usize,
    /// What failed, and how.
    pub failed: BTreeMap<Address, Error>,
    /// What was not begun, since something that it needs failed: the resource
    /// that failed, by the resource that was left.
    pub skipped: BTreeMap<Address, Address>,
    /// What was not begun, since the user stopped it.
    pub not_begun: Vec<Address>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Outcome {
    /// Tells whether everything was done.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty() && self.not_begun.is_empty()
    }
}
