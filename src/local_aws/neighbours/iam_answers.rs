//! Answers of IAM that `winterbaume-iam` gives in part.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use winterbaume_core::xml_escape;
use winterbaume_iam::views::{IamStateView, ManagedPolicyView, PolicyVersionView, RoleView};

use super::aws_managed_policies;
use super::iam_form::{Form, encoded, mended};

/// Entries in a page where the caller does not say.
const PAGE: usize = 100;

/// An answer to `operation` with `result` in it.
pub fn answer(operation: &str, result: &str) -> Response<Bytes> {
    let body = format!(
        "<{operation}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
         <{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata/></{operation}Response>"
    );
    let mut response = Response::new(Bytes::from(body));
    let kind = HeaderValue::from_static("text/xml");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", xml_escape(&mended(text)))
}

fn document(name: &str, text: &str) -> String {
    element(name, &encoded(&mended(text)))
}

/// A time to the second, as IAM writes it.
fn time(name: &str, text: Option<&str>) -> String {
    let text = text.unwrap_or("2024-01-01T00:00:00Z");
    let seconds = text.get(..19).unwrap_or(text);
    element(name, &format!("{seconds}Z"))
}

/// How much of a role is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What a list tells.
    Listed,
    /// Boundary and tags too.
    Whole,
}

/// Writes a role.
pub fn role(role: &RoleView, extent: Extent) -> String {
    let mut xml = [
        element("Path", &role.path),
        element("RoleName", &role.name),
        element("RoleId", &role.role_id),
        element("Arn", &role.arn),
        time("CreateDate", role.create_date.as_deref()),
        document(
            "AssumeRolePolicyDocument",
            &role.assume_role_policy_document,
        ),
        element("MaxSessionDuration", &role.max_session_duration.to_string()),
    ]
    .concat();
    if !role.description.is_empty() {
        xml.push_str(&element("Description", &role.description));
    }
    if extent == Extent::Whole {
        if let Some(boundary) = &role.permissions_boundary {
            let kind = element("PermissionsBoundaryType", "PermissionsBoundaryPolicy");
            let arn = element("PermissionsBoundaryArn", boundary);
            let _ = write!(
                xml,
                "<PermissionsBoundary>{kind}{arn}</PermissionsBoundary>"
            );
        }
        let tags: BTreeMap<&String, &String> = role.tags.iter().collect();
        if !tags.is_empty() {
            let members = tags.into_iter().map(|(key, value)| {
                format!(
                    "<member>{}{}</member>",
                    element("Key", key),
                    element("Value", value)
                )
            });
            let _ = write!(xml, "<Tags>{}</Tags>", members.collect::<String>());
        }
        xml.push_str("<RoleLastUsed/>");
    }
    xml
}

/// Lists roles, by name.
pub fn list_roles(form: &Form, state: &IamStateView) -> Response<Bytes> {
    let prefix = form.get("PathPrefix").unwrap_or("/");
    let roles: BTreeMap<&str, String> = state
        .roles
        .values()
        .filter(|role| role.path.starts_with(prefix))
        .map(|one| (one.name.as_str(), role(one, Extent::Listed)))
        .collect();
    answer("ListRoles", &page(form, "Roles", &roles))
}

/// Lists policies, by ARN: those of the account, those of AWS that it uses, or
/// both.
pub fn list_policies(form: &Form, state: &IamStateView) -> Response<Bytes> {
    let prefix = form.get("PathPrefix").unwrap_or("/");
    let is_in_scope = |policy: &&ManagedPolicyView| match form.text("Scope") {
        "Local" => !aws_managed_policies::is_one(&policy.arn),
        "AWS" => aws_managed_policies::is_one(&policy.arn),
        _ => true,
    };
    let attached_only = form.text("OnlyAttached") == "true";
    let policies: BTreeMap<&str, String> = state
        .policies
        .values()
        .filter(is_in_scope)
        .filter(|policy| policy.path.starts_with(prefix))
        .filter(|policy| !attached_only || policy.attachment_count > 0)
        .map(|policy| (policy.arn.as_str(), self::policy(policy)))
        .collect();
    answer("ListPolicies", &page(form, "Policies", &policies))
}

