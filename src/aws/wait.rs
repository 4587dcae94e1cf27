//! Waiting for what AWS makes visible only later.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Error;

/// How long to wait, and how often to ask.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Gives up after this time.
    pub limit: Duration,
    /// The first pause; each later one is half as long again, up to `longest`.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Patience {
    /// For what AWS propagates within seconds, a minute at most.
    pub const CONSISTENCY: Self = Self {
        limit: Duration::from_secs(90),
        first: Duration::from_millis(100),
        longest: Duration::from_secs(5),
    };
    /// For a KMS key that was made a moment ago. Short, since a key that is
    /// wrong gives the same answers as one that is not seen yet.
    pub const NEW_KEY: Self = Self {
        limit: Duration::from_secs(15),
        first: Duration::from_millis(200),
        longest: Duration::from_secs(3),
    };
    /// For an IAM role or policy that was made a moment ago. Short, since one
    /// that is not there at all gives the same answers.
    pub const NEW_IDENTITY: Self = Self {
        limit: Duration::from_secs(30),
        first: Duration::from_millis(200),
        longest: Duration::from_secs(3),
    };
    /// For what IAM may list a moment longer than it stands. Short, since what
    /// does stand gives the same answers.
    pub const LEFTOVER: Self = Self {
        limit: Duration::from_secs(3),
        first: Duration::from_millis(200),
        longest: Duration::from_secs(1),
    };
    /// For a role that was made a moment ago. Short, since a role that is wrong
    /// gives the same answers as one that is not seen yet.
    pub const NEW_ROLE: Self = Self {
        limit: Duration::from_secs(15),
        first: Duration::from_millis(500),
        longest: Duration::from_secs(3),
    };
    /// For a create that is not tried again by the SDK.
    pub const CREATION: Self = Self {
        limit: Duration::from_mins(1),
        first: Duration::from_millis(500),
        longest: Duration::from_secs(10),
    };
    /// For calls that AWS throttles more than the SDK has patience for.
    pub const THROTTLED: Self = Self {
        limit: Duration::from_mins(2),
        first: Duration::from_secs(2),
        longest: Duration::from_secs(20),
    };
    /// For a change of state that AWS carries out in minutes.
    pub const STATE_CHANGE: Self = Self {
        limit: Duration::from_mins(15),
        first: Duration::from_millis(100),
        longest: Duration::from_secs(10),
    };

    fn pauses(self) -> impl Iterator<Item = Duration> {
        std::iter::successors(Some(self.first), move |pause| {
            Some((*pause * 3 / 2).min(self.longest))
        })
    }
}

/// Repeats `attempt` while it fails in a way that `may_pass` says will pass.
///
/// # Errors
/// The last failure, once patience is at its end; any other at once.
pub async fn until_done<T, F>(
    patience: Patience,
    may_pass: impl Fn(&Error) -> bool,
    mut attempt: impl FnMut() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let deadline = Instant::now() + patience.limit;
    for pause in patience.pauses() {
        match attempt().await {
            Err(error) if may_pass(&error) && Instant::now() + pause < deadline => {
                sleep(pause).await;
            }
            result => return result,
        }
    }
    attempt().await
}

/// Asks `probe` until it gives a value.
///
/// # Errors
/// A failure of the probe at once; `None` where patience ran out.
pub async fn until<T, F>(
    patience: Patience,
    mut probe: impl FnMut() -> F,
) -> Result<Option<T>, Error>
where
    F: Future<Output = Result<Option<T>, Error>>,
{
    let deadline = Instant::now() + patience.limit;
    for pause in patience.pauses() {
        if let Some(value) = probe().await? {
            return Ok(Some(value));
        }
        if Instant::now() + pause >= deadline {
            break;
        }
        sleep(pause).await;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn repeats_only_what_may_pass() {
        let tries = Cell::new(0);
        let result = until_done(
            Patience::CONSISTENCY,
            |error| error.message.contains("not yet"),
            || async {
                tries.set(tries.get() + 1);
                match tries.get() {
                    1 | 2 => Err(Error::refused("x", "not yet")),
                    _ => Ok(tries.get()),
                }
            },
        )
        .await;
        assert_eq!(result, Ok(3));
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_in_the_end() {
        let result = until(Patience::CONSISTENCY, || async { Ok(None::<()>) }).await;
        assert_eq!(result, Ok(None));
    }
}
