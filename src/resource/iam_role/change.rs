//! Changing roles: the calls, in the order and with the patience that IAM asks
//! for.

use std::collections::{BTreeMap, BTreeSet};

use super::inline::InlinePolicy;
use super::{IamRole, IamRoleSpec, live, outputs};
use crate::aws::{Class, IAM, Patience, call, gone_is_done, iam, until_done};
use crate::resource::iam_document::{self, Document};
use crate::resource::iam_write::{seen, settled, tags_from_aws, tags_to_aws, trusted};
use crate::resource::read::in_parallel;
use crate::resource::{Attributes, Aws, Error, Resource, Tags};

/// The inline policies of a role by name.
type InlinePolicies = BTreeMap<String, InlinePolicy>;

/// Who may assume the role; the spec was checked to say it, and presets were
/// resolved while planning.
fn trust(spec: &IamRoleSpec) -> Document {
    let canonical = || IamRole::canonical(spec.clone()).assume_role_policy;
    let document = spec.assume_role_policy.clone().or_else(canonical);
    document.unwrap_or_default()
}

/// Makes a role with all its policies. Its tags go with the role itself, so
/// that one whose policies could not be attached any more is found, and
/// completed, by the next plan.
pub(super) async fn create(
    aws: &Aws,
    name: &str,
    spec: &IamRoleSpec,
    tags: &Tags,
) -> Result<Attributes, Error> {
    let role = make(aws, name, spec, tags).await?;
    let empty = IamRoleSpec {
        managed_policies: Some(Vec::new()),
        inline_policies: Some(BTreeMap::new()),
        ..spec.clone()
    };
    tokio::try_join!(
        update_managed(aws, name, spec),
        update_inline(aws, name, &empty, spec)
    )?;
    Ok(outputs(&role.arn, &role.role_id))
}

