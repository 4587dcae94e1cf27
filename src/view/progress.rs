//! Progress of an apply: one line when a step begins and one when it ends, in
//! Terraform's words. On a terminal, steps under way turn below those lines;
//! elsewhere a line every ten seconds says that they still do.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Terminal;
use super::visible::visible;
use crate::apply::event::step_action;
use crate::apply::{Event, Observer};
use crate::model::Address;
use crate::plan::order::Half;
use crate::plan::{Action, Change, Reason};

/// How often a step that takes long is told of.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(10);
/// How often the terminal's live lines turn.
const TURN: Duration = Duration::from_millis(120);

/// Shows events as they happen.
pub struct Progress {
    pub(super) terminal: Terminal,
    live: Option<MultiProgress>,
    under_way: Mutex<BTreeMap<Address, UnderWay>>,
}

struct UnderWay {
    since: Instant,
    still: &'static str,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Shows events on `terminal`.
    pub fn new(terminal: Terminal) -> Self {
        let live = terminal
            .is_interactive
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self {
            terminal,
            live,
            under_way: Mutex::default(),
        }
    }

    /// Tells of steps that take long; runs until it is dropped.
    pub(super) async fn beat(&self) -> Infallible {
        if self.live.is_some() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            for (address, step) in self.under_way().iter() {
                let seconds = step.since.elapsed().as_secs();
                self.line(&format!("{address}: {} [{seconds}s elapsed]", step.still));
            }
        }
    }

    fn under_way(&self) -> MutexGuard<'_, BTreeMap<Address, UnderWay>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: &str) {
        let text = &visible(text);
        match &self.live {
            // A terminal that cannot be drawn on gets the plain line.
            Some(live) if live.println(text).is_ok() => {}
            _ => self.terminal.status(text),
        }
    }

    fn begin(&self, change: &Change, half: Half) {
        let words = Words::of(change, half);
        self.line(&format!("{}: {}...", change.address, words.begin));
        let bar = self.live.as_ref().map(|live| {
            let bar = live.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]") {
                bar.set_style(style);
            }
            bar.set_message(format!("{}: {}", change.address, words.still));
            bar.enable_steady_tick(TURN);
            bar
        });
        self.under_way().insert(
            change.address.clone(),
            UnderWay {
                since: Instant::now(),
                still: words.still,
                bar,
            },
        );
    }

    fn end(&self, change: &Change) {
        let ended = self.under_way().remove(&change.address);
        if let Some(bar) = ended.and_then(|step| step.bar) {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn notice(&self, event: Event<'_>) {
        match event {
            Event::Started { change, half } => self.begin(change, half),
            Event::Finished {
                change,
                half,
                elapsed,
                id,
            } => {
                self.end(change);
                let words = Words::of(change, half);
                let id = id.map_or_else(String::new, |id| format!(" [id={id}]"));
                self.line(&format!(
                    "{}: {} complete after {}s{id}",
                    change.address,
                    words.noun,
                    elapsed.as_secs()
                ));
            }
            Event::Failed {
                change,
                half,
                elapsed,
                ..
            } => {
                self.end(change);
                let words = Words::of(change, half);
                self.line(&format!(
                    "{}: {} failed after {}s",
                    change.address,
                    words.noun,
                    elapsed.as_secs()
                ));
            }
            Event::Skipped { change, because } => self.line(&skipped(change, because)),
            Event::Stopping { under_way } => self.line(&stopping(under_way)),
        }
    }
}

/// Tells of a step that was not begun.
pub(super) fn skipped(change: &Change, because: &Address) -> String {
    format!("{}: skipped, since {because} failed", change.address)
}

/// Tells that no further step is begun.
pub(super) fn stopping(under_way: usize) -> String {
    format!(
        "Stopping: waiting for {} under way; press Ctrl-C again to leave at once, with their outcome unknown",
        crate::model::plural::count(under_way, "step")
    )
}

/// Terraform's words for what a step does.
pub(super) struct Words {
    pub(super) begin: &'static str,
    pub(super) still: &'static str,
    pub(super) noun: &'static str,
}

impl Words {
    pub(super) fn of(change: &Change, half: Half) -> Self {
        let (begin, still, noun) = match step_action(change, half) {
            Action::Create => ("Creating", "Still creating...", "Creation"),
            Action::Delete => ("Destroying", "Still destroying...", "Destruction"),
            Action::Release => ("Releasing", "Still releasing...", "Release"),
            Action::Adopt => ("Importing", "Still importing...", "Import"),
            Action::Update if change.reason == Some(Reason::Reset) => {
                ("Resetting", "Still resetting...", "Reset")
            }
            Action::Update | Action::NoOp | Action::Replace => {
                ("Modifying", "Still modifying...", "Modifications")
            }
        };
        Self { begin, still, noun }
    }
}
