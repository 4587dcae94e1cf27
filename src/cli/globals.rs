//! Options that stand before or after any command.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::model::{Diagnostic, Diagnostics};

/// What the name of an environment variable that holds a variable of the spec
/// starts with.
const VARIABLE_PREFIX: &str = "XRAYCTL_VAR_";

/// The folder of the embedded AWS where none is given.
const STATE: &str = ".xrayctl/local";

/// Options of every command that makes use of them.
#[derive(Clone, Debug, Args)]
pub(super) struct Globals {
    /// Merge this environment of the spec over it
    #[arg(long, global = true, value_name = "NAME")]
    pub env: Option<String>,

    /// Set a variable of the spec; `XRAYCTL_VAR_name` in the environment does too
    #[arg(long = "var", global = true, value_name = "NAME=VALUE", value_parser = variable)]
    pub vars: Vec<(String, String)>,

    /// Use this profile of the AWS configuration
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "local")]
    pub profile: Option<String>,

    /// Work in this region alone; `init` writes it into the new spec
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,

    /// Call AWS at this address, for all services
    #[arg(long, global = true, value_name = "URL", conflicts_with = "local")]
    pub endpoint_url: Option<String>,

    /// Work on the embedded AWS: no account, no network
    #[arg(long, global = true)]
    pub local: bool,

    /// Keep the embedded AWS in this folder [default: .xrayctl/local]
    #[arg(long, global = true, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Print JSON: a document, or from plan, apply and destroy one event a line
    #[arg(long, global = true)]
    pub json: bool,

    /// Never use colour
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// Which of the global options mean something to a command.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for options of its own"
)]
pub(super) struct Uses {
    /// It reads a spec.
    pub spec: bool,
    /// It is for a region.
    pub region: bool,
    /// It talks to AWS.
    pub connection: bool,
    /// It talks to the embedded AWS, and to no other.
    pub embedded: bool,
    /// It can print JSON.
    pub json: bool,
    /// What to do about `region` and `connection` where they are not used.
    pub connection_hint: Option<&'static str>,
}

impl Globals {
    /// Refuses options that `command` would ignore.
    ///
    /// # Errors
    /// One error for each of them.
    pub(super) fn refuse_unused(&self, command: &str, uses: Uses) -> Result<(), Diagnostics> {
        let hint = uses.connection_hint;
        let (url, called) = (self.endpoint_url.is_some(), uses.connection);
        let given = [
            ("--env", self.env.is_some(), uses.spec, None),
            ("--var", !self.vars.is_empty(), uses.spec, None),
            ("--profile", self.profile.is_some(), called, hint),
            ("--region", self.region.is_some(), uses.region, hint),
            ("--endpoint-url", url, called, hint),
            ("--local", self.local, called, hint),
            ("--json", self.json, uses.json, None),
        ];
        let unused: Diagnostics = given
            .into_iter()
            .filter(|(_, is_given, is_used, _)| *is_given && !is_used)
            .map(|(option, _, _, hint)| {
                let message = format!("`xrayctl {command}` makes no use of {option}");
                Diagnostic {
                    hint: hint.map(str::to_owned),
                    ..Diagnostic::error(message)
                }
            })
            .collect();
        if !unused.is_empty() {
            return Err(unused);
        }
        if self.state.is_some() && !self.local && !uses.embedded {
            return Err(
                Diagnostic::error("--state is the folder of the embedded AWS")
                    .with_hint("give --local too")
                    .into(),
            );
        }
        Ok(())
    }

    /// The folder of the embedded AWS.
    pub(super) fn state(&self) -> &Path {
        self.state.as_deref().unwrap_or(Path::new(STATE))
    }

    /// Returns the variables given with `--var`; the last of a name counts.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        self.vars.iter().cloned().collect()
    }

    /// Returns the variables given in the environment.
    pub(super) fn environment_variables() -> BTreeMap<String, String> {
        std::env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.to_str()?.strip_prefix(VARIABLE_PREFIX)?.to_owned();
                Some((name, value.into_string().ok()?))
            })
            .collect()
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
