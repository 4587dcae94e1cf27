//! `xrayctl`: AWS X-Ray from one TOML spec.

use std::process::ExitCode;

/// A plan is many small values that live for a moment: with the system's allocator
/// a tenth of its time is spent on them (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    xrayctl::cli::run(std::env::args_os()).into()
}
