//! What goes wrong, said on stderr.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// The environment variable that asks for more, or less: `XRAYCTL_LOG=xrayctl=debug`.
const VARIABLE: &str = "XRAYCTL_LOG";
/// What is said where nobody asks: what goes wrong, and that it is well again.
const USUAL: &str = "xrayctl=info";

/// Starts saying it.
pub(crate) fn start() {
    let filter = match std::env::var(VARIABLE) {
        // What is no filter is said on stderr, and passed over.
        Ok(asked) => EnvFilter::new(asked),
        Err(_) => EnvFilter::new(USUAL),
    };
    // There is no log before this one.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .with_writer(io::stderr)
        .try_init();
}
