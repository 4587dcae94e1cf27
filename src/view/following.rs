//! What `xrayctl dev` tells of its applies: a line each, and what went wrong.

use std::convert::Infallible;
use std::io;
use std::path::Path;

use async_trait::async_trait;
use serde_json::Value;

use super::visible::visible;
use super::{Report, Terminal, apply_complete, plan_summary};
use crate::apply::{Event, Observer, Outcome};
use crate::model::Diagnostics;
use crate::plan::{Mode, Plan};

/// Tells of one apply.
pub struct Following<'a> {
    terminal: Terminal,
    /// The spec that changed; `None` at the start.
    changed: Option<&'a str>,
}

impl<'a> Following<'a> {
    /// Of the first, with its plan.
    pub fn from_start(terminal: Terminal) -> Self {
        Self {
            terminal,
            changed: None,
        }
    }

    /// Of one since the spec called `name` changed.
    pub fn of_change(terminal: Terminal, name: &'a str) -> Self {
        Self {
            terminal,
            changed: Some(name),
        }
    }

    fn line(&self, text: &str) -> io::Result<()> {
        match self.changed {
            Some(name) => self
                .terminal
                .result(&format!("{} changed. {text}", visible(name))),
            None => self.terminal.result(text),
        }
    }
}

impl Observer for Following<'_> {
    /// Steps are of no interest at a desk: they take milliseconds.
    fn notice(&self, _: Event<'_>) {}
}

#[async_trait]
impl Report for Following<'_> {
    fn diagnostics(&self, diagnostics: &Diagnostics) {
        self.terminal.diagnostics(diagnostics);
    }

    fn plan(&self, plan: &Plan) -> io::Result<()> {
        match (plan.has_changes(), self.changed) {
            (false, _) => self.line("No changes."),
            (true, None) => self.line(&plan_summary(plan)),
            // Its outcome says the same.
            (true, Some(_)) => Ok(()),
        }
    }

    fn saved(&self, _: &Path) {}

    fn document(&self, _: Value) -> io::Result<()> {
        Ok(())
    }

    fn may_ask(&self) -> bool {
        false
    }

    async fn heartbeat(&self) -> Infallible {
        std::future::pending().await
    }

    fn outcome(&self, mode: Mode, outcome: &Outcome) -> io::Result<()> {
        self.line(&apply_complete(mode, outcome))
    }
}
