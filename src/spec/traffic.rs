//! `[traffic]` in a spec: the requests that are expected, for estimates of what
//! is traced and of what it costs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::node::{Node, Table, Value};
use super::report::{Finding, Report, Subject};
use super::schema::NAME;
use super::shape::{Shape, ShapeError};
use super::tables::wrong_name;
use super::variables::Scope;

/// The key.
pub(super) const KEY: &str = "traffic";
/// Seconds of a month of 730 hours, as AWS estimates costs by.
pub const MONTH_SECONDS: f64 = 730.0 * 3600.0;

/// Requests of one kind that are expected, over all that serve them. What is left
/// out is not known of them, as a sampler may not know it.
///
/// Give either `requests_per_month` or `requests_per_second`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[schemars(rename = "traffic")]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// Requests in a month of 730 hours.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub requests_per_month: Option<f64>,
    /// Requests in a second, on average.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub requests_per_second: Option<f64>,
    /// The service that is asked, as it names itself in its segments.
    #[serde(default)]
    pub service_name: Option<String>,
    /// Where the service runs, such as `AWS::ECS::Container`.
    #[serde(default)]
    pub service_type: Option<String>,
    /// The host that is asked.
    #[serde(default)]
    pub host: Option<String>,
    /// The HTTP method, such as `GET`.
    #[serde(default)]
    pub http_method: Option<String>,
    /// The path of the URL.
    #[serde(default)]
    pub url_path: Option<String>,
    /// The ARN of the AWS resource that runs the service.
    #[serde(default)]
    pub resource_arn: Option<String>,
    /// Attributes that the requests carry.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl Traffic {
    /// Requests in a second, on average.
    pub fn per_second(&self) -> f64 {
        let by_month = self.requests_per_month.map(|month| month / MONTH_SECONDS);
        self.requests_per_second.or(by_month).unwrap_or(0.0)
    }

    /// Requests in a month of 730 hours.
    pub fn per_month(&self) -> f64 {
        let by_second = self
            .requests_per_second
            .map(|second| second * MONTH_SECONDS);
        self.requests_per_month.or(by_second).unwrap_or(0.0)
    }
}

/// Describes the table; the definitions that it refers to stay with the
/// generator.
pub(super) fn schema(generator: &mut SchemaGenerator) -> Json {
    let of_one = generator.subschema_for::<Traffic>().to_value();
    json!({
        "description": "The requests that are expected, each kind by its name.",
        "type": "object",
        "propertyNames": { "pattern": NAME },
        "additionalProperties": of_one,
    })
}

/// The rules of one kind of requests.
static RULES: LazyLock<Result<Shape, ShapeError>> =
    LazyLock::new(|| Shape::of(|generator| generator.subschema_for::<Traffic>().to_value()));

/// Reads `[traffic]` out of `root`; what is wrong in it is reported and left out.
pub(super) fn read(
    root: &mut Table,
    scope: &mut Scope<'_>,
    report: &mut Report,
) -> BTreeMap<String, Traffic> {
    let mut all = BTreeMap::new();
    let Some(entry) = root.remove(KEY) else {
        return all;
    };
    let kinds = match entry.node.value {
        Value::Table(kinds) => kinds,
        Value::Broken => return all,
        _ => {
            let found = entry.node.type_name();
            let message = format!("`{KEY}`: expected a table, found {found}");
            let finding = Finding::new(&entry.node.span, message);
            report.add_plain(finding.hint("requests stand under a name: `[traffic.NAME]`"));
            return all;
        }
    };
    let shape = match &*RULES {
        Ok(shape) => shape,
        Err(error) => {
            report.add_plain(Finding::new(&entry.key, error.to_string()));
            return all;
        }
    };
    for (name, mut entry) in kinds.into_entries() {
        if let Some(finding) = wrong_name(KEY, &name, &entry.key) {
            report.add_plain(finding);
        }
        let subject = Subject::part(format!("{KEY} `{name}`"));
        scope.interpolate(&mut entry.node, &subject, report);
        match one(&entry.node, shape) {
            Ok(Some(traffic)) => {
                all.insert(name, traffic);
            }
            Ok(None) => {}
            Err(findings) => {
                for finding in findings {
                    report.add(&subject, finding);
                }
            }
        }
    }
    all
}

/// Reads one kind of requests; `None` where what is wrong is reported already.
fn one(node: &Node, shape: &Shape) -> Result<Option<Traffic>, Vec<Finding>> {
    let findings = shape.check(node);
    if !findings.is_empty() {
        return Err(findings);
    }
    if node.is_broken() {
        return Ok(None);
    }
    let traffic: Traffic = serde_json::from_value(node.to_json())
        .map_err(|error| vec![Finding::new(&node.span, error.to_string())])?;
    let given = [traffic.requests_per_month, traffic.requests_per_second];
    let message = match given {
        [None, None] => "says not how many requests there are",
        [Some(_), Some(_)] => "says twice how many requests there are",
        _ => return Ok(Some(traffic)),
    };
    let hint = "give either `requests_per_month` or `requests_per_second`";
    Err(vec![Finding::new(&node.span, message).hint(hint)])
}