fn policy(policy: &ManagedPolicyView) -> String {
    [
        element("PolicyName", &policy.policy_name),
        element("PolicyId", &policy.policy_id),
        element("Arn", &policy.arn),
        element("Path", &policy.path),
        element("DefaultVersionId", &policy.default_version_id),
        element("AttachmentCount", &policy.attachment_count.to_string()),
        element("IsAttachable", &policy.is_attachable.to_string()),
        time("CreateDate", policy.create_date.as_deref()),
        time("UpdateDate", policy.update_date.as_deref()),
    ]
    .concat()
}

/// Writes one page of a list whose entries are in order.
fn page(form: &Form, list: &str, entries: &BTreeMap<&str, String>) -> String {
    let most = form.text("MaxItems").parse().unwrap_or(PAGE);
    let marker = form.text("Marker");
    let mut rest = entries.iter().filter(|(key, _)| **key > marker).peekable();
    let mut members = String::new();
    let mut end = "";
    for (key, entry) in rest.by_ref().take(most.max(1)) {
        let _ = write!(members, "<member>{entry}</member>");
        end = key;
    }
    let is_truncated = rest.next().is_some();
    let mut xml = format!("<{list}>{members}</{list}>");
    xml.push_str(&element("IsTruncated", &is_truncated.to_string()));
    if is_truncated {
        xml.push_str(&element("Marker", end));
    }
    xml
}

/// Writes a version of a policy, with its document where `whole`.
pub fn version(version: &PolicyVersionView, whole: bool) -> String {
    let mut xml = [
        element("VersionId", &version.version_id),
        element("IsDefaultVersion", &version.is_default_version.to_string()),
        time("CreateDate", version.create_date.as_deref()),
    ]
    .concat();
    if whole {
        xml.push_str(&document("Document", &version.document));
    }
    format!("<PolicyVersion>{xml}</PolicyVersion>")
}

/// Writes an inline policy of a role.
pub fn role_policy(role: &str, name: &str, text: &str) -> Response<Bytes> {
    let parts = [
        element("RoleName", role),
        element("PolicyName", name),
        document("PolicyDocument", text),
    ];
    answer("GetRolePolicy", &parts.concat())
}

/// Lists what a policy is attached to and what it bounds.
pub fn entities(form: &Form, state: &IamStateView) -> Response<Bytes> {
    let arn = form.text("PolicyArn");
    let usage = form.text("PolicyUsageFilter");
    let kinds = form.text("EntityFilter");
    let is_user = |attached: bool, boundary: Option<&str>| {
        (attached && usage != "PermissionsBoundary")
            || (boundary == Some(arn) && usage != "PermissionsPolicy")
    };
    let is_asked = |kind: &str| kinds.is_empty() || kinds == kind;
    let members = |list: &str, kind: &str, names: BTreeMap<&str, &str>| {
        let entries = names.into_iter().map(|(name, id)| {
            let name = element(&format!("{kind}Name"), name);
            format!(
                "<member>{name}{}</member>",
                element(&format!("{kind}Id"), id)
            )
        });
        let entries: String = entries.filter(|_| is_asked(kind)).collect();
        format!("<{list}>{entries}</{list}>")
    };
    let roles = state.roles.values().filter(|role| {
        let attached = role
            .attached_policies
            .iter()
            .any(|one| one.policy_arn == arn);
        is_user(attached, role.permissions_boundary.as_deref())
    });
    let users = state.users.values().filter(|user| {
        let attached = user
            .attached_policies
            .iter()
            .any(|one| one.policy_arn == arn);
        is_user(attached, user.permissions_boundary.as_deref())
    });
    let groups = state.groups.values().filter(|group| {
        let attached = group
            .attached_policies
            .iter()
            .any(|one| one.policy_arn == arn);
        is_user(attached, None)
    });
    let parts = [
        members(
            "PolicyRoles",
            "Role",
            roles
                .map(|role| (role.name.as_str(), role.role_id.as_str()))
                .collect(),
        ),
        members(
            "PolicyUsers",
            "User",
            users
                .map(|user| (user.name.as_str(), user.user_id.as_str()))
                .collect(),
        ),
        members(
            "PolicyGroups",
            "Group",
            groups
                .map(|group| (group.name.as_str(), group.group_id.as_str()))
                .collect(),
        ),
        element("IsTruncated", "false"),
    ];
    answer("ListEntitiesForPolicy", &parts.concat())
}
