//! Changing customer managed policies: versions kept under AWS's limit, and
//! nothing deleted that others still use.

use super::{ARN, IamPolicySpec, live, outputs, text, users};
use crate::aws::{Class, IAM, Patience, call, gone_is_done, iam, until, until_done};
use crate::resource::iam_document::{self, Document};
use crate::resource::iam_write::{settled, tags_to_aws};
use crate::resource::read::in_parallel;
use crate::resource::{Attributes, Aws, Error, Tags, Update};

/// The most versions that AWS keeps of a policy.
const MOST_VERSIONS: usize = 5;

/// What the policy says; the spec was checked to say it.
fn document(spec: &IamPolicySpec) -> Document {
    spec.document().unwrap_or_default()
}

pub(super) async fn create(
    aws: &Aws,
    name: &str,
    spec: &IamPolicySpec,
    tags: &Tags,
) -> Result<Attributes, Error> {
    let document = iam_document::text(&document(spec));
    let tags = tags_to_aws(tags)?;
    let reply = settled(|| {
        let request = aws
            .iam
            .create_policy()
            .policy_name(name)
            .path(&spec.path)
            .set_description(spec.description.clone())
            .policy_document(&document)
            .set_tags(Some(tags.clone()));
        call(IAM, "CreatePolicy", request.send())
    })
    .await?;
    let policy = reply
        .policy
        .ok_or_else(|| Error::internal("iam_policy", "CreatePolicy gave no policy"))?;
    Ok(live::outputs_of(&policy))
}

/// Makes the document the default version.
pub(super) async fn update(
    aws: &Aws,
    update: Update<'_, IamPolicySpec>,
) -> Result<Attributes, Error> {
    let wanted = document(update.after);
    let standing = document(update.before);
    if iam_document::is_same(&wanted, &standing) {
        return Ok(update.outputs.clone());
    }
    let arn = text(update.outputs, ARN);
    // A first attempt whose answer was lost may have made one already.
    let has_too_many =
        |error: &Error| error.class == Class::Limit && error.message.contains("version");
    let document = iam_document::text(&wanted);
    let version = until_done(Patience::NEW_IDENTITY, has_too_many, || async {
        make_room(aws, arn).await?;
        settled(|| {
            let request = aws
                .iam
                .create_policy_version()
                .policy_arn(arn)
                .policy_document(&document)
                .set_as_default(true);
            call(IAM, "CreatePolicyVersion", request.send())
        })
        .await
    })
    .await?;
    let version = version
        .policy_version
        .and_then(|version| version.version_id);
    Ok(outputs(arn, &version.unwrap_or_default()))
}

/// Deletes the oldest version where there is no room for one more.
async fn make_room(aws: &Aws, arn: &str) -> Result<(), Error> {
    let versions = versions(aws, arn).await?;
    if versions.len() < MOST_VERSIONS {
        return Ok(());
    }
    let others = versions.iter().filter(|one| !one.is_default_version);
    let ids = others.filter_map(|version| version.version_id.as_deref());
    match ids.min_by_key(|id| number(id)) {
        Some(oldest) => delete_version(aws, arn, oldest).await,
        None => Ok(()),
    }
}

/// The number of a version, `v12`: they count up and are never used again.
fn number(id: &str) -> u32 {
    id.trim_start_matches('v').parse().unwrap_or_default()
}

async fn versions(aws: &Aws, arn: &str) -> Result<Vec<iam::types::PolicyVersion>, Error> {
    let mut versions = Vec::new();
    let mut marker = None;
    loop {
        let request = aws
            .iam
            .list_policy_versions()
            .policy_arn(arn)
            .set_marker(marker);
        let page = call(IAM, "ListPolicyVersions", request.send()).await?;
        versions.extend(page.versions.unwrap_or_default());
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(versions);
        }
    }
}

async fn delete_version(aws: &Aws, arn: &str, id: &str) -> Result<(), Error> {
    let deleted = settled(|| {
        let request = aws
            .iam
            .delete_policy_version()
            .policy_arn(arn)
            .version_id(id);
        call(IAM, "DeletePolicyVersion", request.send())
    });
    gone_is_done(deleted.await)
}

/// Deletes a policy with all its versions. Roles of the same stack let go of
/// it; where anything else uses it, nothing is done.
pub(super) async fn delete(aws: &Aws, name: &str, arn: &str) -> Result<(), Error> {
    let Some(own_roles) = own_roles(aws, name, arn).await? else {
        return Ok(());
    };
    in_parallel(own_roles, |role| async move {
        let detached = settled(|| {
            let request = aws
                .iam
                .detach_role_policy()
                .role_name(&role)
                .policy_arn(arn);
            call(IAM, "DetachRolePolicy", request.send())
        });
        gone_is_done(detached.await)
    })
    .await?;
    let versions = match versions(aws, arn).await {
        Err(error) if error.is_not_found() => return Ok(()),
        other => other?,
    };
    let others = versions
        .into_iter()
        .filter(|version| !version.is_default_version)
        .filter_map(|version| version.version_id);
    in_parallel(
        others,
        |id| async move { delete_version(aws, arn, &id).await },
    )
    .await?;
    // It was detached, or a version of it deleted, a moment ago.
    let is_held = |error: &Error| error.class == Class::Conflict;
    let deleted = until_done(Patience::NEW_IDENTITY, is_held, || {
        let request = aws.iam.delete_policy().policy_arn(arn);
        call(IAM, "DeletePolicy", request.send())
    });
    gone_is_done(deleted.await)
}

/// Lists the roles of the same stack that a policy is attached to; `None`
/// where the policy is gone. Others that are listed may have let go of it a
/// moment ago, which is waited for.
///
/// # Errors
/// Where anything else uses it; the message names what.
async fn own_roles(aws: &Aws, name: &str, arn: &str) -> Result<Option<Vec<String>>, Error> {
    let free = until(Patience::LEFTOVER, || async {
        let users = users::of(aws, arn).await?;
        Ok(match users {
            None => Some(None),
            Some(users) if users.others.is_empty() => Some(Some(users.own_roles)),
            Some(_) => None,
        })
    });
    if let Some(found) = free.await? {
        return Ok(found);
    }
    let Some(users) = users::of(aws, arn).await? else {
        return Ok(None);
    };
    if users.others.is_empty() {
        return Ok(Some(users.own_roles));
    }
    Err(Error::refused(
        "DeletePolicy",
        format!(
            "the policy `{name}` is in use outside this stack, as {}; take it away there, or keep \
             it in the spec",
            users.others.join(", ")
        ),
    ))
}
