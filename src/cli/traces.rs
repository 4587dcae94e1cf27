//! `xrayctl traces`.

use std::pin::pin;
use std::time::Duration;

use super::connection::{failed_call, with_causes};
use super::globals::Globals;
use super::looking::{When, Where, json, now};
use super::{Failure, Outcome};
use crate::aws::{Aws, Class, Error};
use crate::desk::stop_signal;
use crate::exit::Exit;
use crate::lookup::{Ask, Follow, Summaries, Summary, question, summaries};
use crate::model::{Diagnostic, plural};
use crate::view::reading::Reading;
use crate::view::trace_table::{TraceTable, remark};
use crate::view::{Terminal, document};

/// Time between two looks with `--follow`.
const PAUSE: Duration = Duration::from_secs(2);
/// The most traces that one look with `--follow` takes.
const MOST_AT_A_TIME: usize = 100_000;

/// List traces, the newest first
///
/// Asks X-Ray, or `local-collector` with `--local`, for traces of a window that
/// match a filter expression and belong to a group. With `--follow` it goes on
/// with new ones as they come, the newest last; Ctrl-C ends it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// List traces that match this filter expression
    #[arg(value_name = "EXPRESSION", conflicts_with = "filter")]
    expression: Option<String>,

    /// The same
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,

    /// List traces of this group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,

    #[command(flatten)]
    when: When,

    /// List no more traces than this
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,

    /// Go on with new ones as they come
    #[arg(long, conflicts_with = "end")]
    follow: bool,

    /// Show services, users and annotations too, and cut nothing
    #[arg(long)]
    wide: bool,

    #[command(flatten)]
    pub place: Where,
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let filter = args.filter.as_deref().or(args.expression.as_deref());
    let filter = question(filter, args.group.as_deref())?;
    let ask = Ask {
        window: args.when.window()?,
        filter: filter.as_deref(),
        limit: usize::try_from(args.limit).unwrap_or(usize::MAX),
        by_event: false,
    };
    if args.follow {
        return follow(args, globals, terminal, &ask).await;
    }
    let connected = args.place.connect(globals).await?;
    let found = look(&connected.aws, &ask, terminal).await;
    let found = found.map_err(|error| failed_call(&error, None))?;
    if globals.json {
        terminal.result(&json(document::document(&found))?)?;
        return Ok(Exit::Success);
    }
    if !found.traces.is_empty() {
        let mut table = TraceTable::new(terminal, args.wide);
        terminal.result(&table.lines(&found.traces))?;
    }
    if let Some(remark) = remark(&found) {
        terminal.status(&remark);
    }
    Ok(Exit::Success)
}

async fn look(aws: &Aws, ask: &Ask<'_>, terminal: &Terminal) -> Result<Summaries, Error> {
    let reading = Reading::new(*terminal, "traces");
    let seen = |count| reading.is_at(&plural::count(count, "trace"));
    reading.during(summaries(aws, ask, &seen)).await
}

/// Looks again and again until Ctrl-C.
async fn follow(args: &Args, globals: &Globals, terminal: &Terminal, ask: &Ask<'_>) -> Outcome {
    // From now on Ctrl-C ends it in order.
    let stop = stop_signal().map_err(|error| {
        Diagnostic::error(format!(
            "failed to watch for signals: {}",
            with_causes(&error)
        ))
    })?;
    let mut stop = pin!(stop);
    let followed = Followed {
        terminal,
        table: TraceTable::new(terminal, args.wide),
        is_json: globals.json,
        follow: Follow::default(),
        is_cut_off: false,
    };
    tokio::select! {
        () = stop.as_mut() => Ok(Exit::Success),
        outcome = follow_on(args, globals, ask, followed) => outcome,
    }
}

async fn follow_on(
    args: &Args,
    globals: &Globals,
    ask: &Ask<'_>,
    mut followed: Followed<'_>,
) -> Outcome {
    let connected = args.place.connect(globals).await?;
    let first = look(&connected.aws, ask, followed.terminal).await;
    let first = first.map_err(|error| failed_call(&error, None))?;
    if let Some(remark) = remark(&first) {
        followed.terminal.status(&remark);
    }
    let shown = followed.follow.take(ask.window.end, first.traces);
    followed.show(&shown)?;
    loop {
        tokio::time::sleep(PAUSE).await;
        let now = now();
        let ask = Ask {
            window: followed.follow.window(now),
            limit: MOST_AT_A_TIME,
            by_event: true,
            ..ask.clone()
        };
        // What takes long here takes long with nobody waiting.
        let found = summaries(&connected.aws, &ask, &|_| ()).await;
        if let Some(found) = followed.answer(found)? {
            let shown = followed.follow.take(now, found);
            followed.show(&shown)?;
        }
    }
}

struct Followed<'a> {
    terminal: &'a Terminal,
    table: TraceTable,
    is_json: bool,
    follow: Follow,
    /// The last look had no answer.
    is_cut_off: bool,
}

impl Followed<'_> {
    /// Takes an answer, or that there was none, which is told once.
    fn answer(
        &mut self,
        answer: Result<Summaries, Error>,
    ) -> Result<Option<Vec<Summary>>, Diagnostic> {
        match answer {
            Ok(found) => {
                if std::mem::take(&mut self.is_cut_off) {
                    self.terminal.status("Answers come again.");
                }
                if found.truncated {
                    self.terminal.status(&format!(
                        "More than {MOST_AT_A_TIME} traces came at once; the oldest are not shown."
                    ));
                }
                Ok(Some(found.traces))
            }
            Err(error) if matches!(error.class, Class::Unavailable | Class::Throttled) => {
                if !std::mem::replace(&mut self.is_cut_off, true) {
                    let warning = Diagnostic::warning(error.to_string())
                        .with_hint("it is tried again until Ctrl-C, and nothing is lost");
                    self.terminal.diagnostics(&warning.into());
                }
                Ok(None)
            }
            Err(error) => Err(failed_call(&error, None)),
        }
    }

    fn show(&mut self, traces: &[Summary]) -> Result<(), Failure> {
        if traces.is_empty() {
            return Ok(());
        }
        if self.is_json {
            for trace in traces {
                self.terminal.result(&json(document::line(trace))?)?;
            }
            return Ok(());
        }
        Ok(self.terminal.result(&self.table.lines(traces))?)
    }
}
