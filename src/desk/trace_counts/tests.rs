use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use http::Request;
use tempfile::TempDir;

use super::*;
use crate::local_aws::{Clock, Options};

/// A whole minute.
const START: i64 = 1_800_000_000;

/// Traces by the second in which they began, each with the filter expressions
/// that it matches; and what was asked.
#[derive(Default)]
struct Double {
    traces: Mutex<Vec<(i64, BTreeSet<&'static str>)>>,
    asked: Mutex<Vec<(f64, f64, Option<String>)>>,
    failure: Mutex<Option<&'static str>>,
}

impl Double {
    fn add(&self, time: i64, count: usize, matches: &[&'static str]) {
        let trace = (time, matches.iter().copied().collect());
        let mut traces = self.traces.lock().expect("a lock");
        traces.extend(std::iter::repeat_n(trace, count));
    }

    fn asked(&self) -> usize {
        self.asked.lock().expect("a lock").len()
    }

    fn count_one(&self, from: f64, to: f64, filter: Option<&str>) -> Result<u64, String> {
        let asked = (from, to, filter.map(str::to_owned));
        self.asked.lock().expect("a lock").push(asked);
        if let Some(why) = *self.failure.lock().expect("a lock") {
            return Err(why.to_owned());
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds of this age")]
        let is_counted = |(time, matches): &&(i64, BTreeSet<&str>)| {
            (from..to).contains(&(*time as f64))
                && filter.is_none_or(|filter| matches.contains(filter))
        };
        let traces = self.traces.lock().expect("a lock");
        Ok(traces.iter().filter(is_counted).count() as u64)
    }
}

impl CountTraces for Double {
    fn count(&self, from: f64, to: f64, filters: &[Option<String>]) -> Vec<Result<u64, String>> {
        let filters = filters.iter();
        filters
            .map(|filter| self.count_one(from, to, filter.as_deref()))
            .collect()
    }
}

struct Desk {
    folder: TempDir,
    local: Arc<LocalAws>,
    now: Arc<AtomicI64>,
    double: Arc<Double>,
    counted: Arc<AtomicI64>,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now = Arc::new(AtomicI64::new(START));
        let told = Arc::clone(&now);
        let clock = Clock::new(move || -> SystemTime {
            let seconds = told.load(Ordering::Relaxed);
            UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
        });
        let options = Options {
            clock,
            ..Options::new(folder.path().join("state"))
        };
        Self {
            local: Arc::new(LocalAws::open(options).expect("it opens")),
            folder,
            now,
            double: Arc::default(),
            counted: never(),
        }
    }

    fn counting(&self) -> Counting {
        Counting {
            local: Arc::clone(&self.local),
            traces: Arc::<Double>::clone(&self.double),
            counted: Arc::clone(&self.counted),
            lag: 10.0,
            is_failing: false,
        }
    }

    fn at(&self, seconds: i64) {
        self.now.store(START + seconds, Ordering::Relaxed);
    }

    async fn group(&self, name: &str, filter: &str) {
        let body = json!({ "GroupName": name, "FilterExpression": filter });
        let request = Request::post("/CreateGroup").body(body.to_string().into());
        let response = self.local.handle(request.expect("a request")).await;
        assert_eq!(response.status(), 200, "{:?}", response.body());
    }

    async fn cloudwatch(&self, operation: &str, body: Value) -> Value {
        let counting = self.counting();
        let answer = counting.cloudwatch("us-east-1", operation, &body).await;
        answer.expect(operation)
    }

    /// The values of a group by minute since the start, newest last.
    async fn values(&self, group: &str) -> Vec<(i64, f64)> {
        let asked = json!({
            "Namespace": "AWS/X-Ray", "MetricName": "ApproximateTraceCount",
            "Dimensions": [{ "Name": "GroupName", "Value": group }],
            "StartTime": START - 3600, "EndTime": START + 3600, "Period": 60,
            "Statistics": ["Sum"],
        });
        let answer = self.cloudwatch("GetMetricStatistics", asked).await;
        let points = answer["Datapoints"].as_array().expect("datapoints");
        let value = |point: &Value| {
            let time = point["Timestamp"].as_i64().expect("a time");
            assert_eq!(point["Unit"], "None");
            ((time - START) / 60, point["Sum"].as_f64().expect("a sum"))
        };
        points.iter().map(value).collect()
    }

    async fn state(&self, alarm: &str) -> String {
        let asked =
            json!({ "AlarmNames": [alarm], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] });
        let answer = self.cloudwatch("DescribeAlarms", asked).await;
        let of = |kind: &str| answer[kind][0]["StateValue"].as_str().map(str::to_owned);
        let state = of("MetricAlarms").or_else(|| of("CompositeAlarms"));
        state.expect("an alarm")
    }
}

#[tokio::test]
async fn every_group_is_counted_once_a_minute_with_zeros() {
    let desk = Desk::new();
    desk.group("faults", "fault").await;
    desk.counted.store(START, Ordering::Relaxed);
    desk.double.add(START, 3, &[]);
    desk.double.add(START + 59, 2, &["fault"]);
    desk.double.add(START + 60, 7, &["fault"]);
    let mut counting = desk.counting();
    desk.at(69);
    counting.publish().await;
    assert_eq!(desk.double.asked(), 0, "late traces are waited for");
    desk.at(70);
    counting.publish().await;
    counting.publish().await;
    assert_eq!(desk.double.asked(), 2, "one question a group");
    assert_eq!(desk.values("Default").await, [(0, 5.0)]);
    assert_eq!(desk.values("faults").await, [(0, 2.0)]);
    desk.at(200);
    counting.publish().await;
    assert_eq!(desk.values("Default").await, [(0, 5.0), (1, 7.0), (2, 0.0)]);
    assert_eq!(desk.values("faults").await, [(0, 2.0), (1, 7.0), (2, 0.0)]);
}

#[tokio::test]
async fn nothing_is_counted_where_nobody_has_groups_or_alarms() {
    let desk = Desk::new();
    let mut counting = desk.counting();
    counting.publish().await;
    // X-Ray in use, but with the group alone that AWS ships.
    let request = Request::post("/Groups").body("{}".into());
    desk.local.handle(request.expect("a request")).await;
    desk.at(130);
    counting.publish().await;
    assert_eq!(desk.double.asked(), 0);
    let alarm = json!({
        "AlarmName": "a", "Namespace": "AWS/X-Ray", "MetricName": "ApproximateTraceCount",
        "Dimensions": [{ "Name": "GroupName", "Value": "Default" }], "Statistic": "Sum",
        "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
        "ComparisonOperator": "LessThanThreshold",
    });
    desk.cloudwatch("PutMetricAlarm", alarm).await;
    desk.at(190);
    counting.publish().await;
    assert_eq!(desk.double.asked(), 1);
    assert_eq!(desk.state("a").await, "ALARM");
}

#[tokio::test]
async fn minutes_are_made_up_for_and_never_counted_twice() {
    let desk = Desk::new();
    desk.group("faults", "fault").await;
    for minute in -30..0 {
        desk.double.add(START + minute * 60, 1, &["fault"]);
    }
    desk.at(10);
    desk.counting().publish().await;
    let values = desk.values("faults").await;
    assert_eq!(values.len(), 15);
    assert!(
        values
            .iter()
            .all(|(_, count)| (count - 1.0).abs() < f64::EPSILON)
    );
    // As where the collector starts anew.
    desk.counting().publish().await;
    assert_eq!(desk.values("faults").await, values);
}

#[tokio::test]
async fn a_failing_store_leaves_a_gap_and_is_told_once() {
    let desk = Desk::new();
    desk.group("faults", "fault").await;
    desk.counted.store(START, Ordering::Relaxed);
    let mut counting = desk.counting();
    *desk.double.failure.lock().expect("a lock") = Some("disk full");
    desk.at(130);
    counting.publish().await;
    assert!(counting.is_failing);
    assert_eq!(desk.values("Default").await, []);
    *desk.double.failure.lock().expect("a lock") = None;
    desk.at(190);
    counting.publish().await;
    assert!(!counting.is_failing);
    assert_eq!(desk.values("Default").await, [(2, 0.0)]);
}

/// The alarm that the preset `error-rate` makes, and one above it.
#[tokio::test]
async fn alarms_on_groups_change_state_and_values_are_not_written_to_disk() {
    let desk = Desk::new();
    desk.group("errors", "error OR fault").await;
    let metric = |id: &str, group: &str| {
        json!({ "Id": id, "ReturnData": false, "MetricStat": {
            "Metric": {
                "Namespace": "AWS/X-Ray", "MetricName": "ApproximateTraceCount",
                "Dimensions": [{ "Name": "GroupName", "Value": group }],
            },
            "Period": 60, "Stat": "Sum",
        }})
    };
    let share = "IF(total > 0, 100 * matching / total, 0)";
    let alarm = json!({
        "AlarmName": "errors", "EvaluationPeriods": 2, "DatapointsToAlarm": 2, "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
        "Metrics": [
            { "Id": "share", "Expression": share, "ReturnData": true },
            metric("matching", "errors"), metric("total", "Default"),
        ],
    });
    desk.cloudwatch("PutMetricAlarm", alarm).await;
    let rule = json!({ "AlarmName": "all", "AlarmRule": "ALARM(errors)" });
    desk.cloudwatch("PutCompositeAlarm", rule).await;
    desk.counted.store(START, Ordering::Relaxed);
    let file = desk
        .folder
        .path()
        .join("state/123456789012/us-east-1/monitoring.json");
    let written = || {
        std::fs::metadata(&file)
            .expect("a file")
            .modified()
            .expect("a time")
    };
    let mut counting = desk.counting();
    let mut minute = 0;
    let mut pass = async |failing: usize, counting: &mut Counting| {
        let begin = START + minute * 60;
        desk.double.add(begin, failing, &["error OR fault"]);
        desk.double.add(begin, 10 - failing, &[]);
        minute += 1;
        desk.at(minute * 60 + 10);
        counting.publish().await;
    };
    pass(0, &mut counting).await;
    assert_eq!(desk.state("errors").await, "OK");
    assert_eq!(desk.state("all").await, "OK");
    let before = written();
    pass(0, &mut counting).await;
    pass(1, &mut counting).await;
    assert_eq!(desk.state("errors").await, "OK", "one minute is not two");
    assert_eq!(written(), before, "values alone are not kept on disk");
    pass(1, &mut counting).await;
    assert_eq!(desk.state("errors").await, "ALARM");
    assert_eq!(desk.state("all").await, "ALARM");
    assert!(written() > before);
    pass(0, &mut counting).await;
    assert_eq!(desk.state("errors").await, "OK");
    assert_eq!(desk.state("all").await, "OK");
}

#[tokio::test]
async fn the_task_looks_at_the_clock_and_ends() {
    let desk = Desk::new();
    desk.group("faults", "fault").await;
    desk.counted.store(START, Ordering::Relaxed);
    let timing = Timing {
        look: Duration::from_millis(5),
        lag: Duration::from_secs(10),
    };
    let (local, traces) = (Arc::clone(&desk.local), Arc::<Double>::clone(&desk.double));
    let publisher = Publisher::start(local, traces, Arc::clone(&desk.counted), timing);
    desk.at(75);
    let counted = async {
        while desk.values("faults").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let patience = Duration::from_secs(20);
    tokio::time::timeout(patience, counted)
        .await
        .expect("counted");
    publisher.finish().await;
    desk.at(600);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(desk.values("faults").await, [(0, 0.0)]);
}
