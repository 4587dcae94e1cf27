//! Statistics of one service, or of the calls between two, period by period.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Moment, Service, Statistics, Tally};
use crate::aws::xray::types::TimeSeriesServiceStatistics;
use crate::filter::MAX_SELECTOR_CHARS;

/// The figures of one period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// When the period began.
    pub time: Moment,
    /// Its figures.
    #[serde(flatten)]
    pub statistics: Statistics,
}

/// Whose figures are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Selector<'a> {
    /// Those of a service.
    Service(&'a Service),
    /// Those of the calls from the first to the second.
    Edge(&'a Service, &'a Service),
}

impl Selector<'_> {
    /// The expression that X-Ray takes; `None` where it would be longer than
    /// X-Ray allows.
    pub fn expression(&self) -> Option<String> {
        let text = match self {
            Self::Service(service) => id(service),
            Self::Edge(from, to) => format!("edge({}, {})", id(from), id(to)),
        };
        (text.chars().count() <= MAX_SELECTOR_CHARS).then_some(text)
    }
}

/// `id(name: "a", type: "b")`, with strings that have JSON's escapes.
fn id(service: &Service) -> String {
    let fields = [
        ("name", Some(&service.name)),
        ("type", service.kind.as_ref()),
        ("account.id", service.account_id.as_ref()),
    ];
    let fields: Vec<String> = fields
        .into_iter()
        .filter_map(|(field, value)| Some(format!("{field}: {}", Value::from(value?.as_str()))))
        .collect();
    format!("id({})", fields.join(", "))
}

/// Puts points together; what two calls tell of one period is added up.
pub(super) fn points(told: &[TimeSeriesServiceStatistics]) -> Vec<Point> {
    let mut periods: BTreeMap<Moment, Tally> = BTreeMap::new();
    for point in told {
        let Some(time) = point.timestamp else {
            continue;
        };
        let tally = periods.entry(Moment::from(time)).or_default();
        if let Some(service) = point.service_summary_statistics() {
            tally.add_service(service, point.response_time_histogram());
        } else if let Some(edge) = point.edge_summary_statistics() {
            tally.add_edge(edge, point.response_time_histogram());
        }
    }
    periods
        .into_iter()
        .map(|(time, tally)| Point {
            time,
            statistics: tally.statistics(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::parse_entity_selector;

    #[test]
    fn selectors_are_taken_by_the_parser() {
        let table = Service {
            name: "a \"quoted\" \\ name".to_owned(),
            kind: Some("AWS::DynamoDB::Table".to_owned()),
            account_id: Some("123456789012".to_owned()),
        };
        let plain = Service {
            name: "api".to_owned(),
            ..Service::default()
        };
        for selector in [Selector::Service(&table), Selector::Edge(&plain, &table)] {
            let text = selector.expression().unwrap();
            assert!(parse_entity_selector(&text).is_ok(), "{text}");
        }
        let long = Service {
            name: "x".repeat(500),
            ..Service::default()
        };
        assert_eq!(Selector::Service(&long).expression(), None);
    }
}
