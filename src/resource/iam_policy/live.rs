//! Reading customer managed policies. A list of them has neither tags nor
//! descriptions nor documents: those are asked for one by one, all at a time,
//! and of those alone that matter.

use std::collections::BTreeMap;

use super::{ARN, DEFAULT_VERSION, IamPolicySpec, outputs, text};
use crate::aws::{IAM, call, iam};
use crate::resource::iam_document::{self, Document};
use crate::resource::iam_write::tags_from_aws;
use crate::resource::read::{in_parallel, with_tags};
use crate::resource::{Attributes, Aws, Error, Found, Query, Tags, Wanted};

/// Policies in a page of a list, AWS's most.
const PAGE: i32 = 1000;

/// A policy as a list has it.
#[derive(Clone)]
struct Listed {
    policy: iam::types::Policy,
    /// It was asked for by its ARN, so that tags and description are known.
    is_whole: bool,
}

/// Reads every policy that the stack owns or that the spec names. Those that
/// the spec names are asked for by their ARN at the same time: a list shows a
/// new policy later than its ARN does.
pub(super) async fn read(
    aws: &Aws,
    query: Query<'_, IamPolicySpec>,
) -> Result<Vec<Found<IamPolicySpec>>, Error> {
    let (listed, named) = tokio::try_join!(list(aws), find_named(aws, query.wanted))?;
    let mut policies: BTreeMap<String, Listed> = BTreeMap::new();
    for (policy, is_whole) in listed
        .into_iter()
        .map(|policy| (policy, false))
        .chain(named.into_iter().map(|policy| (policy, true)))
    {
        let arn = policy.arn.clone().unwrap_or_default();
        policies.insert(arn, Listed { policy, is_whole });
    }
    let tagged = with_tags(
        policies.into_values().collect(),
        |listed| query.names(listed.policy.policy_name().unwrap_or_default()),
        |listed| read_tags(aws, listed),
    )
    .await?;
    let matter = tagged.into_iter().filter(|(listed, tags)| {
        let name = listed.policy.policy_name().unwrap_or_default();
        query.matters(name, Some(tags))
    });
    let found = in_parallel(matter, |(listed, tags)| describe(aws, listed, tags)).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn list(aws: &Aws) -> Result<Vec<iam::types::Policy>, Error> {
    let mut policies = Vec::new();
    let mut marker = None;
    loop {
        let request = aws
            .iam
            .list_policies()
            .scope(iam::types::PolicyScopeType::Local)
            .max_items(PAGE)
            .set_marker(marker);
        let page = call(IAM, "ListPolicies", request.send()).await?;
        policies.extend(page.policies.unwrap_or_default());
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(policies);
        }
    }
}

async fn find_named(
    aws: &Aws,
    wanted: &[Wanted<IamPolicySpec>],
) -> Result<Vec<iam::types::Policy>, Error> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let identity = aws.identity().await?;
    let arns = wanted.iter().map(|wanted| {
        let (partition, account) = (&identity.partition, &identity.account);
        let (path, name) = (&wanted.spec.path, &wanted.key);
        format!("arn:{partition}:iam::{account}:policy{path}{name}")
    });
    let arns: Vec<String> = arns.collect();
    let found = in_parallel(arns, |arn| async move { get(aws, &arn).await }).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Asks for one policy; `None` where it is gone.
async fn get(aws: &Aws, arn: &str) -> Result<Option<iam::types::Policy>, Error> {
    let request = aws.iam.get_policy().policy_arn(arn);
    match call(IAM, "GetPolicy", request.send()).await {
        Ok(reply) => Ok(reply.policy),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn read_tags(aws: &Aws, listed: Listed) -> Result<Option<Tags>, Error> {
    if listed.is_whole {
        return Ok(Some(tags_from_aws(listed.policy.tags())));
    }
    tags_of(aws, listed.policy.arn().unwrap_or_default()).await
}

/// Reads the tags of a policy; `None` where it is gone.
pub(in crate::resource) async fn tags_of(aws: &Aws, arn: &str) -> Result<Option<Tags>, Error> {
    let mut tags = Tags::new();
    let mut marker = None;
    loop {
        let request = aws
            .iam
            .list_policy_tags()
            .policy_arn(arn)
            .set_marker(marker);
        let page = match call(IAM, "ListPolicyTags", request.send()).await {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        tags.extend(tags_from_aws(&page.tags));
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(Some(tags));
        }
    }
}

/// Reads one policy whole; `None` where it went away meanwhile.
async fn describe(
    aws: &Aws,
    listed: Listed,
    tags: Tags,
) -> Result<Option<Found<IamPolicySpec>>, Error> {
    let outputs = outputs_of(&listed.policy);
    let arn = text(&outputs, ARN);
    let (document, whole) =
        tokio::try_join!(document(aws, arn, text(&outputs, DEFAULT_VERSION)), async {
            if listed.is_whole {
                Ok(Some(listed.policy))
            } else {
                get(aws, arn).await
            }
        })?;
    let (Some(document), Some(policy)) = (document, whole) else {
        return Ok(None);
    };
    Ok(Some(Found {
        key: policy.policy_name.clone().unwrap_or_default(),
        spec: IamPolicySpec {
            policy_name: policy.policy_name,
            path: policy.path.unwrap_or_else(super::root),
            description: policy.description.filter(|text| !text.is_empty()),
            policy: Some(document),
            statements: None,
            preset: None,
        },
        tags: Some(tags),
        outputs,
        deletion_scheduled: false,
        status: Attributes::new(),
    }))
}

/// Reads one version of a policy; `None` where it is gone.
async fn document(aws: &Aws, arn: &str, version: &str) -> Result<Option<Document>, Error> {
    let request = aws
        .iam
        .get_policy_version()
        .policy_arn(arn)
        .version_id(version);
    match call(IAM, "GetPolicyVersion", request.send()).await {
        Ok(reply) => {
            let text = reply.policy_version.and_then(|version| version.document);
            Ok(text.map(|text| iam_document::read(&text)))
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The outputs of a policy.
pub(super) fn outputs_of(policy: &iam::types::Policy) -> Attributes {
    outputs(
        policy.arn().unwrap_or_default(),
        policy.default_version_id().unwrap_or_default(),
    )
}
