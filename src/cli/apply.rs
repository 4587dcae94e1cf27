//! `xrayctl apply`, and what it shares with `destroy`.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Outcome;
use super::connection::failed_call;
use super::globals::Globals;
use super::planning::{self, Planned, Selection};
use super::spec_file::{self, DEFAULT_PATH};
use crate::apply::{self, Context};
use crate::exit::Exit;
use crate::model::{Address, Diagnostic, Diagnostics, SourceFile, plural};
use crate::plan::saved::SavedPlan;
use crate::plan::{Action, Change, Mode};
use crate::resource::{REGISTRY, Registered};
use crate::spec;
use crate::view::{Report, Terminal, approval};

/// Resources that are changed at a time where nothing else is said.
const PARALLELISM: u16 = 10;

/// Make AWS as the spec says
///
/// Shows the plan and asks before it changes anything. Given a file that
/// `xrayctl plan --out` saved, applies exactly that plan, and refuses where the
/// spec or AWS changed since.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spec, or a saved plan
    #[arg(value_name = "SPEC|PLAN", default_value = DEFAULT_PATH)]
    file: PathBuf,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    how: How,
}

/// How a plan is carried out.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct How {
    /// Do not ask
    #[arg(long)]
    pub auto_approve: bool,

    /// Change at most this many resources at a time
    #[arg(long, value_name = "N", default_value_t = PARALLELISM, value_parser = clap::value_parser!(u16).range(1..))]
    pub parallelism: u16,
}

impl How {
    /// As where nobody is asked.
    pub(super) fn unasked() -> Self {
        Self {
            auto_approve: true,
            parallelism: PARALLELISM,
        }
    }
}

pub(super) async fn run(
    args: &Args,
    globals: &Globals,
    terminal: &Terminal,
    report: &dyn Report,
) -> Outcome {
    let source = spec_file::read(&args.file)?;
    if SavedPlan::is_one(&source.text) {
        return run_saved(args, globals, &source, report).await;
    }
    let planned = planning::from_spec(&args.file, globals, &args.selection, Mode::Apply).await?;
    approve_and_run(planned, &args.selection, &args.how, terminal, report).await
}

/// Applies a saved plan, which is its own approval.
async fn run_saved(
    args: &Args,
    globals: &Globals,
    source: &Arc<SourceFile>,
    report: &dyn Report,
) -> Outcome {
    let saved = SavedPlan::from_text(&source.text).map_err(|error| {
        Diagnostic::error(format!("cannot apply `{}`: {error}", source.name))
            .with_hint("plan again with `xrayctl plan --out FILE`")
    })?;
    refuse_choices(args, globals)?;
    let origin = &saved.origin;
    let selection = Selection {
        only: origin.only.clone(),
        adopt: origin.adopt,
        delete_data: origin.delete_data,
    };
    let path = Path::new(&origin.spec_path);
    let options = spec::Options {
        env: origin.env.clone(),
        vars: origin.vars.clone(),
        environment_vars: origin.environment_vars.clone(),
    };
    let source = spec_file::read(path).map_err(|error| {
        error.with_hint("a plan is applied from the folder that it was made in")
    })?;
    let (spec, _) = spec_file::check(&source, path, &options)?;
    if spec.hash != origin.spec_hash {
        return Err(stale(&format!("the spec `{}` changed", origin.spec_path)).into());
    }
    let mut planned = planning::of_stack(spec, globals, &selection, saved.plan.mode).await?;
    if planned.plan.target != saved.plan.target {
        let target = &saved.plan.target;
        let made_for = format!("account {}, {}", target.account, target.region);
        return Err(Diagnostic::error(format!("the plan was made for {made_for}")).into());
    }
    if planned.plan.live_hash != saved.plan.live_hash || planned.plan != saved.plan {
        return Err(stale("AWS changed").into());
    }
    planned.plan = saved.plan;
    report.plan(&planned.plan)?;
    carry_out(planned, &selection, &args.how, report).await
}

/// A saved plan holds its own choices; others on the command line would be
/// ignored.
fn refuse_choices(args: &Args, globals: &Globals) -> Result<(), Diagnostics> {
    let given = [
        ("--env", globals.env.is_some()),
        ("--var", !globals.vars.is_empty()),
        ("--target", !args.selection.only.is_empty()),
        ("--adopt", args.selection.adopt),
        ("--delete-data", args.selection.delete_data),
    ];
    let refused: Diagnostics = given
        .into_iter()
        .filter(|(_, is_given)| *is_given)
        .map(|(option, _)| {
            Diagnostic::error(format!(
                "a saved plan is applied as it is, without {option}"
            ))
            .with_hint(format!("give {option} to `xrayctl plan`"))
        })
        .collect();
    if refused.is_empty() {
        Ok(())
    } else {
        Err(refused)
    }
}

fn stale(what: &str) -> Diagnostic {
    Diagnostic::error(format!("the saved plan is stale: {what} since it was made"))
        .with_hint("plan again with `xrayctl plan --out FILE`")
}

/// Shows a plan, asks, and carries it out.
pub(super) async fn approve_and_run(
    planned: Planned,
    selection: &Selection,
    how: &How,
    terminal: &Terminal,
    report: &dyn Report,
) -> Outcome {
    report.diagnostics(&planned.warnings);
    report.plan(&planned.plan)?;
    if planned.plan.has_changes() && !how.auto_approve {
        let question = match planned.plan.mode {
            Mode::Destroy => "Do you want to destroy all of this?",
            Mode::Apply | Mode::RefreshOnly => "Do you want to perform these actions?",
        };
        let why_not = match (report.may_ask(), approval::can_ask()) {
            (true, true) => None,
            (true, false) => Some("nobody is there to approve the plan"),
            (false, _) => Some("nothing is asked with --json, so nobody can approve the plan"),
        };
        if let Some(why_not) = why_not {
            return Err(Diagnostic::error(why_not)
                .with_hint(
                    "give --auto-approve, or apply a plan saved with `xrayctl plan --out FILE`",
                )
                .into());
        }
        if !approval::ask(terminal, question)? {
            return Err(Diagnostic::error("not approved; nothing was changed").into());
        }
    }
    carry_out(planned, selection, how, report).await
}

