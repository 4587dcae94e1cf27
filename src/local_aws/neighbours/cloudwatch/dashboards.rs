//! Dashboards.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html>.

use serde_json::{Value, json};

use super::protocol::Fault;
use super::state::{Members, Scope, State, tags, text, texts};

const TYPES: &[&str] = &[
    "metric", "text", "log", "alarm", "explorer", "custom", "chart", "timeline",
];
/// Dashboards of one page.
const PAGE: usize = 1000;

/// Answers what is asked of dashboards; `None` for all other operations.
pub fn answer(
    operation: &str,
    members: &Members,
    state: &mut State,
    scope: Scope<'_>,
) -> Option<Result<Value, Fault>> {
    Some(match operation {
        "PutDashboard" => put(members, state, scope),
        "GetDashboard" => get(members, state),
        "ListDashboards" => Ok(list(members, state)),
        "DeleteDashboards" => delete(members, state, scope),
        _ => return None,
    })
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterInput", message)
}

/// AWS keeps the body without its spaces, with escapes resolved, and its keys
/// in the order in which they came. Tags count for a new dashboard alone.
fn put(members: &Members, state: &mut State, scope: Scope<'_>) -> Result<Value, Fault> {
    let name = text(members, "DashboardName").unwrap_or_default();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > 255 || !name.chars().all(is_allowed) {
        return Err(invalid(
            "The name of a dashboard has 1 to 255 letters, digits, hyphens and underscores",
        ));
    }
    let text = text(members, "DashboardBody").unwrap_or_default();
    let Ok(Value::Object(body)) = serde_json::from_str(text) else {
        return Err(invalid(
            "The field DashboardBody must be a valid JSON object",
        ));
    };
    let errors = errors(&body);
    if !errors.is_empty() {
        return Err(invalid(format!(
            "The dashboard body is invalid, there are {} validation errors: {}",
            errors.len(),
            Value::from(errors)
        )));
    }
    let arn = scope.dashboard_arn(name);
    state
        .tags
        .entry(arn.clone())
        .or_insert_with(|| tags(members));
    let dashboard = json!({
        "DashboardName": name,
        "DashboardArn": arn,
        "DashboardBody": Value::Object(body).to_string(),
        "LastModified": scope.now,
    });
    if let Value::Object(dashboard) = dashboard {
        state.dashboards.insert(name.to_owned(), dashboard);
    }
    Ok(json!({ "DashboardValidationMessages": [] }))
}

/// What AWS's schema refuses, as far as anyone meets it by accident.
fn errors(body: &Members) -> Vec<Value> {
    let error = |path: String, message: &str| json!({ "dataPath": path, "message": message });
    let Some(widgets) = body.get("widgets") else {
        let message = "Should have required property 'widgets'";
        return vec![error(String::new(), message)];
    };
    let Some(widgets) = widgets.as_array() else {
        return vec![error("/widgets".to_owned(), "Should be array")];
    };
    let mut errors = Vec::new();
    if widgets.len() > 500 {
        let message = "Should NOT have more than 500 items";
        errors.push(error("/widgets".to_owned(), message));
    }
    for (index, widget) in widgets.iter().enumerate() {
        let at = |field: &str| format!("/widgets/{index}{field}");
        if !widget.is_object() {
            errors.push(error(at(""), "Should be object"));
            continue;
        }
        let kind = widget["type"].as_str();
        if !kind.is_some_and(|kind| TYPES.contains(&kind)) {
            let message = "Should be equal to one of the allowed values";
            errors.push(error(at("/type"), message));
        }
        if !widget["properties"].is_object() {
            let message = "Should have required property 'properties'";
            errors.push(error(at(""), message));
        }
        for (field, least, most) in [
            ("x", 0.0, 23.0),
            ("y", 0.0, f64::MAX),
            ("width", 1.0, 24.0),
            ("height", 1.0, 1000.0),
        ] {
            let value = widget.get(field);
            let is_right = |value: &Value| {
                let number = value.as_f64();
                number.is_some_and(|it| it.fract() == 0.0 && (least..=most).contains(&it))
            };
            if value.is_some_and(|value| !is_right(value)) {
                let message = "Should be an integer in range";
                errors.push(error(at(&format!("/{field}")), message));
            }
        }
        if widget.get("x").is_some() != widget.get("y").is_some() {
            errors.push(error(at(""), "Should have properties x and y together"));
        }
        errors.extend(missing(kind, &widget["properties"]).map(|name| {
            let message = format!("Should have required property '{name}'");
            error(at("/properties"), &message)
        }));
    }
    errors
}

/// The property that a widget needs and has not.
fn missing(kind: Option<&str>, properties: &Value) -> Option<&'static str> {
    let needed: &[&str] = match kind? {
        "metric" if properties.get("annotations").is_some() => &[],
        "metric" => &["metrics", "region"],
        "text" => &["markdown"],
        "log" => &["query", "region"],
        "alarm" => &["alarms"],
        "custom" => &["endpoint"],
        _ => &[],
    };
    let is_missing = |name: &&&str| properties.get(**name).is_none();
    needed.iter().find(is_missing).copied()
}

fn get(members: &Members, state: &State) -> Result<Value, Fault> {
    let name = text(members, "DashboardName").unwrap_or_default();
    let Some(dashboard) = state.dashboards.get(name) else {
        return Err(Fault::missing(format!("Dashboard {name} does not exist")));
    };
    let mut shown = dashboard.clone();
    shown.shift_remove("LastModified");
    Ok(Value::Object(shown))
}

fn list(members: &Members, state: &State) -> Value {
    let prefix = text(members, "DashboardNamePrefix").unwrap_or_default();
    let start = text(members, "NextToken").unwrap_or_default();
    let found: Vec<&Members> = state
        .dashboards
        .iter()
        .filter(|(name, _)| name.starts_with(prefix) && name.as_str() > start)
        .map(|(_, dashboard)| dashboard)
        .take(PAGE + 1)
        .collect();
    let page = &found[..found.len().min(PAGE)];
    let entries: Vec<Value> = page
        .iter()
        .map(|dashboard| {
            let size = text(dashboard, "DashboardBody").map_or(0, str::len);
            json!({
                "DashboardName": dashboard.get("DashboardName"),
                "DashboardArn": dashboard.get("DashboardArn"),
                "LastModified": dashboard.get("LastModified"),
                "Size": size,
            })
        })
        .collect();
    let mut answer = json!({ "DashboardEntries": entries });
    if found.len() > PAGE {
        answer["NextToken"] = page
            .last()
            .map_or(Value::Null, |last| json!(last["DashboardName"]));
    }
    answer
}

/// Deletes what is there; AWS says nothing of what is not.
fn delete(members: &Members, state: &mut State, scope: Scope<'_>) -> Result<Value, Fault> {
    let names = texts(members, "DashboardNames");
    if names.is_empty() || names.len() > 100 {
        return Err(invalid("DashboardNames has 1 to 100 names"));
    }
    for name in names {
        state.dashboards.remove(name);
        state.tags.remove(&scope.dashboard_arn(name));
    }
    Ok(json!({}))
}
