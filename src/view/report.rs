//! How a command that plans and applies tells what it does: in words for
//! people, or as events for programs.

use std::convert::Infallible;
use std::io;
use std::path::Path;

use async_trait::async_trait;
use serde_json::Value;

use super::progress::Progress;
use super::{apply_complete, plan};
use crate::apply::{Observer, Outcome};
use crate::model::Diagnostics;
use crate::plan::{Mode, Plan};

/// Tells of one command, from its plan to the end of its apply.
#[async_trait]
pub trait Report: Observer {
    /// Tells what is wrong or worth knowing.
    fn diagnostics(&self, diagnostics: &Diagnostics);

    /// Shows a plan.
    ///
    /// # Errors
    /// Where the result cannot be written.
    fn plan(&self, plan: &Plan) -> io::Result<()>;

    /// Tells that the plan was saved at `path`.
    fn saved(&self, path: &Path);

    /// Hands out the plan as one document in Terraform's plan format, for what
    /// wants that and not the events.
    ///
    /// # Errors
    /// Where the result cannot be written.
    fn document(&self, plan: Value) -> io::Result<()>;

    /// Tells whether questions may be asked.
    fn may_ask(&self) -> bool;

    /// Tells of steps that take long; runs until it is dropped.
    async fn heartbeat(&self) -> Infallible;

    /// Tells what was done.
    ///
    /// # Errors
    /// Where the result cannot be written.
    fn outcome(&self, mode: Mode, outcome: &Outcome) -> io::Result<()>;
}

#[async_trait]
impl Report for Progress {
    fn diagnostics(&self, diagnostics: &Diagnostics) {
        self.terminal.diagnostics(diagnostics);
    }

    fn plan(&self, plan: &Plan) -> io::Result<()> {
        let drawn = plan::render(plan, self.terminal.styles);
        self.terminal.result(&drawn)
    }

    fn saved(&self, path: &Path) {
        self.terminal.status(&format!("\n{}", saved(path)));
    }

    /// People have been shown the plan.
    fn document(&self, _: Value) -> io::Result<()> {
        Ok(())
    }

    fn may_ask(&self) -> bool {
        true
    }

    async fn heartbeat(&self) -> Infallible {
        self.beat().await
    }

    fn outcome(&self, mode: Mode, outcome: &Outcome) -> io::Result<()> {
        let summary = apply_complete(mode, outcome);
        let bold = self.terminal.styles.bold;
        self.terminal.result(&format!("\n{}", bold.paint(summary)))
    }
}

/// Says where a plan is and what to do with it.
pub(super) fn saved(path: &Path) -> String {
    let path = path.display();
    format!("Saved the plan to {path}. Apply it with: xrayctl apply {path}")
}
