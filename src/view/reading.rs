//! What is told while AWS is read: on a terminal a line that turns, elsewhere a
//! line every ten seconds. A read that is quick is not told of.

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Terminal;
use super::progress::HEARTBEAT;
use super::visible::visible;

/// How long a read may take before it is told of on a terminal.
const QUICK: Duration = Duration::from_millis(250);
/// How often the terminal's line turns.
const TURN: Duration = Duration::from_millis(120);

/// Tells of one read.
pub struct Reading {
    terminal: Terminal,
    what: RefCell<String>,
}

impl Reading {
    /// Tells on `terminal` that `what` is read: `traces`.
    pub fn new(terminal: Terminal, what: &str) -> Self {
        let what = RefCell::new(visible(what));
        Self { terminal, what }
    }

    /// Takes note of how far it is: `1,200 traces`.
    pub fn is_at(&self, what: &str) {
        *self.what.borrow_mut() = visible(what);
    }

    /// Awaits a read, and tells of it where it takes long.
    pub async fn during<T>(&self, read: impl Future<Output = T>) -> T {
        let telling = async {
            if self.terminal.is_interactive {
                self.turn().await
            } else {
                self.beat().await
            }
        };
        tokio::select! {
            biased;
            done = read => done,
            never = telling => match never {},
        }
    }

    /// Turns a line on the terminal until it is dropped.
    async fn turn(&self) -> Infallible {
        tokio::time::sleep(QUICK).await;
        let bar = Line(ProgressBar::with_draw_target(
            None,
            ProgressDrawTarget::stderr(),
        ));
        if let Ok(style) = ProgressStyle::with_template("{spinner} Reading {msg} [{elapsed}]") {
            bar.0.set_style(style);
        }
        loop {
            bar.0.set_message(self.what.borrow().clone());
            bar.0.tick();
            tokio::time::sleep(TURN).await;
        }
    }

    async fn beat(&self) -> Infallible {
        let since = Instant::now();
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            let seconds = since.elapsed().as_secs();
            let what = self.what.borrow().clone();
            self.terminal
                .status(&format!("Still reading {what} [{seconds}s elapsed]"));
        }
    }
}

/// A line that goes away with whoever draws it.
struct Line(ProgressBar);

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
