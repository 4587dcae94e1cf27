//! `xrayctl man`.

use std::io;
use std::path::{Path, PathBuf};

use clap_mangen::Man;

use super::Outcome;
use crate::exit::Exit;
use crate::model::Diagnostic;
use crate::view::Terminal;

/// Print the manual page, or write the pages of all commands
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write one page for each command into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, command: &clap::Command, terminal: &Terminal) -> Outcome {
    if let Some(folder) = &args.out {
        write_all(folder, command).map_err(|error| {
            Diagnostic::error(format!("cannot write to `{}`: {error}", folder.display()))
        })?;
    } else {
        let mut page = Vec::new();
        Man::new(command.clone()).render(&mut page)?;
        terminal.result(&String::from_utf8_lossy(&page))?;
    }
    Ok(Exit::Success)
}

fn write_all(folder: &Path, command: &clap::Command) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command.clone(), folder)
}
