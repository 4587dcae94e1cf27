//! Why two sides differ, as far as anything tells.

use super::{Change, Reason, fingerprint};
use crate::model::{Desired, Live};

/// Tells who made the difference: the fingerprint of the last apply equals
/// the side that did not change since.
pub(super) fn of(desired: &Desired, live: &Live, managed: &[String], differs: bool) -> Reason {
    let owner = live.owner();
    if live.tags.is_some() && owner.is_none() {
        return Reason::Unowned;
    }
    if live.deletion_scheduled || !differs {
        return Reason::DeletionScheduled;
    }
    let Some(applied) = owner.and_then(|owner| owner.applied) else {
        return Reason::Differs;
    };
    let wanted = fingerprint::of_resource(managed, &desired.attributes, desired.tags.as_ref());
    let standing = fingerprint::of_resource(managed, &live.attributes, live.user_tags().as_ref());
    if applied == standing {
        Reason::SpecChanged
    } else if applied == wanted {
        Reason::Drift
    } else {
        Reason::SpecAndDrift
    }
}

/// Tells whether others made a change, or may have: one that is not there was
/// deleted or never made, and of one without tags nobody knows what was applied
/// last.
pub(super) fn is_drift(change: &Change) -> bool {
    match change.reason {
        Some(
            Reason::Drift | Reason::SpecAndDrift | Reason::DeletionScheduled | Reason::NotAtAws,
        ) => true,
        Some(Reason::Differs) => change.live.as_ref().is_some_and(|live| live.tags.is_none()),
        _ => false,
    }
}
