//! How many traces each group has, put into the embedded CloudWatch minute by
//! minute, as X-Ray does: `ApproximateTraceCount` in `AWS/X-Ray`, zeros too.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-groups.html>.
//! A minute is counted once, some seconds after it ended, so that what is sent
//! late still counts. Minutes that nobody counted (the process was not running,
//! the machine slept) are made up for, up to [`MADE_UP`] of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::CancellationToken;

use crate::local_aws::{LocalAws, RegionGroups};
use crate::traces::Window;

const MINUTE: i64 = 60;
/// Minutes that are made up for.
const MADE_UP: i64 = 15;
const NAMESPACE: &str = "AWS/X-Ray";
const METRIC: &str = "ApproximateTraceCount";
const MONITORING: &str = "monitoring";

/// Counts traces.
pub(super) trait CountTraces: Send + Sync {
    /// Counts the traces that began at `from` or later and before `to`, both in
    /// epoch seconds: for each of these filter expressions those that match it,
    /// and all of them where it is `None`; or says, in words for people, why they
    /// cannot be counted. May take its time; it is called where that holds nobody
    /// up.
    fn count(&self, from: f64, to: f64, filters: &[Option<String>]) -> Vec<Result<u64, String>>;
}

impl CountTraces for LocalAws {
    fn count(&self, from: f64, to: f64, filters: &[Option<String>]) -> Vec<Result<u64, String>> {
        let window = Window {
            start: from,
            end: to,
        };
        self.count_traces(window, filters)
    }
}

/// When traces are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timing {
    /// The longest time between two looks at the clock.
    pub(super) look: Duration,
    /// How long after its end a minute is counted.
    pub(super) lag: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            look: Duration::from_mins(1),
            lag: Duration::from_secs(10),
        }
    }
}

/// What counts traces before any were counted.
pub(super) fn never() -> Arc<AtomicI64> {
    Arc::new(AtomicI64::new(0))
}

/// The task that counts.
pub(super) struct Publisher {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Publisher {
    /// Counts from now on, beginning with the minute after those that are
    /// `counted` already.
    pub(super) fn start(
        local: Arc<LocalAws>,
        traces: Arc<dyn CountTraces>,
        counted: Arc<AtomicI64>,
        timing: Timing,
    ) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let counting = Counting {
            local,
            traces,
            counted,
            lag: timing.lag.as_secs_f64(),
            is_failing: false,
        };
        let task = tokio::spawn(async move {
            tokio::select! {
                () = stopped.cancelled() => {}
                () = counting.run(timing.look) => {}
            }
        });
        Self { stop, task }
    }

    /// Stops counting.
    pub(super) async fn finish(self) {
        self.stop.cancel();
        // One that failed has stopped already.
        let _ = self.task.await;
    }
}

struct Counting {
    local: Arc<LocalAws>,
    traces: Arc<dyn CountTraces>,
    counted: Arc<AtomicI64>,
    /// Seconds.
    lag: f64,
    is_failing: bool,
}

/// The traces of each filter expression, or why they were not counted.
type Counts = BTreeMap<Option<String>, Result<u64, String>>;

impl Counting {
    async fn run(mut self, look: Duration) {
        loop {
            self.publish().await;
            let now = self.local.clock().epoch_seconds();
            #[expect(clippy::cast_precision_loss, reason = "seconds of this age")]
            let next = (last_end(now - self.lag) + MINUTE) as f64 + self.lag;
            let wait = Duration::try_from_secs_f64(next - now).unwrap_or(look);
            tokio::time::sleep(wait.min(look)).await;
        }
    }

    /// Counts every minute that is over and was not counted.
    async fn publish(&mut self) {
        let now = self.local.clock().epoch_seconds();
        let end = last_end(now - self.lag);
        let counted = self.counted.load(Ordering::Relaxed);
        let start = counted.max(end - MADE_UP * MINUTE);
        if start >= end {
            return;
        }
        let regions = self.regions().await;
        if !regions.is_empty() {
            for minute in (0..(end - start) / MINUTE).map(|number| start + number * MINUTE) {
                self.publish_minute(minute, &regions).await;
                self.counted.store(minute + MINUTE, Ordering::Relaxed);
            }
        }
        self.counted.store(end, Ordering::Relaxed);
    }

