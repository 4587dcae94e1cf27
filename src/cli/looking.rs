//! What `traces`, `trace`, `map`, `stats` and `sampling simulate` have in common:
//! where they look, and over which time.

use std::path::PathBuf;
use std::time::SystemTime;

use super::connection::{Connected, connect_to_read, failed_call, region};
use super::globals::{Globals, Uses};
use super::planning::guard_account;
use super::spec_file;
use crate::local_aws::DEFAULT_REGION;
use crate::lookup::{Moment, Window, duration};
use crate::model::{Diagnostic, Diagnostics, Tags};
use crate::spec::{Spec, Stack};

/// Where to look.
#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// Look in the region and account of this spec
    #[arg(long, value_name = "SPEC")]
    pub spec: Option<PathBuf>,
}

/// When to look.
#[derive(Debug, clap::Args)]
pub(super) struct When {
    /// Look so far back: 15m, 2h, 1d
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration, conflicts_with = "start")]
    since: i64,

    /// Look from this time on: RFC 3339, a date, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    start: Option<Moment>,

    /// Look up to this time; now where it is left out
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    end: Option<Moment>,
}

/// What the clock shows.
pub(super) fn now() -> Moment {
    Moment::of_clock(SystemTime::now())
}

impl When {
    /// The window that is meant.
    ///
    /// # Errors
    /// Where it is empty or too long.
    pub(super) fn window(&self) -> Result<Window, Diagnostic> {
        let end = self.end.unwrap_or_else(now);
        let start = self.start.unwrap_or_else(|| end.earlier(self.since));
        Window::new(start, end).map_err(|message| {
            Diagnostic::error(message)
                .with_hint("choose another window with --since, --start, --end")
        })
    }
}

impl Where {
    /// Which of the global options mean something: those of specs where there
    /// is one.
    pub(super) fn uses(&self) -> Uses {
        Uses {
            spec: self.spec.is_some(),
            region: true,
            connection: true,
            json: true,
            ..Uses::default()
        }
    }

    /// Connects to where the traces are.
    ///
    /// # Errors
    /// Where no region is known, the spec is wrong, or nobody serves the traces.
    pub(super) async fn connect(&self, globals: &Globals) -> Result<Connected, Diagnostics> {
        let spec = match &self.spec {
            Some(path) => Some(spec_file::load(path, globals)?.0),
            None => None,
        };
        Ok(connect_as(spec.as_ref(), globals).await?)
    }
}

/// Connects to where the traces are, in the region and account of a spec where
/// there is one.
///
/// # Errors
/// Where no region is known, or nobody serves the traces.
pub(super) async fn connect_as(
    spec: Option<&Spec>,
    globals: &Globals,
) -> Result<Connected, Diagnostic> {
    let Some(spec) = spec else {
        return connect_to_read(globals, &anywhere(globals).await?).await;
    };
    let connected = connect_to_read(globals, &spec.stack).await?;
    if spec.stack.account.is_some() {
        let identity = connected.aws.identity().await;
        let identity = identity.map_err(|error| failed_call(&error, None))?;
        guard_account(spec, &identity.account)?;
    }
    Ok(connected)
}

/// A place that no spec describes.
async fn anywhere(globals: &Globals) -> Result<Stack, Diagnostic> {
    let region = match (&globals.region, globals.local) {
        (Some(region), _) => region.clone(),
        (None, true) => DEFAULT_REGION.to_owned(),
        (None, false) => region(globals).await?,
    };
    Ok(Stack {
        name: String::new(),
        region,
        account: None,
        tags: Tags::new(),
    })
}

/// An answer as JSON.
///
/// # Errors
/// Where it cannot be written, which is a fault of ours.
pub(super) fn json(written: Result<String, serde_json::Error>) -> Result<String, Diagnostic> {
    written.map_err(|error| Diagnostic::error(format!("cannot write the answer: {error}")))
}
