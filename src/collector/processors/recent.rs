//! What was decided of traces, as long as there is room to remember it.

use std::collections::{HashMap, VecDeque};

/// Decisions by trace: those that were not asked for longest go first.
pub(super) struct Recent<D> {
    most: usize,
    decisions: HashMap<[u8; 16], (D, u64)>,
    /// When traces were asked for: also times that a later one has replaced.
    order: VecDeque<([u8; 16], u64)>,
    clock: u64,
}

impl<D: Copy> Recent<D> {
    /// Keeps this many decisions.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            decisions: HashMap::new(),
            order: VecDeque::new(),
            clock: 0,
        }
    }

    /// What was decided of a trace.
    pub(super) fn get(&mut self, trace: [u8; 16]) -> Option<D> {
        let time = self.tick();
        let found = self.decisions.get_mut(&trace)?;
        found.1 = time;
        let decision = found.0;
        self.touch(trace, time);
        Some(decision)
    }

    /// Remembers a decision.
    pub(super) fn put(&mut self, trace: [u8; 16], decision: D) {
        let time = self.tick();
        self.decisions.insert(trace, (decision, time));
        self.touch(trace, time);
        while self.decisions.len() > self.most {
            let Some((trace, time)) = self.order.pop_front() else {
                return;
            };
            if self.is_current(trace, time) {
                self.decisions.remove(&trace);
            }
        }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn is_current(&self, trace: [u8; 16], time: u64) -> bool {
        self.decisions.get(&trace).is_some_and(|one| one.1 == time)
    }

    fn touch(&mut self, trace: [u8; 16], time: u64) {
        self.order.push_back((trace, time));
        // Times that were replaced are swept out before they are the most.
        if self.order.len() > self.most.saturating_mul(2).saturating_add(16) {
            let decisions = &self.decisions;
            self.order
                .retain(|(trace, time)| decisions.get(trace).is_some_and(|one| one.1 == *time));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_what_was_not_asked_for_longest() {
        let trace = |number: u8| [number; 16];
        let mut recent = Recent::new(2);
        recent.put(trace(1), true);
        recent.put(trace(2), false);
        assert_eq!(recent.get(trace(1)), Some(true));
        recent.put(trace(3), true);
        assert_eq!(recent.get(trace(2)), None);
        assert_eq!(
            (recent.get(trace(1)), recent.get(trace(3))),
            (Some(true), Some(true))
        );
        for _ in 0..1000 {
            assert_eq!(recent.get(trace(1)), Some(true));
            assert!(recent.order.len() <= 21);
        }
        recent.put(trace(4), false);
        assert_eq!(
            (recent.get(trace(1)), recent.get(trace(3))),
            (Some(true), None)
        );
    }
}
