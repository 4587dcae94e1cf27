//! Words that would be said too often.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a round lasts.
const ROUND: Duration = Duration::from_secs(10);

/// Lets a few things be said every ten seconds, and counts the rest.
#[derive(Debug)]
pub(super) struct Seldom {
    /// What may be said in a round.
    most: u64,
    round: Mutex<Round>,
}

#[derive(Debug, Default)]
struct Round {
    began: Option<Instant>,
    said: u64,
    unsaid: u64,
}

impl Seldom {
    /// Lets `most` things be said every ten seconds.
    pub(super) fn new(most: u64) -> Self {
        Self {
            most,
            round: Mutex::default(),
        }
    }

    /// How much was left unsaid since the last word, where one may be said now.
    pub(super) fn ask(&self) -> Option<u64> {
        let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if round.began.is_none_or(|began| now - began >= ROUND) {
            (round.began, round.said) = (Some(now), 0);
        }
        if round.said == self.most {
            round.unsaid += 1;
            return None;
        }
        round.said += 1;
        Some(std::mem::take(&mut round.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn says_little_and_counts_the_rest() {
        let seldom = Seldom::new(2);
        let asked: Vec<_> = (0..5).map(|_| seldom.ask()).collect();
        assert_eq!(asked, [Some(0), Some(0), None, None, None]);
        tokio::time::sleep(ROUND).await;
        assert_eq!((seldom.ask(), seldom.ask()), (Some(3), Some(0)));
    }
}
