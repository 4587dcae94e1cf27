//! What time it is, for the age of traces.

use std::time::{Duration, Instant, SystemTime};

/// A clock that is this far ahead is believed when it has stood for this long.
const GRACE: Duration = Duration::from_hours(1);

/// Seconds.
const DAY: u64 = 24 * 3600;

/// A clock that does not make all traces old when somebody sets it.
///
/// While the store is open, time passes no faster than the system's steady clock
/// says, so that a jump ahead ages nothing; after a jump back nothing is pruned
/// by age until the clock has caught up. Where the clock is ahead of the newest
/// trace by more than traces are kept when the store is opened, either nobody
/// traced for so long or the clock is wrong; where it is behind it by a day, it
/// is wrong or was so: for an hour nothing is pruned by age.
pub(super) struct Clock {
    now: Box<dyn Fn() -> (SystemTime, Instant) + Send>,
    opened: (SystemTime, Instant),
    is_doubted: bool,
}

impl Clock {
    pub(super) fn system() -> Self {
        Self::of(|| (SystemTime::now(), Instant::now()))
    }

    /// A clock that reads the time of day and the steady time from `now`.
    pub(super) fn of(now: impl Fn() -> (SystemTime, Instant) + Send + 'static) -> Self {
        Self {
            opened: now(),
            now: Box::new(now),
            is_doubted: false,
        }
    }

    /// Doubts the clock where it is `kept` seconds and more ahead of the
    /// `newest` trace, or a day and more behind it.
    pub(super) fn compare(&mut self, newest: Option<u64>, kept: u64) {
        let now = self.seconds();
        self.is_doubted = newest.is_some_and(|newest| {
            now > newest.saturating_add(kept) || now.saturating_add(DAY) < newest
        });
    }

    /// Seconds since 1970.
    pub(super) fn seconds(&self) -> u64 {
        let (wall, most, _) = self.read();
        let since = wall.min(most).duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or_default().as_secs()
    }

    /// The time by which traces age; `None` while the clock is in doubt.
    pub(super) fn to_age_by(&self) -> Option<u64> {
        let (wall, most, passed) = self.read();
        let is_set_back = most.duration_since(wall).is_ok_and(|behind| behind > GRACE);
        let is_doubted = is_set_back || self.is_doubted && passed < GRACE;
        (!is_doubted).then(|| self.seconds())
    }

    /// The time of day, what it can be by the steady clock, and how long the
    /// store has been open.
    fn read(&self) -> (SystemTime, SystemTime, Duration) {
        let (wall, steady) = (self.now)();
        let passed = steady.saturating_duration_since(self.opened.1);
        let most = self.opened.0.checked_add(passed).unwrap_or(wall);
        (wall, most, passed)
    }
}
