//! Reading what stands at AWS: every type at once, and within a type as many
//! calls at a time as it takes, so that a plan waits for the longest chain of
//! calls and not for their number.

use std::future::Future;

use futures::future::join_all;
use futures::stream::{StreamExt, TryStreamExt, iter};

use super::{Aws, Error, Kind, Lists, Tags};
use crate::aws::{Class, Patience, until_done};
use crate::model::{Desired, Live};

/// Calls of one type under way at a time. High, because the calls are small
/// and wait for one another nowhere; where AWS throttles them, the whole read
/// is tried again with patience.
const CALLS_AT_ONCE: usize = 256;

/// Runs `work` over `items`, many at a time, and keeps their order.
///
/// # Errors
/// The first failure.
pub async fn in_parallel<I, T, F>(
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> F,
) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    iter(items)
        .map(work)
        .buffered(CALLS_AT_ONCE)
        .try_collect()
        .await
}

/// What a read gave.
#[derive(Debug, Default)]
pub struct Reading {
    /// Everything found, of all types.
    pub live: Vec<Live>,
    /// Types that could not be read although the spec names them.
    pub failed: Vec<(&'static str, Error)>,
    /// Types that could not be read and that the spec does not name: whether
    /// the stack owns something of theirs is not known.
    pub unknown: Vec<(&'static str, Error)>,
}

/// What a read is for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The stack whose resources matter.
    pub stack: &'a str,
    /// Whether to resolve what only AWS can tell of the desired side.
    pub resolve: bool,
    /// Whether everything that stands matters, whoever owns it.
    pub everything: bool,
}

/// Reads every type of `kinds` and resolves what only AWS can tell of
/// `desired`, all at the same time.
///
/// Types on which AWS keeps no tags are read only where the spec names one of
/// them: nothing else of theirs can be ours.
pub async fn read_all(
    aws: &Aws,
    kinds: &[&'static dyn Kind],
    scope: Scope<'_>,
    desired: &mut [Desired],
) -> Reading {
    let lists = Lists::default();
    let lists = &lists;
    let reads = kinds.iter().filter_map(|kind| {
        let facts = kind.facts();
        let wanted: Vec<&Desired> = desired
            .iter()
            .filter(|desired| desired.address.kind() == facts.kind)
            .collect();
        let is_named = !wanted.is_empty();
        let may_own = facts.taggable && facts.is_named();
        let read = async move {
            let result = until_done(Patience::THROTTLED, Error::is_throttled, || {
                kind.read(aws, scope, lists, &wanted)
            });
            (facts.kind, is_named, result.await)
        };
        (is_named || may_own || scope.everything).then_some(read)
    });
    let resolutions = desired
        .iter()
        .enumerate()
        .filter(|_| scope.resolve)
        .filter_map(|(index, desired)| {
            let kind = kinds
                .iter()
                .find(|kind| kind.facts().kind == desired.address.kind())?;
            Some(async move {
                let result = kind.resolve(aws, &desired.written).await;
                (kind.facts().kind, index, result)
            })
        });
    let (reads, resolutions) = tokio::join!(join_all(reads), join_all(resolutions));

    let mut reading = Reading::default();
    for (kind, is_named, result) in reads {
        match result {
            Ok(live) => reading.live.extend(live),
            Err(error) if is_named => reading.failed.push((kind, error)),
            Err(error) => reading.unknown.push((kind, error)),
        }
    }
    for (kind, index, result) in resolutions {
        match result {
            Ok(resolved) => {
                desired[index].written = resolved.written;
                desired[index].attributes = resolved.attributes;
            }
            Err(error) => reading.failed.push((kind, error)),
        }
    }
    reading
}

/// Reads the tags of `items`. Other teams may keep theirs to themselves: an
/// item whose tags we may not see is left out, unless the spec names it, and
/// unless we may see none at all, since then nothing is known.
///
/// # Errors
/// A denial that matters; any other failure.
pub async fn with_tags<I: Clone, F>(
    items: Vec<I>,
    is_named: impl Fn(&I) -> bool,
    read_tags: impl Fn(I) -> F,
) -> Result<Vec<(I, Tags)>, Error>
where
    F: Future<Output = Result<Option<Tags>, Error>>,
{
    let read = in_parallel(items, |item| {
        let tags = read_tags(item.clone());
        async move {
            match tags.await {
                Err(error) if error.class == Class::Denied => Ok((item, Err(error))),
                Err(error) => Err(error),
                Ok(tags) => Ok((item, Ok(tags))),
            }
        }
    })
    .await?;
    let sees_any = read.iter().any(|(_, tags)| tags.is_ok());
    let mut tagged = Vec::new();
    for (item, tags) in read {
        match tags {
            Ok(Some(tags)) => tagged.push((item, tags)),
            Err(error) if is_named(&item) || !sees_any => return Err(error),
            // Gone since it was listed, or another team's.
            Ok(None) | Err(_) => {}
        }
    }
    Ok(tagged)
}
