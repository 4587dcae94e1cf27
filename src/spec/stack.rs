//! `[stack]`: what the spec is for.

use std::sync::LazyLock;

use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde_json::Value as Json;

use super::node::{Node, Table, Value};
use super::report::{Finding, Report, Subject};
use super::shape::{Shape, ShapeError};
use super::tags;
use super::variables::Scope;
use crate::model::Tags;

/// The stack: what the spec owns in one account and region.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Stack {
    /// What the stack is called. AWS keeps it as a tag on all that it owns, so
    /// that another name is another stack.
    #[schemars(
        length(min = 1, max = 64),
        regex(pattern = r"^[A-Za-z0-9._-]+$"),
        extend("x-hint" = "a stack name takes letters, digits and `. _ -`")
    )]
    pub name: String,
    /// The AWS region, such as `us-east-1`.
    #[schemars(
        regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]+$"),
        extend("x-hint" = "a region is written like `us-east-1`")
    )]
    pub region: String,
    /// The 12 digits of the AWS account. A plan against any other account is
    /// refused. Left out, any account is accepted.
    #[schemars(
        regex(pattern = r"^[0-9]{12}$"),
        extend("x-hint" = "an account is 12 digits, in quotes")
    )]
    #[serde(default)]
    pub account: Option<String>,
    /// Tags of every resource of the stack that AWS keeps tags on.
    #[serde(default)]
    #[schemars(schema_with = "tags_schema")]
    pub tags: Tags,
}

fn tags_schema(_: &mut SchemaGenerator) -> schemars::Schema {
    let schema = tags::schema("Tags of every resource of the stack that AWS keeps tags on.");
    schemars::Schema::try_from(schema).unwrap_or_default()
}

/// Describes `[stack]`.
pub(super) fn schema() -> Json {
    let mut generator = super::schema::generator();
    generator.subschema_for::<Stack>().to_value()
}

/// The rules of the table.
static RULES: LazyLock<Result<Shape, ShapeError>> = LazyLock::new(|| Shape::of(|_| schema()));

/// Reads `[stack]` out of `root`. `None` where it has errors, all reported.
pub(super) fn read(root: &mut Table, scope: &mut Scope<'_>, report: &mut Report) -> Option<Stack> {
    let subject = Subject::part("stack");
    let Some(entry) = root.remove("stack") else {
        report.add_plain(
            Finding::new(&(0..0), "the spec has no `[stack]`")
                .hint("begin it with `[stack]`, `name = \"...\"` and `region = \"...\"`"),
        );
        return None;
    };
    let before = report.len();
    let mut node = entry.node;
    put_in(&mut node, scope, &subject, report);
    let shape = match &*RULES {
        Ok(shape) => shape,
        Err(error) => {
            report.add(&subject, Finding::new(&entry.key, error.to_string()));
            return None;
        }
    };
    for finding in shape.check(&node) {
        report.add(&subject, finding);
    }
    check_tags(&node, &subject, report);
    if report.len() > before || node.is_broken() {
        return None;
    }
    match serde_json::from_value(node.to_json()) {
        Ok(stack) => Some(stack),
        Err(error) => {
            report.add(&subject, Finding::new(&entry.key, error.to_string()));
            None
        }
    }
}

/// Puts variables in. What `${stack.name}` and its like stand for is known by
/// now and taken over, so that a fault in it is not reported twice.
fn put_in(node: &mut Node, scope: &mut Scope<'_>, subject: &Subject, report: &mut Report) {
    let Value::Table(table) = &mut node.value else {
        return;
    };
    for (key, entry) in table.iter_mut() {
        match scope.stack_field(key) {
            // What holds no variable keeps the place of its text.
            Some(_)
                if entry
                    .node
                    .as_text()
                    .is_some_and(|text| !text.text.contains("${")) => {}
            Some(value) => entry.node.value = value,
            None => scope.interpolate(&mut entry.node, subject, report),
        }
    }
}

fn check_tags(node: &Node, subject: &Subject, report: &mut Report) {
    let Some(entry) = node.as_table().and_then(|table| table.get("tags")) else {
        return;
    };
    let mut findings = Vec::new();
    let own = tags::read(&entry.node, &mut findings);
    findings.extend(tags::merge(&Tags::new(), &own, &entry.node.span).err());
    for finding in findings {
        report.add(subject, finding);
    }
}
