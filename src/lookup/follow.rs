//! Traces as they come, each once.
//!
//! Segments of one trace come in one after another, those of the services that
//! are called before those of their callers. A trace is therefore held back until
//! it is complete, and shown as it is where that takes long.

use std::collections::BTreeMap;

use super::{Moment, Summary, Window};

const SECOND: i64 = 1_000_000;
/// How far each look goes back behind the last one: what comes in is found some
/// seconds later at AWS.
const OVERLAP: i64 = 60 * SECOND;
/// How long a trace may stay incomplete before it is shown so.
const PATIENCE: i64 = 10 * SECOND;
/// How long a trace is remembered, since a late segment brings it up again.
const MEMORY: i64 = 60 * 60 * SECOND;
/// The most traces that are remembered.
const MOST: usize = 200_000;

/// What was seen and what was shown.
#[derive(Debug, Default)]
pub struct Follow {
    /// When a trace was first and last seen.
    seen: BTreeMap<String, Seen>,
    /// The end of the last look that had an answer.
    looked: Option<Moment>,
}

#[derive(Debug)]
struct Seen {
    first: Moment,
    last: Moment,
    /// What is held back; `None` once it was shown.
    held: Option<Box<Summary>>,
}

impl Follow {
    /// Where to look at `now`: everything since the last answer, and some more.
    pub fn window(&self, now: Moment) -> Window {
        let since = self.looked.unwrap_or(now).min(now);
        Window {
            start: since.earlier(OVERLAP),
            end: now.max(Moment::from_micros(1)),
        }
    }

    /// Takes what was found at `now`, and returns what is to be shown, the
    /// oldest first.
    pub fn take(&mut self, now: Moment, found: Vec<Summary>) -> Vec<Summary> {
        self.looked = Some(now);
        for summary in found {
            match self.seen.get_mut(&summary.id) {
                Some(seen) => {
                    seen.last = now;
                    if seen.held.is_some() {
                        seen.held = Some(Box::new(summary));
                    }
                }
                None => {
                    let id = summary.id.clone();
                    self.remember(&id, now, Some(Box::new(summary)));
                }
            }
        }
        let shown = self.ripe(now);
        self.forget(now);
        shown
    }

    fn remember(&mut self, id: &str, now: Moment, held: Option<Box<Summary>>) {
        let seen = Seen {
            first: now,
            last: now,
            held,
        };
        self.seen.insert(id.to_owned(), seen);
    }

    /// What is complete, or has been waited for long enough.
    fn ripe(&mut self, now: Moment) -> Vec<Summary> {
        let mut shown = Vec::new();
        for seen in self.seen.values_mut() {
            let is_late = now.micros() - seen.first.micros() >= PATIENCE;
            if let Some(summary) = seen.held.take_if(|held| is_late || !held.is_partial) {
                shown.push(*summary);
            }
        }
        shown.sort_by(|one, other| (one.start_time, &one.id).cmp(&(other.start_time, &other.id)));
        shown
    }

    /// Forgets what hardly any later look finds again.
    fn forget(&mut self, now: Moment) {
        let long_ago = now.earlier(MEMORY);
        self.seen
            .retain(|_, seen| seen.held.is_some() || seen.last >= long_ago);
        if self.seen.len() > MOST {
            let mut ages: Vec<Moment> = self.seen.values().map(|seen| seen.last).collect();
            ages.sort_unstable();
            let oldest = ages[ages.len() - MOST];
            self.seen.retain(|_, seen| seen.last > oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_micros(1_769_860_800 * SECOND + seconds * SECOND)
    }

    fn trace(id: &str, start: i64, is_partial: bool) -> Summary {
        Summary {
            id: id.to_owned(),
            start_time: Some(at(start)),
            is_partial,
            ..Summary::default()
        }
    }

    fn ids(shown: &[Summary]) -> Vec<&str> {
        shown.iter().map(|summary| summary.id.as_str()).collect()
    }

    #[test]
    fn shows_each_once_and_the_oldest_first() {
        let mut follow = Follow::default();
        assert_eq!(ids(&follow.take(at(0), vec![trace("a", -1, false)])), ["a"]);
        let found = vec![
            trace("c", 2, false),
            trace("a", -1, false),
            trace("b", 1, false),
        ];
        assert_eq!(ids(&follow.take(at(3), found)), ["b", "c"]);
        let again = vec![trace("c", 2, false), trace("d", 1, false)];
        assert_eq!(ids(&follow.take(at(5), again)), ["d"]);
        assert_eq!(follow.window(at(7)).start, at(5 - 60));
    }

    #[test]
    fn waits_for_the_rest_of_a_trace_but_not_for_ever() {
        let mut follow = Follow::default();
        assert!(
            follow
                .take(at(0), vec![trace("a", 0, true), trace("b", 0, true)])
                .is_empty()
        );
        assert_eq!(ids(&follow.take(at(2), vec![trace("a", 0, false)])), ["a"]);
        assert!(follow.take(at(9), Vec::new()).is_empty());
        assert_eq!(ids(&follow.take(at(10), Vec::new())), ["b"]);
        assert!(follow.take(at(11), vec![trace("b", 0, false)]).is_empty());
    }

    #[test]
    fn looks_again_where_there_was_no_answer() {
        let mut follow = Follow::default();
        follow.take(at(0), Vec::new());
        assert_eq!(follow.window(at(600)).start, at(-60));
    }

    #[test]
    fn forgets_after_an_hour() {
        let mut follow = Follow::default();
        follow.take(at(0), vec![trace("a", 0, false)]);
        let late = vec![trace("a", 0, false)];
        assert!(follow.take(at(3_000), late).is_empty());
        follow.take(at(6_601), Vec::new());
        assert!(follow.seen.is_empty());
    }
}
