//! Makes one block of many small ones, where traces trickle in: few large blocks
//! take less room, and are looked through more quickly.

use rusqlite::{Connection, OptionalExtension, params};

use super::block::{self, Block, Content, FULL};
use super::error::Fault;
use super::packed::Packer;
use super::retention::drop_block;
use super::trace_index::NewRun;

/// Small blocks that make a larger one.
const FAN_IN: usize = 16;
/// Blocks of this size, in bytes, stay as they are.
const LARGE: usize = FULL / 4;
/// The level of blocks that stay as they are.
const TOP: i64 = 9;

/// The level of a new block.
pub(super) fn level(raw: usize) -> i64 {
    if raw >= LARGE { TOP } else { 0 }
}

/// Writes a block, and adds its traces to a run; `id` where it takes the place of
/// others.
pub(super) fn insert(
    connection: &Connection,
    id: Option<i64>,
    block: &Block,
    arrived: i64,
    level: i64,
    run: &mut NewRun,
) -> Result<(), Fault> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let size = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
    let extent = block.extent;
    connection
        .prepare_cached("INSERT INTO blocks VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)")?
        .execute(params![
            id,
            arrived,
            number(extent.first),
            number(extent.latest),
            number(extent.last),
            size(block.parts.parts.len()),
            number(extent.spans),
            level,
            size(block.raw),
        ])?;
    let id = id.unwrap_or_else(|| connection.last_insert_rowid());
    connection
        .prepare_cached("INSERT INTO contents VALUES (?1, ?2, ?3)")?
        .execute(params![id, block.index, block.content])?;
    run.add(id, block.parts.parts.iter().map(|part| &part.trace))
}

struct Small {
    id: i64,
    arrived: i64,
    raw: usize,
}

/// Merges small blocks of a level that came on one day, where there are enough of
/// them: a block goes when the last of its traces is old. Says whether it did.
pub(super) fn merge(connection: &Connection, packer: &mut Packer) -> Result<bool, Fault> {
    for level in 0..TOP {
        let Some(day) = crowded_day(connection, level)? else {
            continue;
        };
        let mut found = small(connection, level, day)?;
        let mut total = 0;
        found.retain(|block| {
            total += block.raw;
            total <= FULL + LARGE
        });
        merge_these(connection, packer, &found, level)?;
        return Ok(true);
    }
    Ok(false)
}

/// The first day on which enough blocks of a level came.
fn crowded_day(connection: &Connection, level: i64) -> Result<Option<i64>, Fault> {
    let mut query = connection.prepare_cached(
        "SELECT arrived / 86400 FROM blocks WHERE level = ?1
         GROUP BY 1 HAVING count(*) >= ?2 ORDER BY 1 LIMIT 1",
    )?;
    let enough = i64::try_from(FAN_IN).unwrap_or(2);
    let day = query.query_row([level, enough], |row| row.get(0));
    Ok(day.optional()?)
}

fn small(connection: &Connection, level: i64, day: i64) -> Result<Vec<Small>, Fault> {
    let mut query = connection.prepare_cached(
        "SELECT id, arrived, raw FROM blocks
         WHERE level = ?1 AND arrived BETWEEN ?2 * 86400 AND ?2 * 86400 + 86399
         ORDER BY id LIMIT ?3",
    )?;
    let most = i64::try_from(FAN_IN).unwrap_or(2);
    let found = query.query_map(params![level, day, most], |row| {
        let raw: i64 = row.get(2)?;
        Ok(Small {
            id: row.get(0)?,
            arrived: row.get(1)?,
            raw: usize::try_from(raw).unwrap_or(usize::MAX),
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn merge_these(
    connection: &Connection,
    packer: &mut Packer,
    blocks: &[Small],
    level: i64,
) -> Result<(), Fault> {
    let transaction = connection.unchecked_transaction()?;
    let mut content = Content::default();
    for block in blocks {
        content.add(&block::content(connection, block.id)?)?;
        drop_block(connection, block.id)?;
    }
    let merged = content.pack(packer)?;
    // Blocks are read in the order of their ids, which is that of arrival.
    let first = blocks.iter().map(|block| block.id).min();
    let arrived = blocks.iter().map(|block| block.arrived).max();
    let level = if merged.raw >= LARGE { TOP } else { level + 1 };
    let mut run = NewRun::default();
    insert(
        connection,
        first,
        &merged,
        arrived.unwrap_or_default(),
        level,
        &mut run,
    )?;
    run.insert(connection)?;
    transaction.commit()?;
    Ok(())
}
