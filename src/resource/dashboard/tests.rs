use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::Address;

fn dashboard(fields: Value) -> DashboardSpec {
    serde_json::from_value(fields).unwrap()
}

fn place(partition: &str) -> Place {
    Place {
        partition: partition.to_owned(),
        region: "eu-west-1".to_owned(),
        account: "123456789012".to_owned(),
    }
}

fn wrong(fields: Value) -> Vec<String> {
    let mut problems = Problems::new();
    Dashboard::validate("name", &dashboard(fields), &mut problems);
    let problems = problems.into_vec().into_iter();
    problems
        .map(|one| format!("{}: {}", one.field, one.message))
        .collect()
}

/// What is wrong with one widget.
fn wrong_widget(widget: &Value) -> Vec<String> {
    wrong(json!({ "dashboard_body": { "widgets": [widget] } }))
}

#[test]
fn lists_become_widgets() {
    let mut spec = dashboard(json!({
        "services": ["api \"v2\""], "groups": ["errors"], "group_names": ["Default"],
        "alarms": ["down", "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:other"],
    }));
    assert!(
        Dashboard::canonical(spec.clone()).dashboard_body.is_none(),
        "no place is known"
    );
    spec.place = Some(place("aws"));
    let made = Dashboard::canonical(spec);
    assert!(!made.is_made() && made.place.is_none());
    let body = Value::Object(made.dashboard_body.clone().unwrap());
    let widgets = body["widgets"].as_array().unwrap();
    let kinds: Vec<_> = widgets
        .iter()
        .map(|one| one["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["text", "alarm", "metric", "metric"]);
    let text = widgets[0]["properties"]["markdown"].as_str().unwrap();
    let link = "(https://console.aws.amazon.com/xray/home?region=eu-west-1#/traces?filter=\
                service%28%22api%20%5C%22v2%5C%22%22%29%20%7B%20fault%20%3D%20true%20%7D)";
    assert!(text.contains(link), "{text}");
    assert_eq!(
        widgets[1]["properties"]["alarms"],
        json!([
            "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:down",
            "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:other",
        ])
    );
    let metrics = |index: usize| widgets[index]["properties"]["metrics"].as_array().unwrap();
    assert_eq!(metrics(2).len(), 3);
    assert_eq!(metrics(2)[0][3], "errors");
    assert_eq!(metrics(3).len(), 1, "the share of all in all is no news");
    // CloudWatch would take it.
    assert_eq!(wrong(json!({ "dashboard_body": body })), [""; 0]);
}

#[test]
fn every_partition_has_its_console() {
    for (partition, host) in [
        ("aws", "console.aws.amazon.com"),
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
    ] {
        let mut spec = dashboard(json!({ "services": ["a"] }));
        spec.place = Some(place(partition));
        let body = Dashboard::canonical(spec).dashboard_body.unwrap();
        let text = Value::Object(body).to_string();
        assert!(text.contains(&format!("https://{host}/xray/home?region=eu-west-1#/")));
    }
}

#[test]
fn names_are_references() {
    let spec = dashboard(json!({
        "groups": ["Default", "errors"],
        "alarms": ["arn:aws:cloudwatch:r:1:alarm:x", "down", "composite_alarm.all"],
    }));
    let references = Dashboard::references(&spec);
    let found: Vec<_> = references
        .iter()
        .map(|one| (one.field.as_str(), &one.to))
        .collect();
    assert_eq!(
        found,
        [
            ("/groups/1", &Address::new("group", "errors")),
            ("/alarms/1", &Address::new("alarm", "down")),
            ("/alarms/2", &Address::new("composite_alarm", "all")),
        ]
    );
}

#[test]
fn a_body_is_compared_by_its_meaning() {
    let normal = |body: Value| {
        let spec = Dashboard::canonical(dashboard(json!({ "dashboard_body": body })));
        Value::Object(spec.dashboard_body.unwrap()).to_string()
    };
    let left = json!({ "widgets": [{ "x": 0, "y": 6.0, "type": "text" }], "start": "-PT1H" });
    let right = json!({ "start": "-PT1H", "widgets": [{ "type": "text", "y": 6, "x": 0.0 }] });
    assert_eq!(normal(left), normal(right));
    let number = normal(json!({ "widgets": [], "a": 0.5, "b": 1e300, "c": -3.0 }));
    assert_eq!(number, r#"{"a":0.5,"b":1e+300,"c":-3,"widgets":[]}"#);
    let swapped = |a: i32, b: i32| normal(json!({ "widgets": [{ "x": a }, { "x": b }] }));
    assert_ne!(swapped(0, 6), swapped(6, 0));
}

#[test]
fn a_dashboard_has_one_source() {
    assert_eq!(wrong(json!({})), [": the dashboard shows nothing"]);
    let both = json!({ "dashboard_body": { "widgets": [] }, "services": ["a"] });
    assert_eq!(
        wrong(both),
        ["/services: a dashboard with a `dashboard_body` takes no `services`"]
    );
    let mut problems = Problems::new();
    let spec = dashboard(json!({ "services": ["a"] }));
    Dashboard::validate("ecs/api", &spec, &mut problems);
    assert_eq!(problems.into_vec().len(), 1);
}

#[test]
fn bodies_that_cloudwatch_takes() {
    let good = [
        json!({ "type": "text", "properties": { "markdown": "x" } }),
        json!({ "type": "text", "x": 0, "y": 900, "width": 24, "height": 1000,
                "properties": { "markdown": "x", "background": "solid" } }),
        json!({ "type": "metric", "properties": { "annotations": { "alarms": ["arn"] } } }),
        json!({ "type": "metric", "properties": {
            "region": "eu-west-1", "period": 120, "view": "gauge", "unknown": 1,
            "metrics": [["N", "M"], [".", ".", "D", "V", { "id": "m" }], ["...", "W"],
                        [{ "expression": "m * 2" }]] } }),
        json!({ "type": "log", "properties": { "query": "SOURCE 'x'", "region": "r" } }),
        json!({ "type": "alarm", "properties": { "alarms": ["arn"] } }),
        json!({ "type": "custom", "properties": { "endpoint": "arn" } }),
        json!({ "type": "explorer", "properties": {} }),
    ];
    for widget in good {
        assert_eq!(wrong_widget(&widget), [""; 0]);
    }
}

#[test]
fn bodies_that_cloudwatch_refuses() {
    let at = "/dashboard_body/widgets/0";
    let metric = |properties: Value| json!({ "type": "metric", "properties": properties });
    let row = |row: Value| metric(json!({ "region": "r", "metrics": [row] }));
    let text = |mut fields: Value| {
        fields["type"] = json!("text");
        fields["properties"] = json!({ "markdown": "x" });
        fields
    };
    for (widget, expected) in [
        (json!(5), "a widget is an object"),
        (json!({ "properties": {} }), "no `type`"),
        (
            json!({ "type": "map", "properties": {} }),
            "/type: `type` is \"map\"",
        ),
        (json!({ "type": "text" }), "no `properties`"),
        (
            json!({ "type": "text", "properties": {} }),
            "/properties: the widget has no `markdown`",
        ),
        (text(json!({ "x": 1 })), "/x: `x` needs `y`"),
        (text(json!({ "y": 1 })), "/y: `y` needs `x`"),
        (
            text(json!({ "width": 25 })),
            "/width: `width` is 25, expected a whole number of 1 to 24",
        ),
        (text(json!({ "height": 1.5 })), "/height: `height` is 1.5"),
        (
            text(json!({ "x": 0, "y": -1 })),
            "/y: `y` is -1, expected a whole number of 0 or more",
        ),
        (metric(json!({})), "neither `metrics` nor"),
        (metric(json!({ "metrics": [] })), "no `region`"),
        (
            metric(json!({ "metrics": 1, "region": "r" })),
            "/metrics: `metrics` is a list of lists",
        ),
        (
            metric(json!({ "annotations": {}, "period": 61 })),
            "/period: `period` is 61",
        ),
        (
            metric(json!({ "annotations": {}, "view": "line" })),
            "/view: `view` is \"line\"",
        ),
        (row(json!(["N"])), "/metrics/0: a metric has a namespace"),
        (
            row(json!(["N", "M", "D"])),
            "/metrics/0: a metric has a namespace",
        ),
        (
            row(json!(["N", {}, "M"])),
            "/metrics/0: a metric is a list of texts, with",
        ),
        (row(json!([])), "/metrics/0: a metric is a list of texts"),
        (
            json!({ "type": "log", "properties": { "region": "r" } }),
            "no `query`",
        ),
        (
            json!({ "type": "alarm", "properties": { "alarms": [] } }),
            "/alarms: `alarms` is a list",
        ),
        (
            json!({ "type": "custom", "properties": { "endpoint": 1 } }),
            "/endpoint: `endpoint` is a text",
        ),
    ] {
        let found = wrong_widget(&widget);
        assert_eq!(found.len(), 1, "{widget}: {found:?}");
        assert!(
            found[0].starts_with(at) && found[0].contains(expected),
            "{found:?}"
        );
    }
    let widget = text(json!({}));
    let many = json!({ "dashboard_body": { "widgets": vec![widget; 501] } });
    assert!(wrong(many)[0].contains("501 widgets"));
    let no_widgets = json!({ "dashboard_body": { "periodOverride": "x" } });
    assert_eq!(wrong(no_widgets).len(), 2);
}

#[test]
fn terraform_has_its_own_words() {
    let spec = dashboard(json!({ "dashboard_name": "a", "dashboard_body": { "widgets": [] } }));
    let shown = Dashboard::terraform("a", &spec, &cloudwatch_tags::outputs("arn:x"));
    assert_eq!(
        Value::from(shown),
        json!({
            "dashboard_name": "a", "dashboard_body": "{\"widgets\":[]}",
            "dashboard_arn": "arn:x", "id": "a",
        })
    );
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<f64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number))),
        any::<u64>().prop_map(Value::from),
        ".{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map("[a-c]", inner, 0..3)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_form_is_stable(document in documents()) {
        let body = json!({ "widgets": [document] });
        let once = Dashboard::canonical(dashboard(json!({ "dashboard_body": body })));
        let twice = Dashboard::canonical(once.clone());
        let text = |spec: DashboardSpec| serde_json::to_string(&spec).unwrap();
        prop_assert_eq!(text(once), text(twice));
    }

    #[test]
    fn no_body_is_too_odd(document in documents()) {
        wrong_widget(&document);
        wrong_widget(&json!({ "type": "metric", "properties": { "metrics": document } }));
    }
}
