//! `xrayctl stats`.

use std::cmp::Reverse;

use clap::ValueEnum;

use super::Outcome;
use super::connection::failed_call;
use super::globals::Globals;
use super::looking::{When, Where, json};
use super::map::{nothing, read};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::lookup::{self, Point, Report, Selector, Statistics, Window};
use crate::model::{Diagnostic, Diagnostics, plural};
use crate::view::reading::Reading;
use crate::view::{Terminal, document, statistics};

/// Show requests, rates, percentiles and failures of each service
///
/// A percentile is the nearest rank in X-Ray's histogram of response times: the
/// smallest time that so many of 100 requests did not exceed. Rates are requests
/// a second of those that were traced, over the whole window.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Count traces of this group alone
    #[arg(long, value_name = "NAME")]
    group: Option<String>,

    #[command(flatten)]
    when: When,

    /// Show the calls between services too
    #[arg(long)]
    edges: bool,

    /// Show curves over the window too, of periods of 60 or 300 seconds
    #[arg(long, value_name = "SECONDS", value_parser = period)]
    period: Option<i32>,

    /// What comes first: the largest, or by name
    #[arg(long, value_name = "FIGURE", value_enum, default_value = "requests")]
    sort: Sort,

    #[command(flatten)]
    pub place: Where,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    Name,
    Requests,
    Average,
    P50,
    P95,
    P99,
    Fault,
    Error,
    Throttle,
}

/// X-Ray has periods of these lengths alone.
fn period(text: &str) -> Result<i32, String> {
    match text {
        "60" => Ok(60),
        "300" => Ok(300),
        _ => Err("X-Ray has periods of 60 and of 300 seconds".to_owned()),
    }
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let window = args.when.window()?;
    let connected = args.place.connect(globals).await?;
    let group = args.group.as_deref();
    let graph = read(&connected.aws, window, group, terminal).await?;
    let mut report = Report::of(&graph, args.edges);
    args.sort.sort(&mut report);
    if let Some(period) = args.period {
        let series = add_series(&mut report, &connected.aws, window, period, terminal);
        let unasked = series.await?;
        terminal.diagnostics(&unasked);
    }
    if globals.json {
        terminal.result(&json(document::document(&report))?)?;
    } else if report.services.is_empty() {
        terminal.status(&nothing(&window));
    } else {
        terminal.result(&statistics::render(&report, terminal))?;
    }
    Ok(Exit::Success)
}

/// Reads the series of everything in a report, and returns what X-Ray cannot be
/// asked for.
async fn add_series(
    report: &mut Report,
    aws: &Aws,
    window: Window,
    period: i32,
    terminal: &Terminal,
) -> Result<Diagnostics, Diagnostic> {
    let mut unasked = Diagnostics::new();
    let mut selectors = Vec::new();
    let mut targets: Vec<&mut Vec<Point>> = Vec::new();
    let rows = report.services.iter_mut().map(|row| {
        let name = row.service.name.clone();
        let selector = Selector::Service(&row.service).expression();
        (name, selector, &mut row.series)
    });
    let calls = report.edges.iter_mut().flatten().map(|row| {
        let name = format!("{} → {}", row.from.name, row.to.name);
        let selector = Selector::Edge(&row.from, &row.to).expression();
        (name, selector, &mut row.series)
    });
    for (name, selector, series) in rows.chain(calls) {
        match selector {
            Some(selector) => {
                selectors.push(selector);
                targets.push(series);
            }
            None => unasked.push(Diagnostic::warning(format!(
                "`{name}` has no curve: the name is longer than X-Ray can be asked for"
            ))),
        }
    }
    let reading = Reading::new(*terminal, "the time series");
    let seen = |count| reading.is_at(&plural::count(count, "time series"));
    let group = report.group.as_deref();
    let read = lookup::series(aws, window, group, period, &selectors, &seen);
    let series = reading.during(read).await;
    let series = series.map_err(|error| failed_call(&error, None))?;
    for (target, points) in targets.into_iter().zip(series) {
        *target = points;
    }
    report.period = Some(period);
    Ok(unasked)
}

impl Sort {
    fn sort(self, report: &mut Report) {
        // Both are by name already, which decides between equal ones.
        report.services.sort_by_key(|row| self.key(&row.statistics));
        if let Some(edges) = &mut report.edges {
            edges.sort_by_key(|row| self.key(&row.statistics));
        }
    }

    /// What is small comes first.
    fn key(self, counted: &Statistics) -> Reverse<u64> {
        let share = |part: u64| micros(Some(counted.share(part)));
        Reverse(match self {
            Self::Name => 0,
            Self::Requests => counted.requests,
            Self::Average => micros(counted.average),
            Self::P50 => micros(counted.p50),
            Self::P95 => micros(counted.p95),
            Self::P99 => micros(counted.p99),
            Self::Fault => share(counted.fault),
            Self::Error => share(counted.error),
            Self::Throttle => share(counted.throttle),
        })
    }
}

/// Millionths, which compare as whole numbers do.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn micros(value: Option<f64>) -> u64 {
    (value.unwrap_or_default() * 1e6).round() as u64
}
