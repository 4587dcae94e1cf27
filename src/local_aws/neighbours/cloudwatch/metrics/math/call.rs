//! The functions of metric math.

use std::collections::BTreeSet;

use super::parse::Expression;
use super::{Known, NotEvaluated, Outcome, Points, each, value_of};

type Called = Result<Outcome, NotEvaluated>;

/// What the function `name`, in upper case, comes to.
///
/// # Errors
/// Where there is none of that name here, or it is told something else.
pub(super) fn call(name: &str, arguments: &[Expression], known: Known<'_>) -> Called {
    match name {
        "METRICS" => return metrics(arguments, known),
        "FILL" => return fill(arguments, known),
        "PERIOD" => return Ok(Outcome::Number(seconds(known.period))),
        _ => {}
    }
    let values = arguments.iter().map(|it| value_of(it, known));
    let values: Vec<Outcome> = values.collect::<Result<_, _>>()?;
    match (name, values.as_slice()) {
        ("IF", [condition, then]) => choose(condition, then, None),
        ("IF", [condition, then, otherwise]) => choose(condition, then, Some(otherwise)),
        ("AVG" | "MAX" | "MIN" | "SUM" | "STDDEV", [value]) => folded(name, value),
        ("METRIC_COUNT", [Outcome::Several(all)]) => Ok(Outcome::Number(count(all.len()))),
        ("TIME_SERIES", [Outcome::Number(number)]) => {
            let series = known.times.iter().map(|time| (*time, *number));
            Ok(Outcome::Series(series.collect()))
        }
        ("ABS", [value]) => Ok(each(value.clone(), &f64::abs)),
        ("CEIL", [value]) => Ok(each(value.clone(), &f64::ceil)),
        ("FLOOR", [value]) => Ok(each(value.clone(), &f64::floor)),
        ("LOG", [value]) => Ok(each(value.clone(), &f64::ln)),
        ("LOG10", [value]) => Ok(each(value.clone(), &f64::log10)),
        ("DIFF", [value]) => along(value, |_, before, _, now| now - before),
        ("DIFF_TIME", [value]) => along(value, |then, _, time, _| seconds(time - then)),
        ("RATE", [value]) => along(value, |then, before, time, now| {
            (now - before) / seconds(time - then)
        }),
        ("RUNNING_SUM", [value]) => running_sum(value),
        _ if KNOWN.contains(&name) => Err(NotEvaluated::new(format!(
            "{name} does not take these arguments"
        ))),
        _ => Err(NotEvaluated::new(format!("{name} is not evaluated"))),
    }
}

const KNOWN: &[&str] = &[
    "IF",
    "AVG",
    "MAX",
    "MIN",
    "SUM",
    "STDDEV",
    "METRIC_COUNT",
    "TIME_SERIES",
    "ABS",
    "CEIL",
    "FLOOR",
    "LOG",
    "LOG10",
    "DIFF",
    "DIFF_TIME",
    "RATE",
    "RUNNING_SUM",
];

