//! When all that an entity started was over.

use crate::traces::trace::Trace;

/// For each entity of a trace, when the last thing in it and below it ended: in
/// one walk for all, since traces may be chains of many thousand segments. Kept
/// from trace to trace for its memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    order: Vec<usize>,
    last: Vec<f64>,
}

impl Ends {
    /// Takes another trace.
    pub(super) fn read(&mut self, trace: &Trace<'_>) {
        let entities = &trace.entities;
        self.last.clear();
        let ends = entities.iter().map(|it| it.end.unwrap_or(f64::MIN));
        self.last.extend(ends);
        self.order.clear();
        let tops = entities.iter().enumerate();
        let tops = tops.filter(|(_, it)| it.parent.is_none());
        self.order.extend(tops.map(|(at, _)| at));
        // Parents stand before their children, so that backwards all of an
        // entity's children are known before it.
        let mut next = 0;
        while let Some(entity) = self.order.get(next).and_then(|at| trace.get(*at)) {
            self.order.extend(&entity.children);
            next += 1;
        }
        for at in self.order.iter().rev() {
            let (Some(parent), Some(end)) = (
                entities.get(*at).and_then(|it| it.parent),
                self.last.get(*at).copied(),
            ) else {
                continue;
            };
            if let Some(last) = self.last.get_mut(parent) {
                *last = last.max(end);
            }
        }
    }

    /// When the last thing in and below an entity ended, in epoch seconds; what
    /// is in progress below it is passed over.
    pub(super) fn of(&self, index: usize) -> Option<f64> {
        self.last.get(index).copied().filter(|end| *end > f64::MIN)
    }
}
