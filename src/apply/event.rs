//! What happens during an apply.

use std::time::Duration;

use crate::aws::Error;
use crate::model::Address;
use crate::plan::order::Half;
use crate::plan::{Action, Change};

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A step began.
    Started {
        /// The change that it is part of.
        change: &'a Change,
        /// Which half of it.
        half: Half,
    },
    /// A step is done.
    Finished {
        /// The change that it is part of.
        change: &'a Change,
        /// Which half of it.
        half: Half,
        /// How long it took.
        elapsed: Duration,
        /// What AWS knows the resource by, where it has such an id.
        id: Option<&'a str>,
    },
    /// A step failed.
    Failed {
        /// The change that it is part of.
        change: &'a Change,
        /// Which half of it.
        half: Half,
        /// How long it took.
        elapsed: Duration,
        /// What went wrong.
        error: &'a Error,
    },
    /// A step was not begun, since one that it needs failed.
    Skipped {
        /// The change that it is part of.
        change: &'a Change,
        /// What failed.
        because: &'a Address,
    },
    /// The user stopped the apply; steps under way go on to their end.
    Stopping {
        /// How many are under way.
        under_way: usize,
    },
}

/// Is told of events. Called from one task, in order.
pub trait Observer: Sync {
    /// Takes note of `event`.
    fn notice(&self, event: Event<'_>);
}

/// What a step does to the resource, which for a replacement depends on the
/// half.
pub fn step_action(change: &Change, half: Half) -> Action {
    match (change.action, half) {
        (Action::Replace, Half::Put) => Action::Create,
        (Action::Replace, Half::Remove) => Action::Delete,
        (action, _) => action,
    }
}
