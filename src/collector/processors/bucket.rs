//! A bucket of tokens: so many a second, and some at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// The time since some moment; never goes back.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The clock of the runtime, from now on.
pub fn runtime_clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

/// A bucket that begins full.
pub(super) struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled: Duration,
}

impl Bucket {
    pub(super) fn new(per_second: f64, burst: Option<f64>, now: Duration) -> Self {
        let burst = burst.unwrap_or(per_second).max(1.0);
        Self {
            per_second,
            burst,
            tokens: burst,
            filled: now,
        }
    }

    /// Takes `tokens` where that many are there.
    pub(super) fn take(&mut self, tokens: f64, now: Duration) -> bool {
        let passed = now.saturating_sub(self.filled).as_secs_f64();
        self.filled = self.filled.max(now);
        self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
        let is_there = self.tokens >= tokens;
        if is_there {
            self.tokens -= tokens;
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_so_many_a_second_and_a_burst() {
        let seconds = Duration::from_secs_f64;
        let mut bucket = Bucket::new(2.0, Some(3.0), seconds(5.0));
        let mut taken =
            |count: usize, at: f64| (0..count).filter(|_| bucket.take(1.0, seconds(at))).count();
        assert_eq!(taken(10, 5.0), 3);
        assert_eq!(taken(10, 5.5), 1);
        // A clock that stands still or goes back gives nothing.
        assert_eq!(taken(10, 4.0), 0);
        assert_eq!(taken(10, 6.5), 2);
        assert_eq!(taken(10, 100.0), 3);
        // Less than one a second still lets one through.
        let mut slow = Bucket::new(0.1, None, seconds(0.0));
        assert!(slow.take(1.0, seconds(0.0)) && !slow.take(1.0, seconds(9.0)));
        assert!(slow.take(1.0, seconds(10.5)));
    }
}
