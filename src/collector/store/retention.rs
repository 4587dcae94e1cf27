//! Makes room: old traces go, a few blocks at a time.

use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::error::Fault;
use super::schema;
use super::trace_index;

/// Blocks that go in one step, so that nobody waits long for it.
const STEP: usize = 16;
/// Bytes of a page.
const PAGE: u64 = schema::PAGE.unsigned_abs();
/// Pages that are given back to the system in one step.
const GIVEN_BACK: u64 = 1024;
/// Bytes that may be free in the file.
const KEPT_FREE: u64 = 16 << 20;
const DAY: u64 = 24 * 3600;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Seconds; `None`: for ever.
    pub(super) age: Option<u64>,
    /// Bytes that are in use in the file.
    pub(super) bytes: u64,
    /// Pages that the file may have at most; more than that is a full disk.
    pub(super) pages: i64,
}

impl Limits {
    /// `days` 0 stands for no limit.
    pub(super) fn of(days: u32, mib: u32) -> Self {
        let bytes = u64::from(mib.max(16)) << 20;
        Self {
            age: (days > 0).then_some(u64::from(days) * DAY),
            bytes,
            // A group of traces comes in before the oldest go.
            pages: number((bytes + bytes / 4 + (64 << 20)) / PAGE),
        }
    }
}

/// Bytes of the file that are in use, and that are free.
pub(super) fn size(connection: &Connection) -> Result<(u64, u64), Fault> {
    let read = |name: &str| -> Result<u64, Fault> {
        let pages: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
        Ok(pages.unsigned_abs())
    };
    let (all, free) = (read("page_count")?, read("freelist_count")?);
    Ok((all.saturating_sub(free) * PAGE, free * PAGE))
}

/// Lets the oldest go, where there are any too old or too many. Says whether
/// there may be more.
pub(super) fn prune(
    connection: &Connection,
    limits: &Limits,
    now: Option<u64>,
) -> Result<bool, Fault> {
    let mut gone = 0;
    let transaction = connection.unchecked_transaction()?;
    if let Some((now, age)) = now.zip(limits.age) {
        let is_changed = come_back(connection, now)?;
        let before = now.saturating_sub(age);
        while gone < STEP && drop_one(connection, TOO_OLD, &[number(before)])? {
            gone += 1;
        }
        if is_changed && gone == 0 {
            transaction.commit()?;
            return Ok(true);
        }
    }
    while gone < STEP && size(connection)?.0 > limits.bytes && drop_one(connection, FIRST, &[])? {
        gone += 1;
    }
    if gone == 0 {
        return Ok(false);
    }
    trace_index::forget(connection)?;
    forget_operations(connection)?;
    transaction.commit()?;
    Ok(gone == STEP)
}

/// The oldest of those that came before a time.
const TOO_OLD: &str = "SELECT id FROM blocks WHERE arrived < ?1 ORDER BY arrived, id LIMIT 1";
/// The one that came first.
const FIRST: &str = "SELECT id FROM blocks ORDER BY id LIMIT 1";

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What came while the clock was ahead is taken to have come now: otherwise it
/// would stay until that time has come.
fn come_back(connection: &Connection, now: u64) -> Result<bool, Fault> {
    let changed = connection
        .prepare_cached("UPDATE blocks SET arrived = ?1 WHERE arrived > ?2")?
        .execute([number(now), number(now.saturating_add(DAY))])?;
    Ok(changed > 0)
}

/// Lets the block that `query` finds go.
fn drop_one(connection: &Connection, query: &str, given: &[i64]) -> Result<bool, Fault> {
    let mut query = connection.prepare_cached(query)?;
    let found: Option<i64> = query
        .query_row(params_from_iter(given), |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        drop_block(connection, id)?;
    }
    Ok(found.is_some())
}

/// Lets a block go.
pub(super) fn drop_block(connection: &Connection, id: i64) -> Result<(), Fault> {
    for table in [
        "DELETE FROM contents WHERE block = ?1",
        "DELETE FROM blocks WHERE id = ?1",
    ] {
        connection.prepare_cached(table)?.execute([id])?;
    }
    Ok(())
}

/// Forgets operations that were last seen before the oldest block came.
fn forget_operations(connection: &Connection) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "DELETE FROM operations
             WHERE hour < coalesce((SELECT min(arrived) FROM blocks) / 3600, 0)",
        )?
        .execute([])?;
    Ok(())
}

/// Makes the file smaller where much of it is free: new traces fill the rest.
/// Says whether it did.
pub(super) fn shrink(connection: &Connection) -> Result<bool, Fault> {
    let (used, free) = size(connection)?;
    if free < used / 4 + KEPT_FREE {
        return Ok(false);
    }
    let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({GIVEN_BACK})"))?;
    let mut rows = vacuum.query([])?;
    // A page is given back at each row.
    while rows.next()?.is_some() {}
    Ok(true)
}
