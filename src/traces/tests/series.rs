use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::made::{Documents, Made, documents, id, made_up};
use super::{ACCOUNT, texts};
use crate::filter::{EntitySelector, parse_entity_selector};
use crate::traces::{Forecast, Nodes, Period, Selection, Series, Trace, Window};

fn selection(selector: Option<&str>, window: Window) -> Selection {
    Selection {
        selector: selector.map(|it| parse_entity_selector(it).unwrap()),
        account: ACCOUNT.to_owned(),
        window,
        period: Period::Minute,
        has_forecast: false,
    }
}

fn fill(selection: Selection, traces: &[Documents]) -> Series {
    let mut series = Series::new(selection);
    for trace in traces {
        let trace = Trace::of(id(1), trace.iter().map(Vec::as_slice));
        let nodes = Nodes::of(&trace, ACCOUNT);
        series.add(&trace, &nodes);
    }
    series
}

fn totals(series: &Series) -> Vec<(f64, u64)> {
    let total = |it: &crate::traces::PeriodStatistics| {
        let edges = it.edge_summary_statistics;
        edges.or(it.service_summary_statistics).unwrap().total()
    };
    let periods = series.periods();
    periods.iter().map(|it| (it.timestamp, total(it))).collect()
}

/// One request at a time.
fn request(name: &str, start: f64, status: u16) -> Documents {
    texts(&[
        json!({"id": "0000000000000001", "name": name, "start_time": start,
        "end_time": start + 0.5, "http": {"response": {"status": status}}}),
    ])
}

const ALL: Window = Window {
    start: 0.0,
    end: 1e9,
};

#[test]
fn periods_are_multiples_and_empty_ones_are_left_out() {
    let starts = [59.9, 60.0, 119.99, 185.0, 601.0];
    let traces: Vec<Documents> = starts.iter().map(|at| request("a", *at, 200)).collect();
    let minutes = fill(selection(None, ALL), &traces);
    assert_eq!(
        totals(&minutes),
        [(0.0, 1), (60.0, 2), (180.0, 1), (600.0, 1)]
    );
    let cut = Window {
        start: 60.0,
        end: 185.0,
    };
    let cut = fill(selection(None, cut), &traces);
    assert_eq!(totals(&cut), [(60.0, 2)]);
    let mut wide = selection(None, ALL);
    wide.period = Period::FiveMinutes;
    assert_eq!(totals(&fill(wide, &traces)), [(0.0, 4), (600.0, 1)]);
    assert_eq!(
        (Period::of(60), Period::of(61)),
        (Some(Period::Minute), None)
    );
}

#[test]
fn a_period_is_written_as_aws_does() {
    let traces = [request("a", 61.0, 200), request("a", 62.0, 500)];
    let edges = fill(selection(None, ALL), &traces).periods();
    let statistics = json!({
        "OkCount": 1,
        "ErrorStatistics": {"ThrottleCount": 0, "OtherCount": 0, "TotalCount": 0},
        "FaultStatistics": {"OtherCount": 1, "TotalCount": 1},
        "TotalCount": 2,
        "TotalResponseTime": 1.0,
    });
    let mut shown = json!([{
        "Timestamp": 60.0,
        "EdgeSummaryStatistics": statistics,
        "ServiceSummaryStatistics": null,
        "ServiceForecastStatistics": {"FaultCountHigh": null, "FaultCountLow": null},
        "ResponseTimeHistogram": [{"Value": 0.5, "Count": 2}],
    }]);
    assert_eq!(serde_json::to_value(edges).unwrap(), shown);
    let services = fill(selection(Some("service(\"a\")"), ALL), &traces).periods();
    shown[0]["EdgeSummaryStatistics"] = json!(null);
    shown[0]["ServiceSummaryStatistics"] = statistics;
    assert_eq!(serde_json::to_value(services).unwrap(), shown);
}

#[test]
fn selectors_tell_nodes_by_all_that_they_name() {
    let trace = texts(&[
        json!({"id": "0000000000000001", "name": "a", "origin": "AWS::Lambda",
            "start_time": 1.0, "end_time": 3.0, "subsegments": [
                {"id": "0000000000000002", "name": "b", "namespace": "remote",
                 "start_time": 1.5, "end_time": 2.0}]}),
        json!({"id": "0000000000000003", "parent_id": "0000000000000001", "name": "a",
            "aws": {"account_id": "210987654321"}, "start_time": 1.0, "end_time": 2.0}),
    ]);
    let cases = [
        ("service(\"a\")", 2),
        ("service(\"c\")", 0),
        ("service(id(name: \"a\", type: \"AWS::Lambda\"))", 1),
        ("id(account.id: \"123456789012\")", 2),
        ("id(account.id: \"210987654321\")", 1),
        ("id(name: \"b\", type: \"remote\")", 1),
        ("edge(\"a\", \"b\")", 1),
        ("edge(\"a\", \"a\")", 2),
        ("edge(id(type: \"client\"), \"a\")", 1),
        ("edge(\"b\", \"a\")", 0),
    ];
    for (selector, count) in cases {
        let series = fill(selection(Some(selector), ALL), std::slice::from_ref(&trace));
        let found: u64 = totals(&series).iter().map(|(_, total)| total).sum();
        assert_eq!(found, count, "{selector}");
    }
    let all = fill(selection(None, ALL), std::slice::from_ref(&trace));
    assert_eq!(totals(&all), [(0.0, 3)]);
}

