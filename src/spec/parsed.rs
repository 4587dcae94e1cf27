//! The text of a spec as a tree, before anything in it is judged: it is made once,
//! and the spec of every environment is read out of it.

use std::sync::Arc;

use super::node::Table;
use super::overlay;
use super::report::{Finding, Report};
use super::syntax;
use crate::model::SourceFile;

/// The largest text that is read, of a spec or of a file that it names, in
/// bytes. The largest documents of AWS are a thousandth of it.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A text that was read into a tree.
#[derive(Debug)]
pub struct Parsed {
    /// All but the overlays; `None` where the text makes no sense.
    base: Option<Table>,
    /// What environments put over it, by name.
    overlays: Table,
    /// What is wrong with the text.
    report: Report,
}

impl Parsed {
    /// Reads a text. What is wrong with it is told by everything that is read out
    /// of it.
    pub fn of(source: &Arc<SourceFile>) -> Self {
        let mut report = Report::new(source);
        let mut base = root(&mut report);
        let overlays = base
            .as_mut()
            .map(|base| overlay::take(base, &mut report))
            .unwrap_or_default();
        Self {
            base,
            overlays,
            report,
        }
    }

    /// Lists the environments of the spec, sorted; none where it is no TOML.
    pub fn environments(&self) -> Vec<String> {
        self.overlays.keys().map(str::to_owned).collect()
    }

    /// What is wrong with the text, to go on from.
    pub(super) fn report(&self) -> Report {
        self.report.clone()
    }

    /// Merges the overlay of `env` over the rest. `None` where there is nothing to
    /// judge; the report says why.
    pub(super) fn tree(&self, env: Option<&str>, report: &mut Report) -> Option<Table> {
        let mut tree = self.base.clone()?;
        if let Some(env) = env {
            overlay::put_over(&mut tree, &self.overlays, env, report).ok()?;
        }
        Some(tree)
    }
}

/// Reads the text into a tree. `None` where that makes no sense.
fn root(report: &mut Report) -> Option<Table> {
    let source = Arc::clone(report.source());
    if source.text.len() > MAX_BYTES {
        let message = format!("`{}` is larger than 8 MiB, which no spec is", source.name);
        report.add_nowhere(message, None);
        return None;
    }
    let root = syntax::parse(report)?;
    if root.is_empty() {
        report.add_plain(
            Finding::new(&(0..0), "the spec is empty")
                .hint("run `xrayctl init` for one to start from"),
        );
        return None;
    }
    Some(root)
}
