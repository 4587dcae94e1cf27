//! Tags of what X-Ray lets us tag: sampling rules and groups.

use serde_json::Value;

use super::{Attributes, Aws, Error, Tags};
use crate::aws::{XRAY, call, xray};

/// Names the output that holds the ARN.
const ARN: &str = "arn";

/// Wraps the ARN of a rule or group as its outputs.
pub(super) fn outputs(arn: &str) -> Attributes {
    Attributes::from_iter([(ARN.to_owned(), Value::from(arn))])
}

/// Reads all tags of `arn`; `None` where it is gone.
pub(super) async fn read(aws: &Aws, arn: String) -> Result<Option<Tags>, Error> {
    let mut tags = Tags::new();
    let mut token = None;
    loop {
        let request = aws
            .xray
            .list_tags_for_resource()
            .resource_arn(&arn)
            .set_next_token(token);
        let page = match call(XRAY, "ListTagsForResource", request.send()).await {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        for tag in page.tags.unwrap_or_default() {
            tags.insert(tag.key, tag.value);
        }
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(Some(tags));
        }
    }
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
            .xray
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(remove.to_vec()));
        call(XRAY, "UntagResource", request.send()).await?;
    }
    if !set.is_empty() {
        let request = aws
            .xray
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(to_aws(set)?));
        call(XRAY, "TagResource", request.send()).await?;
    }
    Ok(())
}

/// Writes tags in X-Ray's form.
pub(super) fn to_aws(tags: &Tags) -> Result<Vec<xray::types::Tag>, Error> {
    tags.iter()
        .map(|(key, value)| {
            xray::types::Tag::builder()
                .key(key)
                .value(value)
                .build()
                .map_err(|error| Error::internal("tag", error.to_string()))
        })
        .collect()
}