#[test]
fn forecasts_are_told_from_what_came_before() {
    let mut traces = Vec::new();
    for minute in 0..40 {
        for at in 0..20 {
            let status = if at == 0 && minute % 2 == 0 { 500 } else { 200 };
            traces.push(request("a", f64::from(minute * 60 + at), status));
        }
    }
    let window = Window {
        start: 1200.0,
        end: 2400.0,
    };
    let mut asked = selection(Some("id(name: \"a\")"), window);
    asked.has_forecast = true;
    let series = fill(asked.clone(), &traces);
    assert!(series.reads().start < 0.0);
    let periods = series.periods();
    assert_eq!(periods.len(), 20);
    for period in &periods {
        let forecast = period.service_forecast_statistics;
        let expected = Forecast {
            fault_count_high: Some(5),
            fault_count_low: Some(0),
        };
        assert_eq!(forecast, expected);
    }
    let (one, other) = traces.split_at(500);
    let mut merged = fill(asked.clone(), one);
    merged.merge(&fill(asked.clone(), other));
    assert_eq!(merged.periods(), periods);
    // Too little before.
    asked.window = ALL;
    let periods = fill(asked, &traces).periods();
    assert_eq!(periods[9].service_forecast_statistics, Forecast::default());
    assert_ne!(periods[10].service_forecast_statistics, Forecast::default());
}

/// Requests or calls of a made-up trace: when, and how long.
fn naive(made: &[Made], selector: Option<&EntitySelector>) -> Vec<(f64, Option<f64>)> {
    let mut found = Vec::new();
    for it in made {
        let own = if it.is_silent {
            it.call()
        } else {
            (it.start(), it.end())
        };
        match selector {
            Some(_) if it.name == 1 => found.push(own),
            None if it.parent.is_some() => {
                found.push(if it.via.is_some() { it.call() } else { own });
            }
            _ => {}
        }
    }
    let tops = made.iter().filter(|it| it.parent.is_none());
    let root = tops.reduce(|one, other| if other.start < one.start { other } else { one });
    if let Some(root) = root.filter(|_| selector.is_none()) {
        found.push((root.start(), root.end()));
    }
    found
}

proptest! {
    #[test]
    fn periods_are_those_of_the_definition(
        traces in made_up(),
        is_of_service: bool,
        start in 95..125_u8,
        length in 0..60_u8,
    ) {
        let start = f64::from(start);
        let window = Window { start, end: start + f64::from(length) };
        let selector = is_of_service.then_some("service(\"service 1\")");
        let selection = selection(selector, window);
        let mut wanted: BTreeMap<i64, (u64, f64)> = BTreeMap::new();
        for (start, end) in traces.iter().flat_map(|it| naive(it, selection.selector.as_ref())) {
            if let (true, Some(end)) = (window.contains(start), end) {
                let minute = if start < 120.0 { 60 } else { 120 };
                let sums = wanted.entry(minute).or_default();
                sums.0 += 1;
                sums.1 += end - start;
            }
        }
        let texts: Vec<Documents> = traces.iter().map(|it| documents(it)).collect();
        let periods = fill(selection.clone(), &texts).periods();
        let (one, other) = texts.split_at(texts.len() / 2);
        let mut merged = fill(selection.clone(), one);
        merged.merge(&fill(selection, other));
        prop_assert_eq!(&merged.periods(), &periods);
        prop_assert_eq!(periods.len(), wanted.len());
        for (period, (minute, (count, seconds))) in periods.iter().zip(&wanted) {
            let (own, other) = (period.service_summary_statistics, period.edge_summary_statistics);
            prop_assert_eq!(own.is_some(), is_of_service);
            prop_assert_eq!(other.is_some(), !is_of_service);
            let statistics = own.or(other).unwrap();
            let found = (period.timestamp, statistics.total_response_time());
            let minute = f64::from(i32::try_from(*minute).unwrap());
            prop_assert_eq!(found, (minute, *seconds));
            prop_assert_eq!(statistics.total(), *count);
            let shown = period.response_time_histogram.entries();
            prop_assert_eq!(shown.iter().map(|it| it.count).sum::<u64>(), *count);
        }
    }
}
