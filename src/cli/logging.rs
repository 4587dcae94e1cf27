//! A log of the calls to AWS, for whoever asks for it.

use std::io;

use tracing_subscriber::EnvFilter;

/// The environment variable that turns the log on: `XRAYCTL_LOG=xrayctl=debug`.
const VARIABLE: &str = "XRAYCTL_LOG";

/// Starts writing the log to stderr where the environment asks for it.
pub(super) fn start() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    // A second start, as in tests, changes nothing.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_env(VARIABLE))
        .with_writer(io::stderr)
        .try_init();
}