/// Carries a plan out, which is approved, and reads back what stands then.
pub(super) async fn carry_out(
    planned: Planned,
    selection: &Selection,
    how: &How,
    report: &dyn Report,
) -> Outcome {
    let stop = CancellationToken::new();
    let context = Context {
        aws: &planned.connected.aws,
        kinds: REGISTRY,
        catalog: &Registered,
        parallelism: usize::from(how.parallelism),
        observer: report,
        stop: &stop,
    };
    let work = async {
        let outcome = apply::run(&planned.plan, context).await;
        let mut diagnostics = failures(&outcome);
        let mut changes = planned.plan.actual_changes();
        let is_to_be_seen = planned.plan.mode == Mode::Apply
            && changes.any(|change| change.action != Action::Adopt);
        if outcome.is_complete() && is_to_be_seen {
            tokio::select! {
                found = read_back(&planned, selection) => diagnostics.extend(found),
                () = stop.cancelled() => diagnostics.push(Diagnostic::warning(
                    "stopped before what was applied was read back",
                )),
            }
        }
        (outcome, diagnostics)
    };
    let (outcome, diagnostics) = tokio::select! {
        done = work => done,
        never = report.heartbeat() => match never {},
        never = interrupts(&stop) => match never {},
    };
    report.diagnostics(&diagnostics);
    report.outcome(planned.plan.mode, &outcome)?;
    Ok(if outcome.is_complete() {
        Exit::Success
    } else {
        Exit::Failure
    })
}

/// Stops the apply at the first Ctrl-C or SIGTERM, which CI sends to cancel,
/// and the process at the second.
async fn interrupts(stop: &CancellationToken) -> Infallible {
    let signals = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
        // Without a handler they end the process, as they do by themselves.
        return std::future::pending().await;
    };
    let mut is_first = true;
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if !is_first {
            std::process::exit(Exit::Failure as i32);
        }
        is_first = false;
        stop.cancel();
    }
}

/// Tells what failed and what was left because of it.
fn failures(outcome: &apply::Outcome) -> Diagnostics {
    let mut diagnostics: Diagnostics = outcome
        .failed
        .iter()
        .map(|(address, error)| {
            let mut diagnostic = failed_call(error, Some(address));
            diagnostic.summary = format!("{address}: {}", diagnostic.summary);
            diagnostic
        })
        .collect();
    if !outcome.skipped.is_empty() {
        let names: Vec<String> = outcome
            .skipped
            .iter()
            .map(|(address, because)| format!("{address} (needs {because})"))
            .collect();
        let count = plural::count(names.len(), "resource");
        diagnostics.push(
            Diagnostic::error(format!("{count} skipped: {}", names.join(", ")))
                .with_hint("mend what failed and apply again; what is done stays done"),
        );
    }
    if !outcome.not_begun.is_empty() {
        let names: Vec<String> = outcome.not_begun.iter().map(Address::to_string).collect();
        let count = plural::count(names.len(), "resource");
        diagnostics.push(
            Diagnostic::error(format!("stopped; {count} not begun: {}", names.join(", ")))
                .with_hint("apply again to complete the work"),
        );
    }
    diagnostics
}

/// Tells whether a change concerns a resource that the plan knew of.
fn is_planned(planned: &Planned, change: &Change) -> bool {
    let known = &planned.plan.changes;
    planned.plan.is_partial || known.iter().any(|known| known.address == change.address)
}

/// Plans once more: after an apply nothing is left to do. A difference is told,
/// since it means that AWS does not keep what it was sent.
async fn read_back(planned: &Planned, selection: &Selection) -> Diagnostics {
    let aws = &planned.connected.aws;
    let selection = Selection {
        // What was taken in just now is the stack's own.
        adopt: false,
        ..selection.clone()
    };
    let again = planning::of_account(aws, &planned.spec, &selection, Mode::Apply).await;
    let (plan, _) = match again {
        Ok(again) => again,
        Err(diagnostics) => {
            let reasons = diagnostics.iter().map(|one| one.summary.as_str());
            let reasons: Vec<&str> = reasons.collect();
            return Diagnostic::warning(format!(
                "cannot read back what was applied: {}",
                reasons.join("; ")
            ))
            .into();
        }
    };
    // What was only taken in may still differ; so may what was not planned.
    let applied: BTreeSet<&Address> = planned
        .plan
        .actual_changes()
        .filter(|change| change.action != Action::Adopt)
        .map(|change| &change.address)
        .collect();
    plan.actual_changes()
        .filter(|change| applied.contains(&change.address) || !is_planned(planned, change))
        .map(|change| {
            let fields: Vec<String> =
                change.fields.iter().map(|field| field.path.join(".")).collect();
            Diagnostic::warning(format!(
                "{} still differs after the apply: {}",
                change.address,
                if fields.is_empty() { "it is not there".to_owned() } else { fields.join(", ") }
            ))
            .with_hint("AWS may take some seconds to show a change; if a new plan still shows it, this is a bug in xrayctl")
        })
        .collect()
}
