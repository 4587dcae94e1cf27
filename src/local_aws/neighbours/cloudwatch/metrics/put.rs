//! `PutMetricData`.
//!
//! Namespaces that begin with `AWS/`, which AWS keeps for itself, are taken
//! from anyone: X-Ray's come this way too, and alarms can be tried so.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>,
//! read on 2026-11-21.

use serde_json::{Value, json};

use super::sample::Sample;
use super::series::Metric;
use super::{UNITS, metric_of, whole, wrong};
use crate::local_aws::neighbours::cloudwatch::protocol::Fault;
use crate::local_aws::neighbours::cloudwatch::state::{Members, Scope, State, text};

/// Data of one request.
const MOST_DATA: usize = 1000;
/// Values of one datum.
const MOST_VALUES: usize = 150;
/// Seconds that a time may be past.
const PAST: f64 = 14.0 * 86_400.0;
/// Seconds that a time may be to come.
const TO_COME: f64 = 2.0 * 3600.0;

struct Datum {
    metric: Metric,
    unit: &'static str,
    time: i64,
    samples: Vec<Sample>,
}

/// Takes all data of a request, or none.
pub(super) fn put(members: &Members, state: &mut State, scope: Scope<'_>) -> Result<Value, Fault> {
    let namespace = text(members, "Namespace").unwrap_or_default();
    let list = |of: &Value| of["MetricData"].as_array().cloned().unwrap_or_default();
    let mut data = members.get("MetricData").and_then(Value::as_array).cloned();
    let entities = members.get("EntityMetricData").and_then(Value::as_array);
    for entity in entities.into_iter().flatten() {
        data.get_or_insert_default().extend(list(entity));
    }
    let data = data.unwrap_or_default();
    if data.is_empty() {
        return Err(Fault::new(
            "MissingParameter",
            "The parameter MetricData is required.",
        ));
    }
    if data.len() > MOST_DATA {
        return Err(wrong(format!(
            "The collection MetricData must not have a size greater than {MOST_DATA}."
        )));
    }
    let read = data.iter().enumerate();
    let read = read.map(|(index, datum)| datum_of(datum, namespace, index + 1, scope.now));
    let read: Vec<Datum> = read.collect::<Result<_, _>>()?;
    for datum in read {
        let name = (datum.metric.namespace.clone(), datum.metric.name.clone());
        state.fresh.insert(name);
        for sample in datum.samples {
            let metric = datum.metric.clone();
            state.metrics.add(metric, datum.unit, datum.time, sample);
        }
    }
    state.metrics.forget(whole(scope.now));
    Ok(json!({}))
}

fn datum_of(datum: &Value, namespace: &str, number: usize, now: f64) -> Result<Datum, Fault> {
    let place = format!("MetricData.member.{number}.");
    let Some(members) = datum.as_object() else {
        return Err(wrong(format!("The parameter {place} must be a structure.")));
    };
    let metric = metric_of(members, namespace, &place)?;
    let unit = match text(members, "Unit") {
        None => "None",
        Some(unit) => UNITS.iter().find(|known| **known == unit).ok_or_else(|| {
            wrong(format!(
                "The value {unit} for parameter {place}Unit is invalid."
            ))
        })?,
    };
    let time = members.get("Timestamp").and_then(Value::as_f64);
    let time = time.unwrap_or(now);
    if time < now - PAST {
        return Err(wrong(format!(
            "The parameter {place}Timestamp must specify a time within the past two weeks."
        )));
    }
    if time > now + TO_COME {
        return Err(wrong(format!(
            "The parameter {place}Timestamp must specify a time no more than two hours in the future."
        )));
    }
    let resolution = match members.get("StorageResolution").and_then(Value::as_i64) {
        None | Some(60) => 60,
        Some(1) => 1,
        Some(_) => {
            let message = format!("The parameter {place}StorageResolution must be 1 or 60.");
            return Err(wrong(message));
        }
    };
    let time = whole(time);
    Ok(Datum {
        metric,
        unit,
        time: time - time.rem_euclid(resolution),
        samples: samples(members, &place)?,
    })
}

fn samples(members: &Members, place: &str) -> Result<Vec<Sample>, Fault> {
    let given = |name: &str| members.get(name).filter(|value| !value.is_null());
    match (given("Value"), given("StatisticValues"), given("Values")) {
        (Some(value), None, None) => Ok(vec![Sample::of_value(
            number(value, &format!("{place}Value"))?,
            1.0,
        )]),
        (None, Some(set), None) => Ok(vec![set_of(set, place)?]),
        (None, None, Some(values)) => counted(values, given("Counts"), place),
        (None, None, None) => Err(Fault::new(
            "MissingParameter",
            format!(
                "At least one of the parameters {place}Value, {place}Values or \
                 {place}StatisticValues must be specified."
            ),
        )),
        _ => Err(Fault::new(
            "InvalidParameterCombination",
            format!(
                "The parameters {place}Value, {place}Values and {place}StatisticValues are \
                 mutually exclusive and you have specified more than one."
            ),
        )),
    }
}

/// A number that AWS takes: none that is not finite, none beyond 2 to the 360th.
fn number(value: &Value, name: &str) -> Result<f64, Fault> {
    let most = 2.0_f64.powi(360);
    let number = value.as_f64().filter(|number| number.abs() <= most);
    number.ok_or_else(|| {
        wrong(format!(
            "The parameter {name} must be a number between -2^360 and 2^360."
        ))
    })
}

fn set_of(set: &Value, place: &str) -> Result<Sample, Fault> {
    let part = |name: &str| number(&set[name], &format!("{place}StatisticValues.{name}"));
    let (count, sum) = (part("SampleCount")?, part("Sum")?);
    let (least, most) = (part("Minimum")?, part("Maximum")?);
    if count <= 0.0 {
        let name = format!("{place}StatisticValues.SampleCount");
        return Err(wrong(format!(
            "The parameter {name} must be greater than 0."
        )));
    }
    if least > most {
        return Err(wrong(format!(
            "The parameter {place}StatisticValues.Maximum must be greater than \
             {place}StatisticValues.Minimum."
        )));
    }
    Ok(Sample::of_set(count, sum, least, most))
}

fn counted(values: &Value, counts: Option<&Value>, place: &str) -> Result<Vec<Sample>, Fault> {
    let values = values.as_array().map_or(&[] as &[Value], Vec::as_slice);
    let counts = counts.and_then(Value::as_array).map(Vec::as_slice);
    if values.is_empty() || values.len() > MOST_VALUES {
        return Err(wrong(format!(
            "The collection {place}Values must have 1 to {MOST_VALUES} values."
        )));
    }
    if counts.is_some_and(|counts| counts.len() != values.len()) {
        return Err(wrong(format!(
            "The parameters {place}Values and {place}Counts must be of the same size."
        )));
    }
    let sample = |(index, value): (usize, &Value)| {
        let at = index + 1;
        let value = number(value, &format!("{place}Values.member.{at}"))?;
        let name = format!("{place}Counts.member.{at}");
        let count = match counts.and_then(|counts| counts.get(index)) {
            Some(count) => number(count, &name)?,
            None => 1.0,
        };
        if count <= 0.0 {
            return Err(wrong(format!(
                "The parameter {name} must be greater than 0."
            )));
        }
        Ok(Sample::of_value(value, count))
    };
    values.iter().enumerate().map(sample).collect()
}
