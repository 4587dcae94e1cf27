//! `xrayctl completions`.

use clap_complete::Shell;

use super::Outcome;
use crate::exit::Exit;
use crate::model::Diagnostic;
use crate::view::Terminal;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, command: &mut clap::Command, terminal: &Terminal) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "xrayctl", &mut script);
    let script = String::from_utf8(script)
        .map_err(|_| Diagnostic::error("the completions are not valid UTF-8"))?;
    terminal.result(&script)?;
    Ok(Exit::Success)
}
