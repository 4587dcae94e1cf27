//! Reading what stands at AWS: every type at once, and within a type as many
//! calls at a time as it takes, so that a plan waits for the longest chain of
//! calls and not for their number.

use std::future::Future;

use futures::future::join_all;
use futures::stream::{StreamExt, TryStreamExt, iter};

use super::{Aws, Error, Kind, Lifecycle};
use crate::model::{Desired, Live};

/// Calls of one type under way at a time. High, because the calls are small
/// and wait for one another nowhere; the SDK slows down where AWS throttles.
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

/// Reads every type of `kinds` and resolves what only AWS can tell of
/// `desired`, all at the same time.
///
/// Types on which AWS keeps no tags are read only where the spec names one of
/// them: nothing else of theirs can be ours.
pub async fn read_all(aws: &Aws, kinds: &[&'static dyn Kind], desired: &mut [Desired]) -> Reading {
    let snapshot: Vec<Desired> = desired.to_vec();
    let reads = kinds.iter().filter_map(|kind| {
        let facts = kind.facts();
        let wanted: Vec<&Desired> = snapshot
            .iter()
            .filter(|desired| desired.address.kind() == facts.kind)
            .collect();
        let is_named = !wanted.is_empty();
        let may_own = facts.taggable && facts.lifecycle == Lifecycle::Collection;
        let read = async move {
            let result = kind.read(aws, &wanted).await;
            (facts.kind, is_named, result)
        };
        (is_named || may_own).then_some(read)
    });
    let resolutions = desired.iter_mut().filter_map(|desired| {
        let kind = kinds
            .iter()
            .find(|kind| kind.facts().kind == desired.address.kind())?;
        Some(async move {
            let result = kind.resolve(aws, desired).await;
            (kind.facts().kind, result)
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
    for (kind, result) in resolutions {
        if let Err(error) = result {
            reading.failed.push((kind, error));
        }
    }
    reading
}
