//! The body of a dashboard: what CloudWatch refuses of it, and the one form in
//! which two are compared.
//!
//! Rules: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>,
//! read on 2026-11-21. What CloudWatch only warns of, such as properties that
//! it does not know, is left to it.

use serde_json::{Map, Number, Value, json};

use crate::resource::{Problem, Problems};

const FIELD: &str = "/dashboard_body";
const TYPES: &[&str] = &[
    "metric", "text", "log", "alarm", "explorer", "custom", "chart", "timeline",
];
const MOST_WIDGETS: usize = 500;
const MOST_VARIABLES: usize = 25;
/// Most metrics of one widget, and of all.
const MOST_METRICS: usize = 500;
const MOST_METRICS_OF_ALL: usize = 2500;
const MOST_ALARMS: usize = 100;

/// Brings a body into the form in which two are compared: keys in order, whole
/// numbers without a fraction. The order of widgets, and of what they show, is
/// kept.
pub(super) fn normal(body: Map<String, Value>) -> Map<String, Value> {
    let mut fields: Vec<_> = body.into_iter().collect();
    fields.sort_by(|left, right| left.0.cmp(&right.0));
    let normal = fields.into_iter().map(|(key, value)| (key, plain(value)));
    normal.collect()
}

fn plain(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(normal(fields)),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Number(number) => Value::Number(whole(&number).unwrap_or(number)),
        other => other,
    }
}

/// Writes `6.0` as `6`; `None` for what has a fraction, or is too large to be
/// exact.
fn whole(number: &Number) -> Option<Number> {
    let value = number.as_f64().filter(|_| number.is_f64())?;
    let is_exact = value.fract() == 0.0 && value.abs() < 2_f64.powi(53);
    let text = is_exact.then(|| format!("{value:.0}"))?;
    text.parse::<i64>().ok().map(Number::from)
}

/// Reports what CloudWatch would refuse.
pub(super) fn check(body: &Map<String, Value>, problems: &mut Problems) {
    let mut check = Check {
        problems,
        metrics: 0,
    };
    check.root(body);
}

struct Check<'a> {
    problems: &'a mut Problems,
    metrics: usize,
}

