//! When to try again.

use std::time::Duration;

use tokio::time::Instant;

use crate::collector_config as config;

/// When to try again, and when no more.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Before the second attempt.
    pub initial: Duration,
    /// Between two attempts at most.
    pub most: Duration,
    /// After which traces are given up.
    pub give_up: Duration,
}

impl From<&config::Retry> for Retry {
    fn from(retry: &config::Retry) -> Self {
        Self {
            initial: Duration::from_millis(retry.initial_ms.max(1)),
            most: Duration::from_millis(retry.max_ms.max(1)),
            give_up: Duration::from_secs(retry.give_up_seconds),
        }
    }
}

/// The attempts at one request.
#[derive(Debug)]
pub(super) struct Attempts {
    retry: Retry,
    began: Instant,
    next: Duration,
}

impl Attempts {
    /// Begins with the first.
    pub(super) fn begin(retry: Retry) -> Self {
        Self {
            retry,
            began: Instant::now(),
            next: retry.initial.min(retry.most),
        }
    }

    /// How long to wait before the next one: about twice as long as before, or
    /// what the destination asked for; `None` where that is too late.
    pub(super) fn wait(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let delay = asked.unwrap_or_else(|| jittered(self.next));
        self.next = (self.next * 2).min(self.retry.most);
        (self.began.elapsed().saturating_add(delay) <= self.retry.give_up).then_some(delay)
    }
}

/// A time between half and one and a half of `delay`, so that many who failed
/// together do not come back together.
fn jittered(delay: Duration) -> Duration {
    // Without random numbers it is the middle.
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    delay.mul_f64(0.5 + f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        initial: Duration::from_secs(1),
        most: Duration::from_secs(30),
        give_up: Duration::from_mins(5),
    };

    #[tokio::test(start_paused = true)]
    async fn waits_twice_as_long_each_time_and_gives_up() {
        let mut attempts = Attempts::begin(RETRY);
        for middle in [1, 2, 4, 8, 16, 30, 30, 30] {
            let middle = Duration::from_secs(middle);
            let delay = attempts.wait(None).unwrap();
            assert!(delay >= middle / 2 && delay <= middle * 3 / 2, "{delay:?}");
        }
        tokio::time::sleep(Duration::from_secs(290)).await;
        assert_eq!(attempts.wait(None), None);
        let two = Duration::from_secs(2);
        assert_eq!(attempts.wait(Some(two)), Some(two));
        assert_eq!(attempts.wait(Some(Duration::from_secs(11))), None);
        assert_eq!(attempts.wait(Some(Duration::MAX)), None);
    }

    #[test]
    fn jitter_spreads() {
        let delays: Vec<_> = (0..50).map(|_| jittered(Duration::from_secs(10))).collect();
        let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
        assert!(*most > *least + Duration::from_secs(2));
    }
}
