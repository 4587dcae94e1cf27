//! What all changes of IAM have in common: its tags, and its patience.
//!
//! IAM shows a change everywhere only after some seconds:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>.

use std::future::Future;

use super::{Error, Tags};
use crate::aws::{Patience, iam, until_done};

/// Repeats a write while someone else, or IAM itself, is still changing the
/// same thing.
///
/// # Errors
/// The last failure.
pub(super) async fn settled<T, F>(attempt: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    until_done(Patience::CONSISTENCY, is_busy, attempt).await
}

/// Repeats a write as [`settled`] does, and while IAM does not see a role or
/// policy that was made a moment ago. One that is not there at all gives the
/// same answer, hence the shorter patience.
///
/// # Errors
/// The last failure.
pub(super) async fn seen<T, F>(attempt: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let may_pass = |error: &Error| is_busy(error) || error.is_not_found();
    until_done(Patience::NEW_IDENTITY, may_pass, attempt).await
}

/// Repeats the write of a trust policy as [`settled`] does, and while IAM does
/// not see a principal in it that was made a moment ago.
///
/// # Errors
/// The last failure.
pub(super) async fn trusted<T, F>(attempt: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let may_pass = |error: &Error| is_busy(error) || is_principal_unseen(error);
    until_done(Patience::CONSISTENCY, may_pass, attempt).await
}

fn is_busy(error: &Error) -> bool {
    let busy = ["ConcurrentModification", "EntityTemporarilyUnmodifiable"];
    error
        .code
        .as_deref()
        .is_some_and(|code| busy.contains(&code))
}

fn is_principal_unseen(error: &Error) -> bool {
    error.code.as_deref() == Some("MalformedPolicyDocument") && error.message.contains("principal")
}

/// Writes tags in IAM's form.
///
/// # Errors
/// Where the SDK refuses one, which is a fault of ours.
pub(super) fn tags_to_aws(tags: &Tags) -> Result<Vec<iam::types::Tag>, Error> {
    tags.iter()
        .map(|(key, value)| {
            iam::types::Tag::builder()
                .key(key)
                .value(value)
                .build()
                .map_err(|error| Error::internal("tag", error.to_string()))
        })
        .collect()
}

/// Reads tags in IAM's form.
pub(super) fn tags_from_aws(tags: &[iam::types::Tag]) -> Tags {
    tags.iter()
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect()
}