#[expect(clippy::cast_precision_loss, reason = "seconds of a few years")]
fn seconds(number: i64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
fn count(number: usize) -> f64 {
    number as f64
}

/// `METRICS()`, or those whose id contains a text.
fn metrics(arguments: &[Expression], known: Known<'_>) -> Called {
    let part = match arguments {
        [] => "",
        [Expression::Text(part)] => part,
        _ => return Err(NotEvaluated::new("METRICS takes a text or nothing")),
    };
    let ids = known.metrics.iter().filter(|id| id.contains(part));
    let series = ids.filter_map(|id| match known.named.get(id) {
        Some(Outcome::Series(series)) => Some(series.clone()),
        _ => None,
    });
    Ok(Outcome::Several(series.collect()))
}

/// What stands in a gap.
#[derive(Clone, Copy)]
enum Filling<'a> {
    Number(f64),
    Of(&'a Points),
    Repeat,
    Linear,
}

fn fill(arguments: &[Expression], known: Known<'_>) -> Called {
    let [series, filling] = arguments else {
        return Err(NotEvaluated::new("FILL takes a time series and a value"));
    };
    let filling_value;
    let filling = match filling {
        Expression::Id(word) if word == "REPEAT" => Filling::Repeat,
        Expression::Id(word) if word == "LINEAR" => Filling::Linear,
        other => {
            filling_value = value_of(other, known)?;
            match &filling_value {
                Outcome::Number(number) => Filling::Number(*number),
                Outcome::Series(points) => Filling::Of(points),
                Outcome::Several(_) => {
                    return Err(NotEvaluated::new("FILL takes no array to fill with"));
                }
            }
        }
    };
    let filled = |points: &Points| -> Points {
        let at = |time: &i64| Some((*time, value_at(points, *time, filling)?));
        known.times.iter().filter_map(at).collect()
    };
    Ok(match value_of(series, known)? {
        Outcome::Series(points) => Outcome::Series(filled(&points)),
        Outcome::Several(all) => Outcome::Several(all.iter().map(filled).collect()),
        Outcome::Number(_) => return Err(NotEvaluated::new("FILL fills a time series")),
    })
}

fn value_at(points: &Points, time: i64, filling: Filling<'_>) -> Option<f64> {
    if let Some(value) = points.get(&time) {
        return Some(*value);
    }
    let before = points.range(..time).next_back();
    match filling {
        Filling::Number(number) => Some(number),
        Filling::Of(other) => other.get(&time).copied(),
        Filling::Repeat => before.map(|(_, value)| *value),
        Filling::Linear => {
            let (then, from) = before?;
            let (later, to) = points.range(time..).next()?;
            let share = seconds(time - then) / seconds(later - then);
            Some(from + (to - from) * share)
        }
    }
}

/// Takes each value from one or the other, as the condition has it at the time.
fn choose(condition: &Outcome, then: &Outcome, otherwise: Option<&Outcome>) -> Called {
    let at = |outcome: &Outcome, time: i64| -> Option<f64> {
        match outcome {
            Outcome::Number(number) => Some(*number),
            Outcome::Series(points) => points.get(&time).copied(),
            Outcome::Several(_) => None,
        }
    };
    let is_several = |outcome: &Outcome| matches!(outcome, Outcome::Several(_));
    if is_several(then) || otherwise.is_some_and(is_several) {
        return Err(NotEvaluated::new(
            "IF chooses among numbers and time series",
        ));
    }
    match condition {
        Outcome::Number(number) if *number != 0.0 => Ok(then.clone()),
        Outcome::Number(_) => match otherwise {
            Some(otherwise) => Ok(otherwise.clone()),
            None => Ok(Outcome::Series(Points::new())),
        },
        Outcome::Series(points) => {
            let chosen = points.iter().filter_map(|(time, is_true)| {
                let from = if *is_true == 0.0 { otherwise? } else { then };
                Some((*time, at(from, *time)?))
            });
            Ok(Outcome::Series(chosen.collect()))
        }
        Outcome::Several(_) => Err(NotEvaluated::new("IF asks a number or a time series")),
    }
}

/// One number of a series, or one series of several.
fn folded(name: &str, value: &Outcome) -> Called {
    match value {
        Outcome::Number(_) => Err(NotEvaluated::new(format!(
            "{name} takes a time series or an array of them"
        ))),
        Outcome::Series(points) => {
            let values: Vec<f64> = points.values().copied().collect();
            let folded = fold(name, &values);
            // A number of nothing is nothing at any time.
            Ok(folded.map_or_else(|| Outcome::Series(Points::new()), Outcome::Number))
        }
        Outcome::Several(all) => {
            let times = all.iter().flat_map(|points| points.keys().copied());
            let times: BTreeSet<i64> = times.collect();
            let at = |time: i64| -> Option<(i64, f64)> {
                let values: Vec<f64> = all.iter().filter_map(|it| it.get(&time).copied()).collect();
                Some((time, fold(name, &values)?))
            };
            Ok(Outcome::Series(times.into_iter().filter_map(at).collect()))
        }
    }
}

fn fold(name: &str, values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let sum: f64 = values.iter().sum();
    let mean = sum / count(values.len());
    Some(match name {
        "AVG" => mean,
        "MAX" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "MIN" => values.iter().copied().fold(f64::INFINITY, f64::min),
        "STDDEV" => {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / count(values.len())).sqrt()
        }
        _ => sum,
    })
}

/// What two values that follow each other come to; the first of all has none
/// before it.
fn along(value: &Outcome, of: impl Fn(i64, f64, i64, f64) -> f64) -> Called {
    let one = |points: &Points| -> Points {
        let pairs = points.iter().zip(points.iter().skip(1));
        let changed =
            pairs.map(|((then, before), (time, now))| (*time, of(*then, *before, *time, *now)));
        changed.filter(|(_, value)| value.is_finite()).collect()
    };
    match value {
        Outcome::Series(points) => Ok(Outcome::Series(one(points))),
        Outcome::Several(all) => Ok(Outcome::Several(all.iter().map(one).collect())),
        Outcome::Number(_) => Err(NotEvaluated::new("a number does not change with time")),
    }
}

fn running_sum(value: &Outcome) -> Called {
    let one = |points: &Points| -> Points {
        let mut sum = 0.0;
        let add = |(time, value): (&i64, &f64)| {
            sum += value;
            (*time, sum)
        };
        points.iter().map(add).collect()
    };
    match value {
        Outcome::Series(points) => Ok(Outcome::Series(one(points))),
        Outcome::Several(all) => Ok(Outcome::Several(all.iter().map(one).collect())),
        Outcome::Number(_) => Err(NotEvaluated::new("a number does not change with time")),
    }
}
