//! The command line: one file a command, each from arguments to an exit code.

mod apply;
mod completions;
mod connection;
mod destroy;
mod dev;
mod export;
mod fmt;
mod generate;
mod globals;
mod import;
mod init;
mod looking;
mod man;
mod map;
mod plan;
mod planning;
mod replace_file;
mod sampling;
mod schema;
mod show;
mod spec_file;
mod stats;
mod trace;
mod traces;
mod validate;

use std::ffi::OsString;
use std::io;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::Exit;
use crate::log;
use crate::model::{Diagnostic, Diagnostics};
use crate::resource::REGISTRY;
use crate::view::events::Events;
use crate::view::progress::Progress;
use crate::view::{Report, Terminal, diagnostic};
use globals::{Globals, Uses};

/// Plan and apply AWS X-Ray from one TOML spec
///
/// xrayctl reads a spec, shows how it differs from what stands in AWS, and
/// applies the difference. It keeps no state file: AWS is the state, and tags
/// say what belongs to which stack.
#[derive(Debug, Parser)]
#[command(name = "xrayctl", version, arg_required_else_help = false)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Validate(validate::Args),
    Fmt(fmt::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Destroy(destroy::Args),
    Show(show::Args),
    Dev(dev::Args),
    Import(import::Args),
    Export(export::Args),
    Generate(generate::Args),
    Sampling(sampling::Args),
    Traces(traces::Args),
    Trace(trace::Args),
    Map(map::Args),
    Stats(stats::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
enum Failure {
    /// Something is wrong, and said.
    Diagnostics(Diagnostics),
    /// Nobody reads the result any more.
    Output(io::Error),
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Diagnostics(diagnostics)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Diagnostics(diagnostic.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

type Outcome = Result<Exit, Failure>;

/// Runs one command line and returns how the program ends.
pub fn run(arguments: impl Iterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    log::start(cli.command.usual_log());
    let terminal = Terminal::of_process(cli.globals.no_color);
    let report = report(&cli, &terminal);
    match dispatch(&cli, &terminal, &*report) {
        Ok(exit) => exit,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Failure,
        Err(Failure::Output(error)) => {
            let failure = Diagnostic::error(format!("failed to write the result: {error}"));
            terminal.diagnostics(&failure.into());
            Exit::Failure
        }
        Err(Failure::Diagnostics(diagnostics)) => {
            fail(&cli, &terminal, &*report, &diagnostics);
            Exit::Failure
        }
    }
}

/// Chooses how to tell of what is done, before anything else can go wrong.
fn report(cli: &Cli, terminal: &Terminal) -> Box<dyn Report> {
    if cli.globals.json && cli.command.streams() {
        Box::new(Events::start(*terminal, REGISTRY))
    } else {
        Box::new(Progress::new(*terminal))
    }
}

/// Says what is wrong, as JSON where that was asked for.
fn fail(cli: &Cli, terminal: &Terminal, report: &dyn Report, diagnostics: &Diagnostics) {
    if cli.globals.json && cli.command.streams() {
        report.diagnostics(diagnostics);
    } else if cli.globals.json {
        let document = diagnostic::document(diagnostics);
        // Nobody is left to tell.
        let _ = terminal.result(&format!("{document:#}"));
    } else {
        terminal.diagnostics(diagnostics);
    }
}

/// Help and version are results; anything else is a wrong command line, which
/// ends with 1: clap's own 2 means `plan --detailed-exitcode` found changes.
fn usage(error: &clap::Error) -> Exit {
    // Output that is closed already is no reason to fail differently.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success,
        _ => Exit::Failure,
    }
}

fn dispatch(cli: &Cli, terminal: &Terminal, report: &dyn Report) -> Outcome {
    let globals = &cli.globals;
    globals.refuse_unused(cli.command.name(), cli.command.uses())?;
    match &cli.command {
        Command::Init(args) => init::run(args, globals, terminal),
        Command::Validate(args) => validate::run(args, globals, terminal),
        Command::Fmt(args) => fmt::run(args, terminal),
        Command::Schema(args) => schema::run(args, terminal),
        Command::Completions(args) => completions::run(args, &mut Cli::command(), terminal),
        Command::Man(args) => man::run(args, &Cli::command(), terminal),
        Command::Plan(args) => with_runtime(plan::run(args, globals, terminal, report)),
        Command::Apply(args) => with_runtime(apply::run(args, globals, terminal, report)),
        Command::Destroy(args) => with_runtime(destroy::run(args, globals, terminal, report)),
        Command::Show(args) => with_runtime(show::run(args, globals, terminal)),
        Command::Dev(args) => with_runtime(dev::run(args, globals, terminal)),
        Command::Import(args) => with_runtime(import::run(args, globals, terminal, report)),
        Command::Export(args) => with_runtime(export::run(args, globals, terminal)),
        Command::Sampling(args) => with_runtime(sampling::run(args, globals, terminal)),
        Command::Generate(args) => with_runtime(generate::run(args, globals, terminal)),
        Command::Traces(args) => with_runtime(traces::run(args, globals, terminal)),
        Command::Trace(args) => with_runtime(trace::run(args, globals, terminal)),
        Command::Map(args) => with_runtime(map::run(args, globals, terminal)),
        Command::Stats(args) => with_runtime(stats::run(args, globals, terminal)),
    }
}

/// Runs a command that talks to AWS. Offline commands start no runtime.
fn with_runtime(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Diagnostic::error(format!("failed to start: {error}")))?;
    let outcome = runtime.block_on(command);
    // The process ends: nothing is left to be put away in order.
    std::mem::forget(runtime);
    outcome
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Validate(_) => "validate",
            Self::Fmt(_) => "fmt",
            Self::Plan(_) => "plan",
            Self::Apply(_) => "apply",
            Self::Destroy(_) => "destroy",
            Self::Show(_) => "show",
            Self::Dev(_) => "dev",
            Self::Import(_) => "import",
            Self::Export(_) => "export",
            Self::Generate(_) => "generate",
            Self::Sampling(args) => args.name(),
            Self::Traces(_) => "traces",
            Self::Trace(_) => "trace",
            Self::Map(_) => "map",
            Self::Stats(_) => "stats",
            Self::Schema(_) => "schema",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }

    /// What it says of itself beside its result.
    fn usual_log(&self) -> log::Usual {
        match self {
            Self::Dev(_) => log::Usual::Changes,
            _ => log::Usual::Nothing,
        }
    }

    /// Tells whether its JSON is a stream of events, and not one document.
    fn streams(&self) -> bool {
        matches!(self, Self::Plan(_) | Self::Apply(_) | Self::Destroy(_))
    }

    /// Which of the global options mean something to the command.
    fn uses(&self) -> Uses {
        match self {
            Self::Init(_) => Uses {
                region: true,
                ..Uses::default()
            },
            Self::Fmt(_) | Self::Schema(_) | Self::Completions(_) | Self::Man(_) => Uses::default(),
            Self::Export(_) => Uses {
                region: true,
                connection: true,
                ..Uses::default()
            },
            Self::Generate(args) => args.uses(),
            Self::Sampling(args) => args.uses(),
            Self::Traces(args) => args.place.uses(),
            Self::Trace(args) => args.place.uses(),
            Self::Map(args) => args.place.uses(),
            Self::Stats(args) => args.place.uses(),
            Self::Validate(_) => Uses {
                spec: true,
                json: true,
                ..Uses::default()
            },
            Self::Dev(_) => Uses {
                spec: true,
                embedded: true,
                ..Uses::default()
            },
            Self::Import(_) => Uses {
                spec: true,
                region: true,
                connection: true,
                ..Uses::default()
            },
            Self::Plan(_) | Self::Apply(_) | Self::Destroy(_) | Self::Show(_) => Uses {
                spec: true,
                region: true,
                connection: true,
                json: true,
                ..Uses::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