    /// The regions whose groups count: those that have any of their own, or an
    /// alarm on the one that AWS ships.
    async fn regions(&self) -> Vec<RegionGroups> {
        let mut regions = Vec::new();
        for region in self.local.groups() {
            if region.groups.len() > 1 || self.has_alarm(&region.region).await {
                regions.push(region);
            }
        }
        regions
    }

    async fn has_alarm(&self, region: &str) -> bool {
        let body = json!({ "Namespace": NAMESPACE, "MetricName": METRIC });
        let answer = self
            .cloudwatch(region, "DescribeAlarmsForMetric", &body)
            .await;
        answer.is_ok_and(|answer| {
            let alarms = answer["MetricAlarms"].as_array();
            alarms.is_some_and(|alarms| !alarms.is_empty())
        })
    }

    async fn publish_minute(&mut self, minute: i64, regions: &[RegionGroups]) {
        let groups = regions.iter().flat_map(|region| &region.groups);
        let filters: BTreeSet<Option<String>> = groups.map(|group| group.filter.clone()).collect();
        let counts = self.count(minute, filters).await;
        let mut failure = None;
        for RegionGroups { region, groups } in regions {
            let mut data = Vec::new();
            for group in groups {
                match counts.get(&group.filter) {
                    Some(Ok(count)) => data.push(json!({
                        "MetricName": METRIC, "Value": count, "Unit": "None", "Timestamp": minute,
                        "Dimensions": [{ "Name": "GroupName", "Value": group.name }],
                    })),
                    Some(Err(why)) => failure = Some(format!("group {}: {why}", group.name)),
                    None => failure = Some("the task that counts failed".to_owned()),
                }
            }
            if data.is_empty() {
                continue;
            }
            let body = json!({ "Namespace": NAMESPACE, "MetricData": data });
            if let Err(why) = self.cloudwatch(region, "PutMetricData", &body).await {
                failure = Some(why);
            }
        }
        self.tell(failure);
    }

    /// Warns once of failures that follow each other.
    fn tell(&mut self, failure: Option<String>) {
        match (failure, self.is_failing) {
            (Some(why), false) => {
                tracing::warn!("the traces of groups are not counted, alarms miss them: {why}");
                self.is_failing = true;
            }
            (None, true) => {
                tracing::info!("the traces of groups are counted again");
                self.is_failing = false;
            }
            (Some(_), true) | (None, false) => {}
        }
    }

    async fn count(&self, minute: i64, filters: BTreeSet<Option<String>>) -> Counts {
        let traces = Arc::clone(&self.traces);
        #[expect(clippy::cast_precision_loss, reason = "seconds of this age")]
        let (from, to) = (minute as f64, (minute + MINUTE) as f64);
        let counted = spawn_blocking(move || {
            let filters: Vec<Option<String>> = filters.into_iter().collect();
            let counts = traces.count(from, to, &filters);
            filters.into_iter().zip(counts).collect()
        });
        counted.await.unwrap_or_default()
    }

    async fn cloudwatch(
        &self,
        region: &str,
        operation: &str,
        body: &Value,
    ) -> Result<Value, String> {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        let response = self.local.call(region, MONITORING, &target, body).await;
        let text = String::from_utf8_lossy(response.body());
        if !response.status().is_success() {
            return Err(format!("{operation}: {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("{operation}: {error}"))
    }
}

/// Where the last minute ended, in epoch seconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates, which no date of use comes near"
)]
fn last_end(epoch_seconds: f64) -> i64 {
    let seconds = epoch_seconds as i64;
    seconds - seconds.rem_euclid(MINUTE)
}

#[cfg(test)]
mod tests;
