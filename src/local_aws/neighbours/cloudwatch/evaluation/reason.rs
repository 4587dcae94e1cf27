//! Why an alarm is in its state, in AWS's words. Pure.
//!
//! AWS does not document the words: they are those of alarms that people have
//! shown, such as <https://repost.aws/knowledge-center/cloudwatch-alarm-transitions>.

use serde_json::{Map, Value, json};

use super::date;
use super::judge::{AlarmState, Datapoint, Missing, Settings, Verdict};

/// Datapoints that a reason lists.
const LISTED: usize = 5;

/// The reason of a metric alarm that came into `state`.
pub fn text(state: AlarmState, verdict: &Verdict, settings: &Settings) -> String {
    if state == AlarmState::InsufficientData {
        let count = verdict.filled;
        let were = if count == 1 { "was" } else { "were" };
        return format!("Insufficient Data: {} {were} unknown.", datapoints(count));
    }
    let treated = match settings.missing {
        Missing::Breaching => Some("Breaching"),
        Missing::NotBreaching => Some("NonBreaching"),
        Missing::Ignore | Missing::Unknown => None,
    };
    match treated.filter(|_| verdict.filled > 0) {
        Some(treated) => filled_in(verdict, settings, treated),
        None => crossed(state, verdict, settings),
    }
}

fn datapoints(count: usize) -> String {
    format!("{count} datapoint{}", if count == 1 { "" } else { "s" })
}

fn filled_in(verdict: &Verdict, settings: &Settings, treated: &str) -> String {
    let received = match verdict.evaluated.len() {
        0 => "no datapoints were".to_owned(),
        1 => "1 datapoint was".to_owned(),
        count => format!("{count} datapoints were"),
    };
    let periods = match settings.periods {
        1 => "1 period".to_owned(),
        count => format!("{count} periods"),
    };
    let missing = match verdict.filled {
        1 => "1 missing datapoint was".to_owned(),
        count => format!("{count} missing datapoints were"),
    };
    format!(
        "Threshold Crossed: {received} received for {periods} and {missing} treated as [{treated}]."
    )
}

