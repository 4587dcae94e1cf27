//! Tags of what CloudWatch lets us tag: alarms of both kinds, and dashboards.
//! Putting one that exists ignores tags, so that they are changed by their own
//! calls alone.

use serde_json::Value;

use super::{Attributes, Aws, Error, Tags};
use crate::aws::{CLOUDWATCH, call, cloudwatch};

/// Names the output that holds the ARN.
const ARN: &str = "arn";

/// Wraps the ARN of an alarm or dashboard as its outputs.
pub(super) fn outputs(arn: &str) -> Attributes {
    Attributes::from_iter([(ARN.to_owned(), Value::from(arn))])
}

/// Reads all tags of `arn`; `None` where it is gone.
pub(super) async fn read(aws: &Aws, arn: String) -> Result<Option<Tags>, Error> {
    let request = aws.cloudwatch.list_tags_for_resource().resource_arn(arn);
    let reply = match call(CLOUDWATCH, "ListTagsForResource", request.send()).await {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    let tags = reply.tags.unwrap_or_default().into_iter();
    let pairs = tags.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()));
    Ok(Some(pairs.collect()))
}

/// Sets and removes tags of the thing with these outputs.
pub(super) async fn retag(
    aws: &Aws,
    outputs: &Attributes,
    set: &Tags,
    remove: &[String],
) -> Result<(), Error> {
    let arn = outputs.get(ARN).and_then(Value::as_str).unwrap_or_default();
    if !remove.is_empty() {
        let request = aws
            .cloudwatch
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(remove.to_vec()));
        call(CLOUDWATCH, "UntagResource", request.send()).await?;
    }
    if !set.is_empty() {
        let request = aws
            .cloudwatch
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(to_aws(set)));
        call(CLOUDWATCH, "TagResource", request.send()).await?;
    }
    Ok(())
}

/// Writes tags in CloudWatch's form.
pub(super) fn to_aws(tags: &Tags) -> Vec<cloudwatch::types::Tag> {
    let tag = |(key, value): (&String, &String)| {
        cloudwatch::types::Tag::builder()
            .key(key)
            .value(value)
            .build()
    };
    tags.iter().map(tag).collect()
}
