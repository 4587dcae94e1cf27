//! Tags of sampling rules and groups.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-tagging.html>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::Fault;
use super::{Input, State, typed};

/// Most tags that a user may put on one resource.
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-tagging.html>.
const MOST_TAGS: usize = 50;

/// Tags of one resource, by key.
pub type Tags = BTreeMap<String, String>;

/// A tag on the wire.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
struct TagRequest {
    #[serde(rename = "ResourceARN")]
    arn: String,
    #[serde(rename = "Tags")]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct UntagRequest {
    #[serde(rename = "ResourceARN")]
    arn: String,
    #[serde(rename = "TagKeys")]
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct ListRequest {
    #[serde(rename = "ResourceARN")]
    arn: String,
}

/// Adds `new` to `tags` as AWS does: a key that stands is overwritten.
///
/// # Errors
/// `InternalFailure` for a key given twice; `InvalidRequestException` for a key
/// of AWS's own, a character AWS does not take, or too many tags.
pub fn merged(tags: &Tags, new: Vec<Tag>) -> Result<Tags, Fault> {
    let mut merged = tags.clone();
    let mut seen = Tags::new();
    for Tag { key, value } in new {
        if seen.insert(key.clone(), value.clone()).is_some() {
            return Err(Fault::internal());
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Fault::invalid_request(
                "Caller is an end user and not allowed to mutate system tags",
            ));
        }
        if !is_tag_text(&key) || !is_tag_text(&value) {
            return Err(Fault::invalid_request(format!(
                "Tag {key} contains characters that are not allowed"
            )));
        }
        merged.insert(key, value);
    }
    if merged.len() > MOST_TAGS {
        return Err(Fault::invalid_request(format!(
            "The resultant tag set must not have more than {MOST_TAGS} user tags."
        )));
    }
    Ok(merged)
}

fn is_tag_text(text: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    text.chars().all(allowed)
}

/// `TagResource`
pub fn tag(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: TagRequest = typed(input.body)?;
    let tags = tags_of(state, &request.arn)?;
    *tags = merged(tags, request.tags)?;
    Ok(json!({}))
}

/// `UntagResource`; keys that are not there are passed over.
pub fn untag(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: UntagRequest = typed(input.body)?;
    let tags = tags_of(state, &request.arn)?;
    for key in &request.keys {
        tags.remove(key);
    }
    Ok(json!({}))
}

/// `ListTagsForResource`; any token is passed over.
pub fn list(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: ListRequest = typed(input.body)?;
    let tags: Vec<_> = tags_of(state, &request.arn)?
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Ok(json!({ "Tags": tags, "NextToken": null }))
}

fn tags_of<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut Tags, Fault> {
    let State { rules, groups, .. } = state;
    rules
        .tags_of(arn)
        .or_else(|| groups.tags_of(arn))
        .ok_or_else(|| Fault::not_found(format!("Resource {arn} not found"), arn))
}
