//! `local-collector`: the embedded AWS as a server on this machine.

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use xrayctl::local_aws::{self, ListenError, Listening, Options};

/// How long another process may use the state folder before this one gives up.
const WAIT: Duration = Duration::from_secs(5);

/// Serve the AWS APIs that xrayctl uses from a folder on this machine
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
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = Options {
        account_id: arguments.account,
        region: arguments
            .region
            .unwrap_or_else(local_aws::region_from_environment),
        ..Options::new(arguments.state)
    };
    let stop = stop_signal().map_err(Failure::Signals)?;
    let listening = Listening::open(options, arguments.aws_listen, WAIT).await?;
    // Clients are served even where nobody reads the line.
    let _ = writeln!(io::stdout(), "{}", listening.announcement());
    listening.serve(stop).await.map_err(Failure::Serve)
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

/// Completes at the first SIGINT or SIGTERM; watches from now on.
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
