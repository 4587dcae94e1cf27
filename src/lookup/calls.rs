//! The calls: over the parts of a window, and from page to page.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;

use futures::{StreamExt, TryStreamExt, stream};

use super::series::points;
use super::{Answer, Document, FORMAT_VERSION, Graph, Point, Summaries, Summary, Trace, Window};
use crate::aws::xray::types::{TimeRangeType, TraceSummary};
use crate::aws::{Aws, Error, XRAY, call};

/// Hours that one `GetTraceSummaries` may ask for.
const HOURS_OF_SUMMARIES: i64 = 24;
/// Hours that one graph or series is asked for. AWS publishes no limit; parts
/// of a graph add up, and short ones keep each answer small.
const HOURS_OF_STATISTICS: i64 = 6;
/// Series that are asked for at a time.
const SERIES_AT_A_TIME: usize = 4;

/// Which traces to look for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Where to look.
    pub window: Window,
    /// A filter expression.
    pub filter: Option<&'a str>,
    /// The most that are wanted.
    pub limit: usize,
    /// Looks for traces of which something came in within the window, and not
    /// for those that started in it.
    pub by_event: bool,
}

/// Looks for traces, the newest part of the window first. `seen` is told how
/// many there are after each page.
///
/// # Errors
/// What AWS, the network or the credentials chain said.
pub async fn summaries(aws: &Aws, ask: &Ask<'_>, seen: &dyn Fn(usize)) -> Result<Summaries, Error> {
    let mut found: Vec<Summary> = Vec::new();
    let mut ids = BTreeSet::new();
    let mut processed = 0_u64;
    let slices = ask.window.slices(HOURS_OF_SUMMARIES);
    let mut truncated = false;
    for (index, slice) in slices.iter().enumerate() {
        let mut pages = Pages::new("GetTraceSummaries");
        while !pages.is_done {
            let (page, looked_at, next) =
                page_of_summaries(aws, ask, slice, pages.token.clone()).await?;
            pages.go_on(next)?;
            processed = processed.saturating_add(looked_at);
            let new = page.into_iter().map(Summary::from);
            found.extend(new.filter(|summary| ids.insert(summary.id.clone())));
            seen(found.len());
            if found.len() >= ask.limit {
                let is_last = pages.is_done && index + 1 == slices.len();
                truncated = found.len() > ask.limit || !is_last;
                break;
            }
        }
        if found.len() >= ask.limit {
            break;
        }
    }
    found.sort_by(|one, other| (other.start_time, &one.id).cmp(&(one.start_time, &other.id)));
    found.truncate(ask.limit);
    Ok(Summaries {
        format_version: FORMAT_VERSION,
        window: ask.window,
        filter_expression: ask.filter.map(str::to_owned),
        traces_processed: processed,
        truncated,
        traces: found,
    })
}

/// Gives `take` each trace of a window once, the newest part of the window first,
/// until it has enough. Keeps nothing but ids. `seen` is told how many there were
/// after each page.
///
/// # Errors
/// What AWS, the network or the credentials chain said.
pub async fn each_summary(
    aws: &Aws,
    window: Window,
    seen: &dyn Fn(usize),
    take: &mut dyn FnMut(Summary) -> ControlFlow<()>,
) -> Result<(), Error> {
    let ask = Ask {
        window,
        filter: None,
        limit: usize::MAX,
        by_event: false,
    };
    let mut ids = HashSet::new();
    for slice in window.slices(HOURS_OF_SUMMARIES) {
        let mut pages = Pages::new("GetTraceSummaries");
        while !pages.is_done {
            let (page, _, next) = page_of_summaries(aws, &ask, &slice, pages.token.clone()).await?;
            pages.go_on(next)?;
            for summary in page.into_iter().map(Summary::from) {
                if ids.insert(summary.id.clone()) && take(summary).is_break() {
                    return Ok(());
                }
            }
            seen(ids.len());
        }
    }
    Ok(())
}

async fn page_of_summaries(
    aws: &Aws,
    ask: &Ask<'_>,
    slice: &Window,
    token: Option<String>,
) -> Result<(Vec<TraceSummary>, u64, Option<String>), Error> {
    let request = aws
        .xray
        .get_trace_summaries()
        .start_time(slice.start.to_sdk())
        .end_time(slice.end.to_sdk())
        .set_time_range_type(ask.by_event.then_some(TimeRangeType::Event))
        .set_filter_expression(ask.filter.map(str::to_owned))
        .set_next_token(token);
    let reply = call(XRAY, "GetTraceSummaries", request.send()).await?;
    let looked_at = reply.traces_processed_count.unwrap_or_default();
    Ok((
        reply.trace_summaries.unwrap_or_default(),
        u64::try_from(looked_at).unwrap_or_default(),
        reply.next_token,
    ))
}

