//! `xrayctl dev`.

mod follow;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use serde_json::Value;

use super::apply::{How, carry_out};
use super::connection::{connect_in_process, embedded_options, with_causes};
use super::globals::Globals;
use super::planning::{self, Selection};
use super::spec_file::DEFAULT_PATH;
use super::{Failure, Outcome};
use crate::collector_config::CollectorConfig;
use crate::desk::{Desk, Places, stop_signal};
use crate::exit::Exit;
use crate::model::{Diagnostic, Diagnostics};
use crate::plan::Mode;
use crate::spec::Spec;
use crate::view::{Report, Terminal, following::Following};
use follow::Followed;

/// Serve the embedded AWS as the spec says, collect traces, and follow the spec
///
/// Starts the embedded AWS with the spec applied to it, and beside it the
/// collector of `[collector]`: what `local-collector` does, for one spec. When
/// the spec, or a file that it names, is saved again, the difference is applied;
/// where it has errors they are shown, and what was applied before goes on.
/// Ctrl-C lets both finish what is under way.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spec
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    spec: PathBuf,

    /// Serve the AWS API on this address; port 0 takes any free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4566")]
    aws_listen: SocketAddr,

    /// Fail where a port is taken, instead of going on without it
    #[arg(long)]
    strict: bool,
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    // From now on Ctrl-C ends it in order.
    let stop = stop_signal().map_err(|error| failed("watch for signals", &error))?;
    let mut followed = Followed::new(&args.spec, globals);
    let (spec, warnings) = followed.read()?;
    let options = embedded_options(globals, &spec.stack);
    let desk = Desk::open(options, args.aws_listen).await;
    let desk = desk.map_err(|error| failed("serve the embedded AWS", &error))?;
    let mut dev = Dev {
        terminal,
        is_strict: args.strict,
        name: args.spec.display().to_string(),
        desk,
        collecting: None,
        told: Diagnostics::new(),
    };
    let worked = Box::pin(dev.work(spec, warnings, &mut followed, stop)).await;
    if worked.is_ok() {
        terminal.status("Stopping: what is under way is finished first");
    }
    let finished = dev.desk.finish().await;
    worked?;
    finished.map_err(|error| failed("serve the embedded AWS", &error))?;
    Ok(Exit::Success)
}

/// What runs.
struct Dev<'a> {
    terminal: &'a Terminal,
    is_strict: bool,
    /// The spec's name, as the user gave it.
    name: String,
    desk: Desk,
    /// What the collector does; `None` where there is none.
    collecting: Option<CollectorConfig>,
    /// The warnings that were shown last.
    told: Diagnostics,
}

