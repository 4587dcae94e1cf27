//! `xrayctl`: AWS X-Ray from one TOML spec.

use std::process::ExitCode;

fn main() -> ExitCode {
    xrayctl::cli::run(std::env::args_os()).into()
}
