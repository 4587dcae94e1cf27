//! How long a whole process of `xrayctl validate` takes on the shipped specs,
//! beside one that does nothing but print its version.
//!
//! `cargo bench --bench validate`. Figures and what they should be:
//! `docs/performance.md`.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark may stop where something is wrong"
)]

mod timing;

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use timing::{median, milliseconds};

const RUNS: usize = 50;
/// What a run of `validate` may take.
const TARGET: Duration = Duration::from_millis(10);
const SPECS: [&str; 2] = ["specs/ananta.toml", "specs/pmp.toml"];

fn main() -> io::Result<()> {
    if !std::env::args().any(|argument| argument == "--bench") {
        // `cargo test --all-targets` only wants to know that it builds.
        return Ok(());
    }
    let mut out = io::stdout().lock();
    let floor = median(times(&["--version"]));
    writeln!(out, "xrayctl --version: {}", milliseconds(floor))?;
    for spec in SPECS {
        let times = times(&["validate", spec]);
        let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        let (least, most) = (milliseconds(*least), milliseconds(*most));
        let middle = median(times);
        let verdict = if middle < TARGET { "PASS" } else { "FAIL" };
        writeln!(
            out,
            "xrayctl validate {spec}: {} (median of {RUNS}, {least} to {most}), {verdict}: \
             under {} wanted",
            milliseconds(middle),
            milliseconds(TARGET),
        )?;
    }
    Ok(())
}

/// Runs one command line many times; the first, which reads the files into
/// memory, is not counted.
fn times(arguments: &[&str]) -> Vec<Duration> {
    run(arguments);
    (0..RUNS).map(|_| run(arguments)).collect()
}

fn run(arguments: &[&str]) -> Duration {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xrayctl"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::null())
        // What lint finds in the specs is no news here.
        .stderr(Stdio::null());
    let started = Instant::now();
    let status = command.status().unwrap();
    let elapsed = started.elapsed();
    assert!(status.success(), "{arguments:?}: {status}");
    elapsed
}
