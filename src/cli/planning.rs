//! From a spec to a plan, as every command that talks to AWS goes.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;

use super::connection::{Connected, connect, failed_call};
use super::globals::Globals;
use super::spec_file;
use crate::aws::{Aws, Class, Error};
use crate::model::{Address, Diagnostic, Diagnostics};
use crate::plan::diff::{self, Request, Sides};
use crate::plan::saved::SavedPlan;
use crate::plan::{Mode, Plan, Target, order};
use crate::resource::read::{Scope, read_all};
use crate::resource::{REGISTRY, Registered};
use crate::spec::Spec;

/// Options of commands that make a plan.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Selection {
    /// Only this resource and what it needs, or to destroy, what needs it; may
    /// be given several times
    #[arg(long = "target", value_name = "ADDR")]
    pub only: Vec<Address>,

    /// Take resources that exist and that no stack owns into this stack
    #[arg(long)]
    pub adopt: bool,

    /// Delete log groups with the events in them, which are released otherwise
    #[arg(long)]
    pub delete_data: bool,
}

/// A plan, with what it was made from.
pub(super) struct Planned {
    pub spec: Spec,
    pub connected: Connected,
    pub plan: Plan,
    /// What is worth knowing beside it.
    pub warnings: Diagnostics,
}

/// Loads the spec at `path` and plans it.
///
/// # Errors
/// Everything that is wrong with the spec, or stands in the way of the plan.
pub(super) async fn from_spec(
    path: &Path,
    globals: &Globals,
    selection: &Selection,
    mode: Mode,
) -> Result<Planned, Diagnostics> {
    let source = spec_file::read(path)?;
    if SavedPlan::is_one(&source.text) {
        return Err(
            Diagnostic::error(format!("`{}` is a saved plan, not a spec", path.display()))
                .with_hint("look at it with `xrayctl show`, carry it out with `xrayctl apply`")
                .into(),
        );
    }
    let options = spec_file::options(globals, globals.env.clone());
    let (spec, warnings) = spec_file::check(&source, path, &options)?;
    let connected = connect(globals, &spec.stack).await?;
    let plan = of_account(&connected.aws, &spec, selection, mode);
    // Begins when the first calls have left, and is done before they are answered.
    let lint = async {
        match mode {
            Mode::Apply => spec.lint(),
            Mode::Destroy | Mode::RefreshOnly => Diagnostics::new(),
        }
    };
    let (planned, found) = tokio::join!(plan, lint);
    let (plan, mut told) = planned?;
    told.extend(warnings);
    told.extend(found);
    Ok(Planned {
        spec,
        connected,
        plan,
        warnings: told,
    })
}

/// Plans a spec that is loaded.
///
/// # Errors
/// Everything that stands in the way of the plan.
pub(super) async fn of_stack(
    spec: Spec,
    globals: &Globals,
    selection: &Selection,
    mode: Mode,
) -> Result<Planned, Diagnostics> {
    let connected = connect(globals, &spec.stack).await?;
    of_connected(spec, connected, selection, mode).await
}

/// Plans a spec for the AWS that is connected to.
///
/// # Errors
/// Everything that stands in the way of the plan.
pub(super) async fn of_connected(
    spec: Spec,
    connected: Connected,
    selection: &Selection,
    mode: Mode,
) -> Result<Planned, Diagnostics> {
    let (plan, warnings) = of_account(&connected.aws, &spec, selection, mode).await?;
    Ok(Planned {
        spec,
        connected,
        plan,
        warnings,
    })
}

/// Reads the account and compares it with the spec.
///
/// # Errors
/// Everything that stands in the way of the plan.
pub(super) async fn of_account(
    aws: &Aws,
    spec: &Spec,
    selection: &Selection,
    mode: Mode,
) -> Result<(Plan, Diagnostics), Diagnostics> {
    let mut desired = order::selected(spec.resources.clone(), &selection.only, mode);
    // Who we are is asked at the same time; where AWS does not tell, no other
    // answer is waited for.
    let identity = async {
        let identity = aws.identity().await.map_err(|error| {
            let diagnostic = failed_call(&error, None);
            match aws.profile() {
                Some(profile) if error.class == Class::Credentials => {
                    diagnostic.with_hint(format!(
                        "check the profile `{profile}`: `aws configure list --profile {profile}`"
                    ))
                }
                _ => diagnostic,
            }
        })?;
        guard_account(spec, &identity.account)?;
        Ok::<_, Diagnostic>(identity)
    };
    // To destroy, nothing has to be resolved: what a field refers to may be
    // gone already.
    let scope = Scope {
        stack: &spec.stack.name,
        resolve: mode != Mode::Destroy,
        everything: false,
    };
    let reading = async { Ok(read_all(aws, REGISTRY, scope, &mut desired).await) };
    let (identity, reading) = tokio::try_join!(identity, reading)?;
    if !reading.failed.is_empty() {
        let failed = reading.failed.iter();
        return Err(distinct(failed.map(|(_, error)| failed_call(error, None))));
    }
    let request = Request {
        mode,
        target: Target {
            account: identity.account.clone(),
            region: aws.region().to_owned(),
        },
        adopt: selection.adopt,
        delete_data: selection.delete_data,
        only: selection.only.clone(),
    };
    let sides = Sides {
        catalog: &Registered,
        stack: &spec.stack.name,
        desired: &desired,
        live: &reading.live,
    };
    let plan = diff::plan(sides, &request)?;
    Ok((plan, not_known(&reading.unknown)))
}

/// Tells of which types it is not known whether the stack owns any; those that
/// one service keeps to itself in one warning.
fn not_known(unknown: &[(&'static str, Error)]) -> Diagnostics {
    let mut by_service: BTreeMap<&str, (Vec<&str>, &Error)> = BTreeMap::new();
    for (kind, error) in unknown {
        let (kinds, _) = by_service
            .entry(error.service)
            .or_insert_with(|| (Vec::new(), error));
        kinds.push(kind);
    }
    let warnings = by_service.into_values().map(|(kinds, error)| {
        Diagnostic::warning(format!(
            "cannot tell whether the stack owns any {} that the spec does not name: {error}",
            kinds.join(" or ")
        ))
    });
    warnings.collect()
}

/// Several types may fail for one cause; it is told once.
fn distinct(diagnostics: impl Iterator<Item = Diagnostic>) -> Diagnostics {
    let mut told: Vec<Diagnostic> = Vec::new();
    for diagnostic in diagnostics {
        if !told.contains(&diagnostic) {
            told.push(diagnostic);
        }
    }
    told.into_iter().collect()
}

pub(super) fn guard_account(spec: &Spec, account: &str) -> Result<(), Diagnostic> {
    match &spec.stack.account {
        Some(expected) if expected != account => Err(Diagnostic::error(format!(
            "the stack `{}` is for account {expected}, but the credentials are for account {account}",
            spec.stack.name
        ))
        .with_hint("choose other credentials with --profile or AWS_PROFILE")),
        _ => Ok(()),
    }
}