/// Reads one trace with its documents; `None` where X-Ray has none of that id.
///
/// # Errors
/// What AWS, the network or the credentials chain said.
pub async fn trace(aws: &Aws, id: &str) -> Result<Option<Trace>, Error> {
    let mut found: Option<Trace> = None;
    let mut pages = Pages::new("BatchGetTraces");
    while !pages.is_done {
        let request = aws
            .xray
            .batch_get_traces()
            .trace_ids(id)
            .set_next_token(pages.token.clone());
        let reply = call(XRAY, "BatchGetTraces", request.send()).await?;
        pages.go_on(reply.next_token)?;
        for told in reply.traces.unwrap_or_default() {
            let trace = found.get_or_insert_with(|| Trace::new(id));
            trace.duration = told.duration.or(trace.duration);
            trace.limit_exceeded |= told.limit_exceeded.unwrap_or_default();
            let segments = told.segments.unwrap_or_default();
            trace.documents.extend(segments.into_iter().map(|segment| {
                Document::new(
                    segment.id.unwrap_or_default(),
                    segment.document.unwrap_or_default(),
                )
            }));
        }
    }
    Ok(found.filter(|trace| !trace.documents.is_empty()))
}

/// Reads the service graph of a window. `seen` is told how many services were
/// named after each page.
///
/// # Errors
/// What AWS, the network or the credentials chain said.
pub async fn graph(
    aws: &Aws,
    window: Window,
    group: Option<&str>,
    seen: &dyn Fn(usize),
) -> Result<Graph, Error> {
    let mut answers = Vec::new();
    let mut named = 0;
    for slice in window.slices(HOURS_OF_STATISTICS) {
        let mut answer = Answer::default();
        let mut pages = Pages::new("GetServiceGraph");
        while !pages.is_done {
            let request = aws
                .xray
                .get_service_graph()
                .start_time(slice.start.to_sdk())
                .end_time(slice.end.to_sdk())
                .set_group_name(group.map(str::to_owned))
                .set_next_token(pages.token.clone());
            let reply = call(XRAY, "GetServiceGraph", request.send()).await?;
            pages.go_on(reply.next_token)?;
            answer.contains_old_group_versions |= reply.contains_old_group_versions;
            let services = reply.services.unwrap_or_default();
            named += services.len();
            seen(named);
            answer.services.extend(services);
        }
        answers.push(answer);
    }
    Ok(Graph::of(window, group, &answers))
}

/// Reads series, some at a time, in the order of `selectors`. `seen` is told
/// how many are read.
///
/// # Errors
/// What AWS, the network or the credentials chain said.
pub async fn series(
    aws: &Aws,
    window: Window,
    group: Option<&str>,
    period: i32,
    selectors: &[String],
    seen: &dyn Fn(usize),
) -> Result<Vec<Vec<Point>>, Error> {
    let done = std::cell::Cell::new(0);
    let reads = selectors.iter().map(|selector| async {
        let points = one_series(aws, window, group, period, selector).await;
        done.set(done.get() + 1);
        seen(done.get());
        points
    });
    stream::iter(reads)
        .buffered(SERIES_AT_A_TIME)
        .try_collect()
        .await
}

async fn one_series(
    aws: &Aws,
    window: Window,
    group: Option<&str>,
    period: i32,
    selector: &str,
) -> Result<Vec<Point>, Error> {
    let mut told = Vec::new();
    for slice in window.slices(HOURS_OF_STATISTICS) {
        let mut pages = Pages::new("GetTimeSeriesServiceStatistics");
        while !pages.is_done {
            let request = aws
                .xray
                .get_time_series_service_statistics()
                .start_time(slice.start.to_sdk())
                .end_time(slice.end.to_sdk())
                .set_group_name(group.map(str::to_owned))
                .entity_selector_expression(selector)
                .period(period)
                .set_next_token(pages.token.clone());
            let reply = call(XRAY, "GetTimeSeriesServiceStatistics", request.send()).await?;
            pages.go_on(reply.next_token)?;
            told.extend(reply.time_series_service_statistics.unwrap_or_default());
        }
    }
    Ok(points(&told))
}

/// From page to page, as long as there is another.
struct Pages {
    operation: &'static str,
    /// The token of the page to ask for; `None` for the first.
    token: Option<String>,
    is_done: bool,
}

impl Pages {
    fn new(operation: &'static str) -> Self {
        Self {
            operation,
            token: None,
            is_done: false,
        }
    }

    /// Takes the token that a page ended with.
    fn go_on(&mut self, token: Option<String>) -> Result<(), Error> {
        let token = token.filter(|token| !token.is_empty());
        if token.is_some() && token == self.token {
            let message = "a page names itself as the next one; what came is not all";
            return Err(Error::internal(self.operation, message));
        }
        self.is_done = token.is_none();
        self.token = token;
        Ok(())
    }
}
