//! `local-collector`: the embedded AWS as a server on this machine, and a
//! collector of traces beside it.

use std::error::Error;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use xrayctl::collector::StartError;
use xrayctl::collector_config::CollectorConfig;
use xrayctl::desk::{Desk, Places, stop_signal};
use xrayctl::local_aws::{self, ListenError, Options};
use xrayctl::log;
use xrayctl::model::SourceFile;
use xrayctl::spec;
use xrayctl::view::diagnostic::render;

/// Serve the AWS APIs that xrayctl uses from a folder on this machine, and take
/// traces
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Keep state in this folder
    #[arg(long, value_name = "DIR", default_value = ".xrayctl/local")]
    state: PathBuf,

    /// Stand for this AWS account
    #[arg(long, value_name = "ID", default_value = local_aws::DEFAULT_ACCOUNT)]
    account: String,

    /// Use this region for requests that name none [default: that of the environment, or us-east-1]
    #[arg(long)]
    region: Option<String>,

    /// Serve the AWS API on this address; port 0 takes any free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4566")]
    aws_listen: SocketAddr,

    /// Do what `[collector]` says in this file: a spec, or one that holds that
    /// table alone [default: every receiver, on loopback]
    #[arg(long, visible_alias = "spec", value_name = "FILE")]
    config: Option<PathBuf>,

    /// Merge this environment of the file over it
    #[arg(long, value_name = "NAME", requires = "config")]
    env: Option<String>,

    /// Fail where a port is taken, instead of going on without it
    #[arg(long)]
    strict: bool,

    /// Serve the AWS API and take no traces
    #[arg(long, conflicts_with_all = ["config", "strict"])]
    aws_only: bool,
}

/// Why the process ends with an error.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("watch for signals")]
    Signals(#[source] io::Error),
    #[error("serve the AWS API")]
    Serve(#[source] io::Error),
    #[error("read `{0}`")]
    Read(PathBuf, #[source] io::Error),
    /// What is wrong is said already.
    #[error("the configuration is not sound")]
    Config,
    #[error(transparent)]
    Start(#[from] StartError),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Output that is closed already is no reason to fail differently.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    log::start(log::Usual::Changes);
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = match &arguments.config {
        Some(path) => read_config(path, arguments.env.clone())?,
        None => CollectorConfig::default(),
    };
    let options = Options {
        account_id: arguments.account,
        region: arguments
            .region
            .unwrap_or_else(local_aws::region_from_environment),
        ..Options::new(arguments.state)
    };
    let stop = stop_signal().map_err(Failure::Signals)?;
    let mut desk = Desk::open(options, arguments.aws_listen).await?;
    // Clients are served even where nobody reads the line.
    let _ = writeln!(io::stdout(), "{}", desk.announcement());
    if !arguments.aws_only {
        announce(&desk.collect(&config, arguments.strict).await?);
    }
    desk.serve();
    let ended = tokio::select! {
        () = stop => Ok(()),
        ended = desk.ended() => ended,
    };
    let finished = desk.finish().await;
    ended.and(finished).map_err(Failure::Serve)
}

/// Reads `[collector]` of a file, and says what is wrong with it.
fn read_config(path: &Path, env: Option<String>) -> Result<CollectorConfig, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::Read(path.to_owned(), error))?;
    let source = SourceFile::new(path.display().to_string(), text);
    let options = spec::Options {
        env,
        ..spec::Options::default()
    };
    let (config, found) = spec::collector(&source, &options);
    let rendered = render(&found, io::stderr().is_terminal(), 100);
    let _ = write!(io::stderr(), "{rendered}");
    config.ok_or(Failure::Config)
}

/// Says where traces are taken, and what goes missing.
fn announce(places: &Places) {
    for line in places.told() {
        let _ = writeln!(io::stdout(), "{line}");
    }
    for line in places.warnings() {
        let _ = writeln!(io::stderr(), "warning: {line}");
    }
}

/// Tells the user, on one line, what failed and why. Nothing is to be done
/// where nobody reads it.
fn report(failure: &Failure) {
    let mut line = format!("error: {failure}");
    let causes = std::iter::successors(failure.source(), |&cause| cause.source());
    for cause in causes {
        line.push_str(": ");
        line.push_str(&cause.to_string());
    }
    let _ = writeln!(io::stderr(), "{line}");
}