/// Makes the role itself. One that exists and carries the very tags is ours,
/// from a first attempt whose answer was lost.
async fn make(
    aws: &Aws,
    name: &str,
    spec: &IamRoleSpec,
    tags: &Tags,
) -> Result<iam::types::Role, Error> {
    let document = iam_document::text(&trust(spec));
    let tag_list = tags_to_aws(tags)?;
    let created = trusted(|| {
        let request = aws
            .iam
            .create_role()
            .role_name(name)
            .path(&spec.path)
            .description(&spec.description)
            .max_session_duration(spec.max_session_duration)
            .set_permissions_boundary(spec.permissions_boundary.clone())
            .assume_role_policy_document(&document)
            .set_tags(Some(tag_list.clone()));
        call(IAM, "CreateRole", request.send())
    });
    match created.await {
        Ok(reply) => reply
            .role
            .ok_or_else(|| Error::internal("iam_role", "CreateRole gave no role")),
        Err(error) if error.class == Class::Conflict => {
            let found = live::get(aws, name).await?;
            let ours = found.filter(|role| tags_from_aws(role.tags()) == *tags);
            ours.ok_or(error)
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn update(
    aws: &Aws,
    name: &str,
    before: &IamRoleSpec,
    after: &IamRoleSpec,
) -> Result<(), Error> {
    tokio::try_join!(
        update_trust(aws, name, before, after),
        update_settings(aws, name, before, after),
        update_boundary(aws, name, before, after),
        update_managed(aws, name, after),
        update_inline(aws, name, before, after),
    )?;
    Ok(())
}

async fn update_trust(
    aws: &Aws,
    name: &str,
    before: &IamRoleSpec,
    after: &IamRoleSpec,
) -> Result<(), Error> {
    let wanted = trust(after);
    if iam_document::is_same(&wanted, &trust(before)) {
        return Ok(());
    }
    let document = iam_document::text(&wanted);
    trusted(|| {
        let request = aws
            .iam
            .update_assume_role_policy()
            .role_name(name)
            .policy_document(&document);
        call(IAM, "UpdateAssumeRolePolicy", request.send())
    })
    .await?;
    Ok(())
}

/// Sends description and session duration both: AWS puts back to its default
/// what is left out.
async fn update_settings(
    aws: &Aws,
    name: &str,
    before: &IamRoleSpec,
    after: &IamRoleSpec,
) -> Result<(), Error> {
    let of = |spec: &IamRoleSpec| (spec.description.clone(), spec.max_session_duration);
    if of(before) == of(after) {
        return Ok(());
    }
    settled(|| {
        let request = aws
            .iam
            .update_role()
            .role_name(name)
            .description(&after.description)
            .max_session_duration(after.max_session_duration);
        call(IAM, "UpdateRole", request.send())
    })
    .await?;
    Ok(())
}

async fn update_boundary(
    aws: &Aws,
    name: &str,
    before: &IamRoleSpec,
    after: &IamRoleSpec,
) -> Result<(), Error> {
    if before.permissions_boundary == after.permissions_boundary {
        return Ok(());
    }
    let Some(boundary) = &after.permissions_boundary else {
        let deleted = settled(|| {
            let request = aws.iam.delete_role_permissions_boundary().role_name(name);
            call(IAM, "DeleteRolePermissionsBoundary", request.send())
        });
        return gone_is_done(deleted.await);
    };
    seen(|| {
        let request = aws
            .iam
            .put_role_permissions_boundary()
            .role_name(name)
            .permissions_boundary(boundary);
        call(IAM, "PutRolePermissionsBoundary", request.send())
    })
    .await?;
    Ok(())
}

/// Attaches what is missing, then detaches what is too much. What is attached
/// is asked for anew: a policy that was replaced a moment ago is so no more,
/// though its ARN is the same.
async fn update_managed(aws: &Aws, name: &str, after: &IamRoleSpec) -> Result<(), Error> {
    let Some(wanted) = &after.managed_policies else {
        return Ok(());
    };
    let wanted = wanted.iter().cloned().collect();
    let attached = seen(|| live::attached(aws, name)).await?;
    let attached = attached.into_iter().collect();
    let attach = |arn: String| async move { attach(aws, name, &arn).await };
    in_parallel(beyond(&wanted, &attached), attach).await?;
    detach_all(aws, name, beyond(&attached, &wanted)).await
}

/// Lists what `all` has and `known` has not.
fn beyond(all: &BTreeSet<String>, known: &BTreeSet<String>) -> Vec<String> {
    all.difference(known).cloned().collect()
}

async fn detach_all(aws: &Aws, role: &str, arns: Vec<String>) -> Result<(), Error> {
    let detach = |arn: String| async move { detach(aws, role, &arn).await };
    in_parallel(arns, detach).await?;
    Ok(())
}

/// Attaches a policy to a role; either may have been made a moment ago.
pub(in crate::resource) async fn attach(aws: &Aws, role: &str, arn: &str) -> Result<(), Error> {
    seen(|| {
        let request = aws.iam.attach_role_policy().role_name(role).policy_arn(arn);
        call(IAM, "AttachRolePolicy", request.send())
    })
    .await?;
    Ok(())
}

/// Detaches a policy from a role, where it is attached.
pub(in crate::resource) async fn detach(aws: &Aws, role: &str, arn: &str) -> Result<(), Error> {
    let detached = settled(|| {
        let request = aws.iam.detach_role_policy().role_name(role).policy_arn(arn);
        call(IAM, "DetachRolePolicy", request.send())
    });
    gone_is_done(detached.await)
}

async fn update_inline(
    aws: &Aws,
    name: &str,
    before: &IamRoleSpec,
    after: &IamRoleSpec,
) -> Result<(), Error> {
    let Some(wanted) = &after.inline_policies else {
        return Ok(());
    };
    let empty = InlinePolicies::new();
    let standing = before.inline_policies.as_ref().unwrap_or(&empty);
    let put = |(policy, document): (String, String)| async move {
        put_inline(aws, name, &policy, &document).await
    };
    in_parallel(changed(standing, wanted), put).await?;
    let names = |policies: &InlinePolicies| policies.keys().cloned().collect();
    delete_all_inline(aws, name, beyond(&names(standing), &names(wanted))).await
}

/// Lists the policies of `wanted` that do not stand so, each with its text.
fn changed(standing: &InlinePolicies, wanted: &InlinePolicies) -> Vec<(String, String)> {
    let differs = |(name, policy): &(&String, &InlinePolicy)| {
        let standing = standing.get(*name);
        !standing.is_some_and(|standing| standing.is_same(policy))
    };
    let changed = wanted.iter().filter(differs);
    changed
        .map(|(name, policy)| (name.clone(), policy.text()))
        .collect()
}

async fn delete_all_inline(aws: &Aws, role: &str, policies: Vec<String>) -> Result<(), Error> {
    let delete = |policy: String| async move { delete_inline(aws, role, &policy).await };
    in_parallel(policies, delete).await?;
    Ok(())
}

async fn put_inline(aws: &Aws, role: &str, policy: &str, document: &str) -> Result<(), Error> {
    seen(|| {
        let request = aws
            .iam
            .put_role_policy()
            .role_name(role)
            .policy_name(policy)
            .policy_document(document);
        call(IAM, "PutRolePolicy", request.send())
    })
    .await?;
    Ok(())
}

async fn delete_inline(aws: &Aws, role: &str, policy: &str) -> Result<(), Error> {
    let deleted = settled(|| {
        let request = aws
            .iam
            .delete_role_policy()
            .role_name(role)
            .policy_name(policy);
        call(IAM, "DeleteRolePolicy", request.send())
    });
    gone_is_done(deleted.await)
}

/// Deletes a role with its inline policies, detached from its managed ones.
/// Nothing is done to one that instances may be using.
pub(super) async fn delete(aws: &Aws, name: &str) -> Result<(), Error> {
    let parts = tokio::try_join!(
        instance_profiles(aws, name),
        live::attached(aws, name),
        live::inline_names(aws, name)
    );
    let (profiles, attached, inline) = match parts {
        Err(error) if error.is_not_found() => return Ok(()),
        other => other?,
    };
    if !profiles.is_empty() {
        let names: Vec<String> = profiles.iter().map(|name| format!("`{name}`")).collect();
        return Err(Error::refused(
            "DeleteRole",
            format!(
                "the role `{name}` is in the instance profile {}; take it out with \
                 `aws iam remove-role-from-instance-profile` first, or keep it in the spec",
                names.join(", ")
            ),
        ));
    }
    tokio::try_join!(
        detach_all(aws, name, attached),
        delete_all_inline(aws, name, inline)
    )?;
    // IAM may still see what was taken away a moment ago.
    let may_pass = |error: &Error| error.code.as_deref() == Some("DeleteConflict");
    let deleted = until_done(Patience::NEW_IDENTITY, may_pass, || {
        settled(|| {
            let request = aws.iam.delete_role().role_name(name);
            call(IAM, "DeleteRole", request.send())
        })
    });
    gone_is_done(deleted.await)
}

async fn instance_profiles(aws: &Aws, role: &str) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let request = aws
            .iam
            .list_instance_profiles_for_role()
            .role_name(role)
            .set_marker(marker);
        let page = call(IAM, "ListInstanceProfilesForRole", request.send()).await?;
        let profiles = page.instance_profiles.into_iter();
        names.extend(profiles.map(|profile| profile.instance_profile_name));
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(names);
        }
    }
}
