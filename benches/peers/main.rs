//! `local-collector` and its peers, side by side: each does the same work in
//! turn, several times, and the medians and their ratios are told.
//!
//! ```sh
//! PEERS=folder cargo bench --bench peers                # all rows
//! PEERS=folder cargo bench --bench peers -- stored      # one
//! cargo bench --bench peers -- --ours otlp-http         # without the peers
//! ```
//!
//! The peers are looked for in `$PEERS`, or else in `PATH`. What was measured:
//! `docs/performance.md`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark may stop where something is wrong"
)]

mod contender;
#[path = "../load/mod.rs"]
mod load;
mod rows;
mod sink;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Runtime;

use contender::{Found, Program};
use rows::{End, Figure, Measured, ROWS, Row, Wanted, measure};

/// Measure local-collector and its peers
#[derive(Debug, Parser)]
struct Arguments {
    /// Rows to measure [default: all]
    rows: Vec<String>,

    /// Times that each program does the work
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Where the peers are [default: those of PATH]
    #[arg(long, env = "PEERS")]
    peers: Option<PathBuf>,

    /// Measure local-collector alone
    #[arg(long)]
    ours: bool,

    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.bench {
        // `cargo test --all-targets` only wants to know that it builds.
        return ExitCode::SUCCESS;
    }
    let unknown = |name: &&String| ROWS.iter().all(|row| row.name != **name);
    if let Some(name) = arguments.rows.iter().find(unknown) {
        let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        eprintln!(
            "error: there is no row `{name}`: there are {}",
            names.join(", ")
        );
        return ExitCode::FAILURE;
    }
    let is_asked_for = |row: &&Row| {
        arguments.rows.is_empty() || arguments.rows.iter().any(|name| name == row.name)
    };
    let rows: Vec<&Row> = ROWS.iter().filter(is_asked_for).collect();
    let found = Found::new(arguments.peers.clone());
    let needed = |program: &Program| rows.iter().any(|row| row.programs.contains(program));
    let missing = Program::PEERS.into_iter().filter(needed);
    let missing = missing.filter(|program| !arguments.ours && found.path(*program).is_none());
    let missing: Vec<Program> = missing.collect();
    for program in &missing {
        let (file, what) = program.file();
        eprintln!(
            "error: `{file}` is not there: {what}; put it into PATH, or say in PEERS where it is"
        );
    }
    if !missing.is_empty() {
        return ExitCode::FAILURE;
    }
    let runtime = Runtime::new().unwrap();
    let mut all_hold = true;
    for row in rows {
        all_hold &= run(row, &arguments, &runtime, &found);
    }
    println!(
        "\n{}",
        if all_hold {
            "All that is wanted holds."
        } else {
            "Not all that is wanted holds."
        }
    );
    ExitCode::SUCCESS
}

/// Measures a row and tells it. Tells whether all that is wanted holds.
fn run(row: &Row, arguments: &Arguments, runtime: &Runtime, found: &Found) -> bool {
    println!("\n## {}: {}\n", row.name, row.what);
    let programs = row.programs.iter().copied();
    let programs: Vec<Program> = programs
        .filter(|program| *program == Program::Ours || !arguments.ours)
        .collect();
    let mut runs: Vec<Vec<Measured>> = vec![Vec::new(); programs.len()];
    // In turn, so that what slows the machine down slows all of them down.
    for _ in 0..arguments.rounds {
        for (program, runs) in programs.iter().zip(&mut runs) {
            runs.push(measure(runtime, found, *program, row.work));
        }
    }
    let median = |program: Program, figure: Figure| {
        let place = programs.iter().position(|one| *one == program)?;
        let mut values: Vec<f64> = runs[place].iter().map(|run| run.figure(figure)).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    println!(
        "| program | a CPU second | a second | CPU | peak MiB | lost | refused | bytes a span | start |"
    );
    println!("| --- | --: | --: | --: | --: | --: | --: | --: | --: |");
    for program in &programs {
        let value = |figure| median(*program, figure).unwrap_or_default();
        let on_disk = if row.work.end == End::Disk {
            format!("{:.0}", value(Figure::BytesPerSpan))
        } else {
            "–".to_owned()
        };
        println!(
            "| {} | {:.0} | {:.0} | {:.1} % | {:.1} | {:.1} % | {:.0} | {on_disk} | {:.0} ms |",
            program.name(),
            value(Figure::PerCpuSecond),
            value(Figure::PerSecond),
            value(Figure::CpuShare),
            value(Figure::PeakMib),
            value(Figure::LostShare),
            value(Figure::Refused),
            value(Figure::StartMs),
        );
    }
    println!();
    let verdicts = row.wanted.iter().map(|wanted| verdict(*wanted, &median));
    // All are told, so all are asked for before any is looked at.
    let verdicts: Vec<Option<bool>> = verdicts.collect();
    !verdicts.contains(&Some(false))
}

/// Tells whether something wanted holds; `None` where the other was not measured.
fn verdict(wanted: Wanted, median: &impl Fn(Program, Figure) -> Option<f64>) -> Option<bool> {
    let (figure, other) = match wanted {
        Wanted::Times(figure, _, other) | Wanted::Share(figure, _, other) => (figure, Some(other)),
        Wanted::AtMost(figure, _) => (figure, None),
    };
    let ours = median(Program::Ours, figure)?;
    let against = other.map_or(Some(1.0), |other| median(other, figure))?;
    let ratio = ours / against;
    let (holds, bound) = match wanted {
        Wanted::Times(_, least, _) => (ratio >= least, format!("at least {least}")),
        Wanted::Share(_, most, _) | Wanted::AtMost(_, most) => {
            (ratio <= most, format!("at most {most:.2}"))
        }
    };
    let of = other.map_or_else(String::new, |other| format!(" × {}", other.name()));
    let word = if holds { "holds" } else { "FAILS" };
    println!("- {word}: {figure:?} {ratio:.2}{of}, wanted {bound}");
    Some(holds)
}
