//! Making the body of a dashboard out of lists.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::DashboardSpec;
use crate::resource::alarm::DEFAULT_GROUP;

/// Where a dashboard stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    /// The part of AWS: `aws`, `aws-cn`, `aws-us-gov`.
    pub(super) partition: String,
    /// The region of metrics and traces.
    pub(super) region: String,
    /// The account of alarms.
    pub(super) account: String,
}

/// Columns of a dashboard, and of one chart.
const WIDTH: usize = 24;
const CHART_WIDTH: usize = 12;
const CHART_HEIGHT: usize = 6;
/// Alarms in one row of an alarm widget.
const ALARMS_IN_ROW: usize = 6;

/// Makes the body: links, then the alarms, then a chart for each group.
pub(super) fn body(spec: &DashboardSpec, place: &Place) -> Map<String, Value> {
    let mut widgets = Vec::new();
    let mut y = 0;
    let height = 3 + spec.services.len();
    widgets.push(json!({
        "type": "text", "x": 0, "y": y, "width": WIDTH, "height": height,
        "properties": { "markdown": links(&spec.services, place) },
    }));
    y += height;
    if !spec.alarms.is_empty() {
        let height = 1 + spec.alarms.len().div_ceil(ALARMS_IN_ROW);
        let arns: Vec<String> = spec.alarms.iter().map(|name| place.alarm(name)).collect();
        widgets.push(json!({
            "type": "alarm", "x": 0, "y": y, "width": WIDTH, "height": height,
            "properties": { "title": "Alarms", "alarms": arns },
        }));
        y += height;
    }
    let groups = spec.groups.iter().chain(&spec.group_names);
    for (index, group) in groups.enumerate() {
        let (row, column) = (index / 2, index % 2);
        widgets.push(json!({
            "type": "metric",
            "x": column * CHART_WIDTH,
            "y": y + row * CHART_HEIGHT,
            "width": CHART_WIDTH,
            "height": CHART_HEIGHT,
            "properties": chart(group, &place.region),
        }));
    }
    Map::from_iter([("widgets".to_owned(), Value::Array(widgets))])
}

/// The traces of a group and, for any but the one that holds all traces, their
/// share of all.
fn chart(group: &str, region: &str) -> Value {
    let traces = |name: &str, look: Value| {
        json!([
            "AWS/X-Ray",
            "ApproximateTraceCount",
            "GroupName",
            name,
            look
        ])
    };
    let mut metrics = vec![traces(group, json!({ "id": "traces", "label": "traces" }))];
    if group != DEFAULT_GROUP {
        metrics.push(traces(
            DEFAULT_GROUP,
            json!({ "id": "total", "label": "all traces", "visible": false }),
        ));
        metrics.push(json!([{
            "expression": "IF(total > 0, 100 * traces / total, 0)",
            "id": "share",
            "label": "share of all traces, %",
            "yAxis": "right",
        }]));
    }
    json!({
        "title": format!("Traces of {group}"),
        "region": region,
        "view": "timeSeries",
        "stat": "Sum",
        "period": 300,
        "metrics": metrics,
        "yAxis": {
            "left": { "min": 0, "label": "traces", "showUnits": false },
            "right": { "min": 0, "label": "%", "showUnits": false },
        },
    })
}

/// Links to the trace map and to the traces of each service.
fn links(services: &[String], place: &Place) -> String {
    let mut text = format!(
        "## Traces\n[Trace map]({}) · [All traces]({})\n",
        place.console("service-map"),
        place.console("traces")
    );
    if services.is_empty() {
        return text;
    }
    text.push_str("\n| service | | | | |\n| --- | --- | --- | --- | --- |\n");
    for service in services {
        let name = quoted(service);
        let link = |page: &str, filter: &str| {
            let filter = format!("service({name}){filter}");
            place.console(&format!("{page}?filter={}", encoded(&filter)))
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | [traces]({}) | [errors]({}) | [faults]({}) | [map]({}) |",
            escaped(service),
            link("traces", ""),
            link("traces", " { error = true }"),
            link("traces", " { fault = true }"),
            link("service-map", ""),
        );
    }
    text
}

impl Place {
    /// The address of a page of the X-Ray console, as
    /// <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-deeplinks.html>
    /// gives it.
    fn console(&self, page: &str) -> String {
        let host = match self.partition.as_str() {
            "aws-cn" => "console.amazonaws.cn",
            "aws-us-gov" => "console.amazonaws-us-gov.com",
            _ => "console.aws.amazon.com",
        };
        format!("https://{host}/xray/home?region={}#/{page}", self.region)
    }

    /// The ARN of an alarm, given by name or as it is.
    fn alarm(&self, name: &str) -> String {
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        let Self {
            partition,
            region,
            account,
        } = self;
        format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}")
    }
}

/// Writes a text as X-Ray's filter expressions take it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Writes a text so that Markdown shows it in a table as it is.
fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if matches!(
            character,
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '#'
        ) {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

/// Percent-encodes all but what no address gives a meaning to; parentheses
/// too, since they end a link in Markdown.
fn encoded(text: &str) -> String {
    let mut shown = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            shown.push(char::from(byte));
        } else {
            let _ = write!(shown, "%{byte:02X}");
        }
    }
    shown
}
