//! Metric math. Pure.
//!
//! Evaluated are numbers, ids, `+ - * / ^`, comparisons, `AND`, `OR`, and the
//! functions of [`call`]. `SEARCH`, `ANOMALY_DETECTION_BAND`, Metrics Insights
//! queries and the functions that are not in that list are refused by name.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>,
//! read on 2026-11-21.

mod call;
mod parse;

use std::collections::BTreeMap;

use parse::{Expression, Operator};

/// Time series of one array.
const MOST_SERIES: usize = 100;

/// Values by time, in epoch seconds.
pub type Points = BTreeMap<i64, f64>;

/// What an expression comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// One number for all times.
    Number(f64),
    /// A value for some times.
    Series(Points),
    /// Several series.
    Several(Vec<Points>),
}

/// What an expression knows.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What its ids stand for; those of metrics, and of other expressions.
    pub named: &'a BTreeMap<String, Outcome>,
    /// The ids of metrics, in order, for `METRICS()`.
    pub metrics: &'a [String],
    /// Seconds of a period.
    pub period: i64,
    /// Where every period begins, for what fills gaps.
    pub times: &'a [i64],
}

/// Why an expression has no outcome, in words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotEvaluated(pub String);

impl NotEvaluated {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// The ids that an expression names.
///
/// # Errors
/// Where it is not read.
pub fn ids(text: &str) -> Result<Vec<String>, NotEvaluated> {
    let mut found = Vec::new();
    parse::expression(text)?.visit(&mut |part| {
        if let Expression::Id(id) = part {
            found.push(id.clone());
        }
    });
    Ok(found)
}

/// Evaluates an expression.
///
/// # Errors
/// Where it is not read, names what is not known, or asks for what is not
/// evaluated here.
pub fn evaluate(text: &str, known: Known<'_>) -> Result<Outcome, NotEvaluated> {
    value_of(&parse::expression(text)?, known)
}

fn value_of(expression: &Expression, known: Known<'_>) -> Result<Outcome, NotEvaluated> {
    match expression {
        Expression::Number(number) => Ok(Outcome::Number(*number)),
        Expression::Text(_) => Err(NotEvaluated::new("a text is no value")),
        Expression::Id(id) => {
            let found = known.named.get(id);
            found
                .cloned()
                .ok_or_else(|| NotEvaluated::new(format!("there is no id {id}")))
        }
        Expression::Negated(inner) => {
            let value = value_of(inner, known)?;
            Ok(each(value, &|value| -value))
        }
        Expression::Two(operator, left, right) => {
            let (left, right) = (value_of(left, known)?, value_of(right, known)?);
            combined(*operator, left, right)
        }
        Expression::Array(items) => {
            let mut all = Vec::new();
            for item in items {
                match value_of(item, known)? {
                    Outcome::Series(series) => all.push(series),
                    Outcome::Several(several) => all.extend(several),
                    Outcome::Number(_) => {
                        return Err(NotEvaluated::new("an array is made of time series"));
                    }
                }
            }
            if all.len() > MOST_SERIES {
                let why = format!("an array has at most {MOST_SERIES} time series");
                return Err(NotEvaluated(why));
            }
            Ok(Outcome::Several(all))
        }
        Expression::Call(name, arguments) => call::call(name, arguments, known),
    }
}

/// Changes every value; those that are no numbers any more are dropped, as AWS
/// does with a division by zero.
fn each(outcome: Outcome, change: &dyn Fn(f64) -> f64) -> Outcome {
    let changed = |series: Points| -> Points {
        let changed = series
            .into_iter()
            .map(|(time, value)| (time, change(value)));
        changed.filter(|(_, value)| value.is_finite()).collect()
    };
    match outcome {
        Outcome::Number(number) => Outcome::Number(change(number)),
        Outcome::Series(series) => Outcome::Series(changed(series)),
        Outcome::Several(all) => Outcome::Several(all.into_iter().map(changed).collect()),
    }
}

fn combined(operator: Operator, left: Outcome, right: Outcome) -> Result<Outcome, NotEvaluated> {
    let of = |left: f64, right: f64| operator.of(left, right);
    Ok(match (left, right) {
        (Outcome::Number(left), Outcome::Number(right)) => Outcome::Number(of(left, right)),
        (left, Outcome::Number(right)) => each(left, &|left| of(left, right)),
        (Outcome::Number(left), right) => each(right, &|right| of(left, right)),
        (Outcome::Series(left), Outcome::Series(right)) => {
            Outcome::Series(matched(&left, &right, of))
        }
        (Outcome::Several(all), Outcome::Series(one)) => {
            let all = all.iter().map(|left| matched(left, &one, of));
            Outcome::Several(all.collect())
        }
        (Outcome::Series(one), Outcome::Several(all)) => {
            let all = all.iter().map(|right| matched(&one, right, of));
            Outcome::Several(all.collect())
        }
        (Outcome::Several(_), Outcome::Several(_)) => {
            return Err(NotEvaluated::new("two arrays are not combined"));
        }
    })
}

/// Combines what both series have a value for.
fn matched(left: &Points, right: &Points, of: impl Fn(f64, f64) -> f64) -> Points {
    let both = left
        .iter()
        .filter_map(|(time, left)| Some((*time, of(*left, *right.get(time)?))));
    both.filter(|(_, value)| value.is_finite()).collect()
}

#[cfg(test)]
mod tests;