fn crossed(state: AlarmState, verdict: &Verdict, settings: &Settings) -> String {
    let is_alarm = state == AlarmState::Alarm;
    let telling = |point: &&Datapoint| settings.is_breaching(point) == is_alarm;
    let points: Vec<&Datapoint> = verdict.evaluated.iter().filter(telling).collect();
    let shown = points.iter().take(LISTED).map(|point| {
        let at = date::short(point.time);
        format!("{:?} ({at})", point.value)
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    let count = match settings.datapoints {
        Some(_) => format!(
            "{} out of the last {}",
            points.len(),
            datapoints_plural(verdict.evaluated.len())
        ),
        None => datapoints(points.len()),
    };
    let were = if points.len() == 1 { "was" } else { "were" };
    let not = if is_alarm { "" } else { "not " };
    let compared = format!(
        "{were} {not}{} the threshold ({:?})",
        settings.comparison.words(),
        settings.threshold
    );
    let minimum = minimum(is_alarm, settings);
    if points.len() > LISTED {
        return format!(
            "Threshold Crossed: {count} {compared}. The most recent datapoints which crossed \
             the threshold: [{shown}]{minimum}."
        );
    }
    format!("Threshold Crossed: {count} [{shown}] {compared}{minimum}.")
}

/// AWS writes `1 out of the last 1 datapoints`.
fn datapoints_plural(count: usize) -> String {
    format!("{count} datapoints")
}

/// How many datapoints it takes for this transition, which AWS tells of alarms
/// that say how many.
fn minimum(is_alarm: bool, settings: &Settings) -> String {
    let Some(to_alarm) = settings.datapoints else {
        return String::new();
    };
    let (count, transition) = if is_alarm {
        (to_alarm, "OK -> ALARM")
    } else {
        let to_ok = settings.periods.saturating_sub(to_alarm) + 1;
        (to_ok, "ALARM -> OK")
    };
    format!(
        " (minimum {} for {transition} transition)",
        datapoints(count)
    )
}

/// What an alarm watches, as data about its reason names it.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    /// The statistic of an alarm on one metric.
    pub statistic: Option<&'a str>,
    /// Its unit, where it has one.
    pub unit: Option<&'a str>,
    /// Seconds of a period.
    pub period: i64,
}

/// The same for programs: `StateReasonData`, as JSON in a text.
pub fn data(verdict: &Verdict, settings: &Settings, watched: Watched<'_>, now: f64) -> String {
    let precise = |time: i64| {
        #[expect(clippy::cast_precision_loss, reason = "seconds of this age")]
        date::precise(time as f64)
    };
    let mut data = Map::new();
    let mut set = |name: &str, value: Value| data.insert(name.to_owned(), value);
    set("version", json!("1.0"));
    set("queryDate", json!(date::precise(now)));
    if let Some(oldest) = verdict.evaluated.last() {
        set("startDate", json!(precise(oldest.time)));
    }
    if let Some(unit) = watched.unit {
        set("unit", json!(unit));
    }
    if let Some(statistic) = watched.statistic {
        set("statistic", json!(statistic));
    }
    set("period", json!(watched.period));
    let recent = verdict.evaluated.iter().rev().map(|point| point.value);
    set("recentDatapoints", recent.collect());
    set("threshold", json!(settings.threshold));
    let evaluated = verdict.evaluated.iter().map(|point| {
        let mut shown = Map::new();
        shown.insert("timestamp".to_owned(), json!(precise(point.time)));
        if let Some(count) = point.count {
            shown.insert("sampleCount".to_owned(), json!(count));
        }
        shown.insert("value".to_owned(), json!(point.value));
        Value::Object(shown)
    });
    set("evaluatedDatapoints", evaluated.collect());
    Value::Object(data).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::judge::{Comparison, judge};
    use super::*;

    fn settings(periods: usize, datapoints: Option<usize>, missing: Missing) -> Settings {
        Settings {
            periods,
            datapoints,
            comparison: Comparison::Greater,
            threshold: 10.0,
            missing,
            least_count: None,
        }
    }

    fn points(values: &[Option<f64>]) -> Vec<Option<Datapoint>> {
        // The last of two is at 2022-01-17 14:42, as in the alarm shown below.
        let first = 1_642_430_520 + 300 - 300 * i64::try_from(values.len()).expect("few");
        let times = (0..).map(|index| first + 300 * index);
        let point = |(value, time): (&Option<f64>, i64)| {
            Some(Datapoint {
                time,
                value: (*value)?,
                count: Some(5.0),
            })
        };
        values.iter().zip(times).map(point).collect()
    }

    #[track_caller]
    fn check(values: &[Option<f64>], settings: &Settings, expected: &str) {
        let verdict = judge(&points(values), settings);
        let state = verdict.state.expect("a state");
        assert_eq!(text(state, &verdict, settings), expected);
    }

    /// The words of <https://github.com> users' alarms, with their numbers.
    #[test]
    fn reasons_are_in_aws_words() {
        let values = [Some(11.488_333_333_333_333), Some(15.398_333_333_333_332)];
        check(
            &values,
            &settings(2, Some(2), Missing::Unknown),
            "Threshold Crossed: 2 out of the last 2 datapoints [15.398333333333332 (17/01/22 \
             14:42:00), 11.488333333333333 (17/01/22 14:37:00)] were greater than the threshold \
             (10.0) (minimum 2 datapoints for OK -> ALARM transition).",
        );
        check(
            &[Some(1.0), Some(15.0), Some(2.0)],
            &settings(3, Some(3), Missing::Unknown),
            "Threshold Crossed: 2 out of the last 3 datapoints [2.0 (17/01/22 14:42:00), 1.0 \
             (17/01/22 14:32:00)] were not greater than the threshold (10.0) (minimum 1 datapoint \
             for ALARM -> OK transition).",
        );
        check(
            &[Some(0.0)],
            &settings(1, None, Missing::Unknown),
            "Threshold Crossed: 1 datapoint [0.0 (17/01/22 14:42:00)] was not greater than the \
             threshold (10.0).",
        );
        check(
            &[None, None],
            &settings(2, Some(2), Missing::NotBreaching),
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing \
             datapoints were treated as [NonBreaching].",
        );
        check(
            &[None, None, Some(1.0)],
            &settings(3, Some(2), Missing::Breaching),
            "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints \
             were treated as [Breaching].",
        );
        check(
            &[None],
            &settings(1, Some(1), Missing::Unknown),
            "Insufficient Data: 1 datapoint was unknown.",
        );
    }

    #[test]
    fn a_long_evaluation_lists_its_newest_datapoints() {
        let settings = settings(7, None, Missing::Unknown);
        let verdict = judge(&points(&[Some(20.0); 7]), &settings);
        let text = text(AlarmState::Alarm, &verdict, &settings);
        let begin = "Threshold Crossed: 7 datapoints were greater than the threshold (10.0). The \
                     most recent datapoints which crossed the threshold: [20.0 (17/01/22 14:42:00), ";
        assert!(text.starts_with(begin), "{text}");
        assert_eq!(text.matches("20.0").count(), LISTED);
    }

    #[test]
    fn data_for_programs_has_aws_members() {
        let settings = settings(2, Some(2), Missing::Unknown);
        let verdict = judge(&points(&[Some(11.5), Some(15.25)]), &settings);
        let watched = Watched {
            statistic: Some("Average"),
            unit: None,
            period: 300,
        };
        let data = data(&verdict, &settings, watched, 1_642_430_922.271);
        assert_eq!(
            data,
            "{\"version\":\"1.0\",\"queryDate\":\"2022-01-17T14:48:42.271+0000\",\
             \"startDate\":\"2022-01-17T14:37:00.000+0000\",\"statistic\":\"Average\",\
             \"period\":300,\"recentDatapoints\":[11.5,15.25],\"threshold\":10.0,\
             \"evaluatedDatapoints\":[{\"timestamp\":\"2022-01-17T14:42:00.000+0000\",\
             \"sampleCount\":5.0,\"value\":15.25},{\"timestamp\":\"2022-01-17T14:37:00.000+0000\",\
             \"sampleCount\":5.0,\"value\":11.5}]}"
        );
    }
}