impl Dev<'_> {
    /// Starts everything and follows the spec until `stop` completes, which is
    /// waited for between two changes and not during one.
    async fn work(
        &mut self,
        spec: Spec,
        warnings: Diagnostics,
        followed: &mut Followed<'_>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Failure> {
        self.start(spec, warnings).await?;
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return Ok(()),
                ended = self.desk.ended() => return Err(no_longer_served(&ended).into()),
                () = followed.changed() => self.take_over(followed).await?,
            }
        }
    }

    async fn start(&mut self, spec: Spec, warnings: Diagnostics) -> Result<(), Failure> {
        self.terminal.result(self.desk.announcement())?;
        let config = spec.collector.clone();
        // The rules are there before the first client asks for them.
        self.warn(warnings);
        self.apply(spec, Following::from_start(*self.terminal))
            .await?;
        let started = self.desk.collect(&config, self.is_strict).await;
        let places = started.map_err(|error| failed("start the collector", &error))?;
        self.collecting = Some(config);
        self.announce(&places)?;
        self.desk.serve();
        let name = &self.name;
        self.terminal.result(&format!(
            "Following {name}: what is saved there is applied. Press Ctrl-C to end."
        ))?;
        Ok(())
    }

    /// Takes over a spec that changed, as far as it has no errors.
    async fn take_over(&mut self, followed: &mut Followed<'_>) -> Result<(), Failure> {
        match self.change(followed).await {
            Err(Failure::Diagnostics(diagnostics)) => {
                self.terminal.diagnostics(&diagnostics);
                let what = if diagnostics.is_empty() {
                    "was applied in part only: mend what failed and save it again"
                } else {
                    "was not taken over: what was applied before goes on"
                };
                self.terminal
                    .status(&format!("{} changed, and {what}", self.name));
                Ok(())
            }
            other => other,
        }
    }

    async fn change(&mut self, followed: &mut Followed<'_>) -> Result<(), Failure> {
        let (spec, warnings) = followed.read()?;
        let config = spec.collector.clone();
        self.warn(warnings);
        let following = Following::of_change(*self.terminal, &self.name);
        self.apply(spec, following).await?;
        if self
            .collecting
            .as_ref()
            .is_some_and(|old| is_same(old, &config))
        {
            return Ok(());
        }
        self.collect_anew(config).await
    }

    /// Starts the collector with another configuration, or the old one again
    /// where it does not start with that.
    async fn collect_anew(&mut self, config: CollectorConfig) -> Result<(), Failure> {
        self.terminal
            .result("[collector] changed: the collector finishes what it has and starts anew")?;
        let old = self.collecting.take();
        let failure = match self.desk.collect(&config, self.is_strict).await {
            Ok(places) => {
                self.collecting = Some(config);
                return self.announce(&places);
            }
            Err(error) => failed("start the collector", &error),
        };
        let mut failures = Diagnostics::from(failure);
        if let Some(old) = old {
            match self.desk.collect(&old, self.is_strict).await {
                Ok(places) => {
                    self.collecting = Some(old);
                    self.announce(&places)?;
                }
                Err(error) => failures.push(failed("start it as it was", &error)),
            }
        }
        self.terminal.diagnostics(&failures);
        self.terminal.status(if self.collecting.is_some() {
            "[collector] was not taken over: the collector runs as it did"
        } else {
            "no traces are taken until [collector] is mended and saved"
        });
        Ok(())
    }

    /// Makes the embedded AWS as the spec says.
    async fn apply(&self, spec: Spec, report: Following<'_>) -> Result<(), Failure> {
        let local = Arc::clone(self.desk.local());
        let connected = connect_in_process(local, &spec.stack).await;
        let selection = Selection::default();
        let planned = planning::of_connected(spec, connected, &selection, Mode::Apply).await?;
        report.diagnostics(&planned.warnings);
        report.plan(&planned.plan)?;
        if !planned.plan.has_changes() {
            return Ok(());
        }
        match carry_out(planned, &selection, &How::unasked(), &report).await? {
            Exit::Success => Ok(()),
            // What failed is told already.
            _ => Err(Diagnostics::new().into()),
        }
    }

    /// Shows warnings, unless they are those of before.
    fn warn(&mut self, warnings: Diagnostics) {
        if self.told != warnings {
            self.terminal.diagnostics(&warnings);
            self.told = warnings;
        }
    }

    /// Says where traces come in, and what goes missing.
    fn announce(&self, places: &Places) -> Result<(), Failure> {
        let lines: Vec<String> = places.told().collect();
        if !lines.is_empty() {
            self.terminal.result(&lines.join("\n"))?;
        }
        let missing: Diagnostics = places.warnings().map(Diagnostic::warning).collect();
        self.terminal.diagnostics(&missing);
        Ok(())
    }
}

/// Tells whether a collector does the same with both.
fn is_same(one: &CollectorConfig, other: &CollectorConfig) -> bool {
    let as_value = |config| serde_json::to_value::<&CollectorConfig>(config).unwrap_or(Value::Null);
    as_value(one) == as_value(other)
}

fn no_longer_served(ended: &io::Result<()>) -> Diagnostic {
    match ended {
        Ok(()) => Diagnostic::error("the embedded AWS is served no longer"),
        Err(error) => failed("serve the embedded AWS", error),
    }
}

fn failed(what: &str, error: &dyn Error) -> Diagnostic {
    Diagnostic::error(format!("failed to {what}: {}", with_causes(error)))
}
