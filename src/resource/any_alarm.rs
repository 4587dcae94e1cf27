//! What metric alarms and composite alarms have in common.

use serde_json::Value;

use super::{Attributes, Aws, Error};
use crate::aws::Class;
use crate::aws::cloudwatch::primitives::{DateTime, DateTimeFormat};
use crate::aws::cloudwatch::types::StateValue;

/// Sorts a set and drops repeats: AWS keeps actions in no order that matters.
pub(super) fn set(mut actions: Vec<String>) -> Vec<String> {
    actions.sort();
    actions.dedup();
    actions
}

/// Returns the name within an alarm's ARN; `None` for what is no such ARN.
pub(super) fn name_in_arn(text: &str) -> Option<&str> {
    let (head, name) = text.split_once(":alarm:")?;
    (head.starts_with("arn:") && !name.is_empty()).then_some(name)
}

/// Returns the ARN of the alarm of this account and region that is called
/// `name`. AWS gives no ARN when it puts an alarm.
pub(super) async fn arn(aws: &Aws, name: &str) -> Result<String, Error> {
    let identity = aws.identity().await?;
    Ok(format!(
        "arn:{}:cloudwatch:{}:{}:alarm:{name}",
        identity.partition,
        aws.region(),
        identity.account
    ))
}

/// Tells in which state an alarm is, why, and since when.
pub(super) fn status(
    state: Option<&StateValue>,
    reason: Option<&str>,
    since: Option<&DateTime>,
) -> Attributes {
    let since = since.and_then(|since| since.fmt(DateTimeFormat::DateTime).ok());
    let told = [
        ("state_value", state.map(|state| state.as_str().to_owned())),
        ("state_reason", reason.map(str::to_owned)),
        ("state_transitioned_timestamp", since),
    ];
    let told = told.into_iter();
    told.filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?))))
        .collect()
}

/// Tells whether AWS refused a deletion since a composite alarm names the
/// alarm.
pub(super) fn is_still_named(error: &Error) -> bool {
    error.class == Class::Invalid && error.message.contains("depending on")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_names_in_arns() {
        let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:api: errors";
        assert_eq!(name_in_arn(arn), Some("api: errors"));
        assert_eq!(name_in_arn("api:alarm:errors"), None);
        assert_eq!(name_in_arn("errors"), None);
    }
}