impl Check<'_> {
    /// Reports `message` for the value at `at`, a pointer within the body.
    fn report(&mut self, at: &str, message: impl Into<String>) -> &mut Problem {
        self.problems.report(&format!("{FIELD}{at}"), message)
    }

    fn root(&mut self, body: &Map<String, Value>) {
        match body.get("widgets") {
            Some(Value::Array(widgets)) => {
                let count = widgets.len();
                if count > MOST_WIDGETS {
                    let message = format!(
                        "has {count} widgets, CloudWatch takes at most {MOST_WIDGETS} on one dashboard"
                    );
                    self.report("/widgets", message);
                }
                for (index, widget) in widgets.iter().enumerate() {
                    self.widget(&format!("/widgets/{index}"), widget);
                }
            }
            Some(_) => {
                self.report("/widgets", "`widgets` is a list");
            }
            None => {
                self.report("", "the body has no `widgets`")
                    .hint("a body is `{ \"widgets\": [ … ] }`");
            }
        }
        self.one_of(body, "", "periodOverride", &["auto", "inherit"]);
        let variables = body.get("variables").and_then(Value::as_array);
        if variables.is_some_and(|list| list.len() > MOST_VARIABLES) {
            let message = format!("CloudWatch takes at most {MOST_VARIABLES} variables");
            self.report("/variables", message);
        }
        if self.metrics > MOST_METRICS_OF_ALL {
            let message = format!(
                "shows {} metrics, CloudWatch takes at most {MOST_METRICS_OF_ALL} on one dashboard",
                self.metrics
            );
            self.report("", message);
        }
    }

    fn widget(&mut self, at: &str, widget: &Value) {
        let Value::Object(widget) = widget else {
            self.report(at, "a widget is an object");
            return;
        };
        self.position(at, widget);
        let kind = widget.get("type").and_then(Value::as_str);
        if widget.contains_key("type") {
            self.one_of(widget, at, "type", TYPES);
        } else {
            self.report(at, "the widget has no `type`")
                .hint(format!("it is one of `{}`", TYPES.join("`, `")));
        }
        let at = format!("{at}/properties");
        let properties = match widget.get("properties") {
            Some(Value::Object(properties)) => properties,
            Some(_) => {
                self.report(&at, "`properties` is an object");
                return;
            }
            None => {
                let widget = at.trim_end_matches("/properties");
                self.report(widget, "the widget has no `properties`");
                return;
            }
        };
        match kind {
            Some("metric") => self.metric(&at, properties),
            Some("text") => {
                self.text(&at, properties, "markdown");
                self.one_of(properties, &at, "background", &["solid", "transparent"]);
            }
            Some("log") => {
                self.text(&at, properties, "query");
                self.text(&at, properties, "region");
                let views = ["table", "timeSeries", "bar", "pie"];
                self.one_of(properties, &at, "view", &views);
            }
            Some("alarm") => self.alarms(&at, properties),
            Some("custom") => self.text(&at, properties, "endpoint"),
            _ => {}
        }
    }

    fn position(&mut self, at: &str, widget: &Map<String, Value>) {
        for (name, least, most) in [
            ("x", 0.0, 23.0),
            ("y", 0.0, f64::INFINITY),
            ("width", 1.0, 24.0),
            ("height", 1.0, 1000.0),
        ] {
            let Some(value) = widget.get(name) else {
                continue;
            };
            let number = value.as_f64().filter(|number| number.fract() == 0.0);
            let is_within = number.is_some_and(|it| it >= least && it <= most);
            if !is_within {
                let range = if most.is_infinite() {
                    format!("{least} or more")
                } else {
                    format!("{least} to {most}")
                };
                let message = format!("`{name}` is {value}, expected a whole number of {range}");
                self.report(&format!("{at}/{name}"), message);
            }
        }
        if widget.contains_key("x") != widget.contains_key("y") {
            let (given, missing) = if widget.contains_key("x") {
                ("x", "y")
            } else {
                ("y", "x")
            };
            self.report(
                &format!("{at}/{given}"),
                format!("`{given}` needs `{missing}`"),
            )
            .hint("a widget has both, or none and goes where there is room");
        }
    }

    fn metric(&mut self, at: &str, properties: &Map<String, Value>) {
        if properties.contains_key("metrics") {
            self.text(at, properties, "region");
        } else if !properties.contains_key("annotations") {
            self.report(at, "the widget has neither `metrics` nor `annotations`");
        }
        let views = ["timeSeries", "singleValue", "gauge", "bar", "pie", "table"];
        self.one_of(properties, at, "view", &views);
        if let Some(period) = properties.get("period") {
            let is_allowed = period
                .as_i64()
                .is_some_and(|one| matches!(one, 1 | 5 | 10 | 30) || (one > 0 && one % 60 == 0));
            if !is_allowed {
                let message =
                    format!("`period` is {period}, expected 1, 5, 10, 30 or a multiple of 60");
                self.report(&format!("{at}/period"), message);
            }
        }
        match properties.get("metrics") {
            Some(Value::Array(rows)) => {
                self.metrics += rows.len();
                if rows.len() > MOST_METRICS {
                    let message = format!(
                        "has {} metrics, CloudWatch takes at most {MOST_METRICS} in one widget",
                        rows.len()
                    );
                    self.report(&format!("{at}/metrics"), message);
                }
                for (index, row) in rows.iter().enumerate() {
                    self.row(&format!("{at}/metrics/{index}"), row);
                }
            }
            Some(_) => {
                self.report(&format!("{at}/metrics"), "`metrics` is a list of lists");
            }
            None => {}
        }
    }

    /// One metric is a list of texts, with an object for how it looks at its
    /// end; an expression is that object alone.
    fn row(&mut self, at: &str, row: &Value) {
        let hint = "write `[\"NAMESPACE\", \"METRIC\", \"DIMENSION\", \"VALUE\", { … }]`";
        let Some(parts) = row.as_array().filter(|parts| !parts.is_empty()) else {
            self.report(at, "a metric is a list of texts").hint(hint);
            return;
        };
        let (last, texts) = match parts.split_last() {
            Some((Value::Object(_), texts)) => (true, texts),
            _ => (false, parts.as_slice()),
        };
        if !texts.iter().all(Value::is_string) {
            self.report(
                at,
                "a metric is a list of texts, with an object at its end at most",
            )
            .hint(hint);
            return;
        }
        let is_shorthand = texts.iter().any(|text| text == "...");
        let is_expression = last && texts.is_empty();
        if !is_shorthand && !is_expression && (texts.len() < 2 || texts.len() % 2 == 1) {
            self.report(
                at,
                "a metric has a namespace, a name, and dimensions in pairs",
            )
            .hint(hint);
        }
    }

    fn alarms(&mut self, at: &str, properties: &Map<String, Value>) {
        match properties.get("alarms") {
            Some(Value::Array(alarms)) if (1..=MOST_ALARMS).contains(&alarms.len()) => {}
            Some(_) => {
                let message = format!("`alarms` is a list of 1 to {MOST_ALARMS} ARNs");
                self.report(&format!("{at}/alarms"), message);
            }
            None => {
                self.report(at, "the widget has no `alarms`");
            }
        }
    }

    /// Demands a text.
    fn text(&mut self, at: &str, fields: &Map<String, Value>, name: &str) {
        match fields.get(name) {
            Some(Value::String(text)) if !text.is_empty() => {}
            Some(_) => {
                self.report(&format!("{at}/{name}"), format!("`{name}` is a text"));
            }
            None => {
                self.report(at, format!("the widget has no `{name}`"));
            }
        }
    }

    /// Demands one of some words, where there is a value at all.
    fn one_of(&mut self, fields: &Map<String, Value>, at: &str, name: &str, words: &[&str]) {
        let Some(value) = fields.get(name) else {
            return;
        };
        if value.as_str().is_none_or(|text| !words.contains(&text)) {
            let message = format!(
                "`{name}` is {value}, expected one of `{}`",
                words.join("`, `")
            );
            self.report(&format!("{at}/{name}"), message);
        }
    }
}

/// A body with a text.
pub(super) fn plain_example() -> Map<String, Value> {
    let text = json!({ "type": "text", "properties": { "markdown": "# Who to call" } });
    Map::from_iter([("widgets".to_owned(), json!([text]))])
}

/// A body with a chart and a text.
pub(super) fn example() -> Map<String, Value> {
    let body = json!({
        "widgets": [
            {
                "type": "metric", "x": 0, "y": 0, "width": 12, "height": 6,
                "properties": {
                    "title": "errors",
                    "region": "eu-west-1",
                    "stat": "Sum",
                    "period": 60,
                    "metrics": [
                        ["AWS/X-Ray", "ApproximateTraceCount", "GroupName", "errors"],
                    ],
                },
            },
            {
                "type": "text", "x": 12, "y": 0, "width": 12, "height": 6,
                "properties": { "markdown": "# Who to call" },
            },
        ],
    });
    body.as_object().cloned().unwrap_or_default()
}
