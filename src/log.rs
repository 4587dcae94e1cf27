//! What goes wrong while a program runs, said on stderr.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// The environment variable that asks for more, or less: `XRAYCTL_LOG=xrayctl=debug`.
const VARIABLE: &str = "XRAYCTL_LOG";

/// What is said where nobody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usual {
    /// Nothing: a command says by itself what went wrong.
    Nothing,
    /// What goes wrong, and that it is well again: for programs that go on.
    Changes,
}

/// Starts saying it: what the environment asks for, or what is usual.
pub fn start(usual: Usual) {
    let filter = match (std::env::var(VARIABLE), usual) {
        // What is no filter is said on stderr, and passed over.
        (Ok(asked), _) => EnvFilter::new(asked),
        (Err(_), Usual::Changes) => EnvFilter::new("xrayctl=info"),
        (Err(_), Usual::Nothing) => return,
    };
    // A second start, as in tests, changes nothing.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .with_writer(io::stderr)
        .try_init();
}
