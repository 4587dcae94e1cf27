//! Tells which blocks a trace is in: an index of hashes of trace ids that grows by
//! appending, as a log-structured merge tree does.
//!
//! Blocks that are written together add a run: pairs of a hash and a block, sorted,
//! in pieces of a page. Eight runs of a level become one of the next, so that a
//! store has some runs a level, and a trace is looked up in each by a walk down one
//! B-tree. A run that is large stays as it is; it goes when the last of its blocks
//! has gone.
//!
//! Two traces may have one hash, and a block that was merged or pruned may still be
//! named: what is found says where to look, and no more.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::error::Fault;
use super::parts::Id;

/// Runs of a level that make one of the next.
const FAN_IN: usize = 8;
/// Runs with as many entries, 1 MiB of them, are not merged any more: the largest
/// merge takes 8 MiB and some milliseconds.
const LARGE: usize = 1 << 17;
/// The level of runs that are not merged any more.
const TOP: i64 = 9;
/// The highest hash that there is, and the highest block.
const LAST: u64 = 0xffff_ffff;
/// Entries of a piece: as many as fit on a page of the file.
const PIECE: usize = 500;

/// A hash of a trace's id, and a block that the trace is in. Entries are kept as
/// numbers of 64 bits, big-endian.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u64);

impl Entry {
    fn of(hash: u32, block: u32) -> Self {
        Self(u64::from(hash) << 32 | u64::from(block))
    }

    fn hash(self) -> u64 {
        self.0 >> 32
    }

    fn block(self) -> i64 {
        (self.0 & LAST).cast_signed()
    }
}

/// The traces of blocks that are written together.
#[derive(Default)]
pub(super) struct NewRun {
    entries: Vec<Entry>,
}

impl NewRun {
    pub(super) fn add<'a>(
        &mut self,
        block: i64,
        traces: impl Iterator<Item = &'a Id>,
    ) -> Result<(), Fault> {
        let block = u32::try_from(block)
            .map_err(|_| Fault::Block("the number of a block is beyond what its index takes"))?;
        self.entries
            .extend(traces.map(|trace| Entry::of(hash(trace), block)));
        Ok(())
    }

    pub(super) fn insert(mut self, connection: &Connection) -> Result<(), Fault> {
        if self.entries.is_empty() {
            return Ok(());
        }
        self.entries.sort_unstable();
        insert(connection, None, 0, &self.entries)
    }
}

/// The blocks that any of these traces may be in, in order.
pub(super) fn blocks_with(connection: &Connection, traces: &[Id]) -> Result<Vec<i64>, Fault> {
    let mut runs = connection.prepare_cached("SELECT id FROM runs")?;
    let mut piece = connection.prepare_cached(
        "SELECT entries FROM pieces WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1",
    )?;
    let mut found = Vec::new();
    let mut runs = runs.query([])?;
    while let Some(run) = runs.next()? {
        let run: i64 = run.get(0)?;
        for trace in traces {
            let wanted = u64::from(hash(trace));
            let mut rows = piece.query([piece_id(run, 0), piece_id(run, wanted)])?;
            if let Some(row) = rows.next()? {
                let entries = row.get_ref(0)?.as_bytes().unwrap_or_default();
                found.extend(blocks_of(entries, wanted));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    there(connection, found)
}

/// Those of these blocks that are there.
fn there<B: FromIterator<i64>>(
    connection: &Connection,
    blocks: impl IntoIterator<Item = i64>,
) -> Result<B, Fault> {
    let mut is_there = connection.prepare_cached("SELECT 1 FROM blocks WHERE id = ?1")?;
    let blocks = blocks.into_iter();
    let found = blocks.filter_map(|block| match is_there.exists([block]) {
        Ok(is_there) => is_there.then_some(Ok(block)),
        Err(error) => Some(Err(error.into())),
    });
    found.collect()
}

/// Merges runs of a level, where there are enough of them. Says whether it did.
pub(super) fn merge(connection: &Connection) -> Result<bool, Fault> {
    let mut crowded = connection.prepare_cached(
        "SELECT level FROM runs WHERE level < ?1 GROUP BY level HAVING count(*) >= ?2
         ORDER BY level LIMIT 1",
    )?;
    let enough = i64::try_from(FAN_IN).unwrap_or(2);
    let level: Option<i64> = crowded
        .query_row([TOP, enough], |row| row.get(0))
        .optional()?;
    let Some(level) = level else {
        return Ok(false);
    };
    let mut runs =
        connection.prepare_cached("SELECT id FROM runs WHERE level = ?1 ORDER BY id LIMIT ?2")?;
    let runs = runs.query_map([level, enough], |row| row.get(0))?;
    let runs: Vec<i64> = runs.collect::<Result<_, _>>()?;
    let transaction = connection.unchecked_transaction()?;
    merge_these(connection, &runs, level)?;
    transaction.commit()?;
    Ok(true)
}

fn merge_these(connection: &Connection, runs: &[i64], level: i64) -> Result<(), Fault> {
    let mut entries = Vec::new();
    for run in runs {
        read(connection, *run, &mut entries)?;
        drop_run(connection, *run)?;
    }
    let named: HashSet<i64> = entries.iter().map(|entry| entry.block()).collect();
    let live: HashSet<i64> = there(connection, named)?;
    entries.retain(|entry| live.contains(&entry.block()));
    entries.sort_unstable();
    entries.dedup();
    if entries.is_empty() {
        return Ok(());
    }
    let level = if entries.len() >= LARGE {
        TOP
    } else {
        level + 1
    };
    insert(connection, runs.first().copied(), level, &entries)
}

/// Lets those runs go that name no block that is left.
pub(super) fn forget(connection: &Connection) -> Result<(), Fault> {
    let mut empty = connection.prepare_cached(
        "SELECT id FROM runs
         WHERE newest < coalesce((SELECT min(id) FROM blocks), 9223372036854775807)",
    )?;
    let empty = empty.query_map([], |row| row.get(0))?;
    for run in empty.collect::<Result<Vec<i64>, _>>()? {
        drop_run(connection, run)?;
    }
    Ok(())
}

fn drop_run(connection: &Connection, run: i64) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM pieces WHERE id BETWEEN ?1 AND ?2")?
        .execute([piece_id(run, 0), piece_id(run, LAST)])?;
    connection
        .prepare_cached("DELETE FROM runs WHERE id = ?1")?
        .execute([run])?;
    Ok(())
}

/// Writes a run of sorted entries; `id` where it takes the place of others.
fn insert(
    connection: &Connection,
    id: Option<i64>,
    level: i64,
    entries: &[Entry],
) -> Result<(), Fault> {
    let newest = entries.iter().map(|entry| entry.block()).max();
    connection
        .prepare_cached("INSERT INTO runs VALUES (?1, ?2, ?3)")?
        .execute(params![id, level, newest])?;
    let run = id.unwrap_or_else(|| connection.last_insert_rowid());
    let mut insert = connection.prepare_cached("INSERT INTO pieces VALUES (?1, ?2)")?;
    let mut rest = entries;
    while let Some(first) = rest.first() {
        let (piece, after) = rest.split_at(length_of_piece(rest));
        let bytes: Vec<u8> = piece.iter().flat_map(|it| it.0.to_be_bytes()).collect();
        insert.execute(params![piece_id(run, first.hash()), bytes])?;
        rest = after;
    }
    Ok(())
}

/// Entries of the next piece: a hash is never in two of them.
fn length_of_piece(entries: &[Entry]) -> usize {
    let Some(next) = entries.get(PIECE).map(|entry| entry.hash()) else {
        return entries.len();
    };
    let before = entries.partition_point(|entry| entry.hash() < next);
    if before > 0 {
        return before;
    }
    entries.partition_point(|entry| entry.hash() == next)
}

/// Adds the entries of a run.
fn read(connection: &Connection, run: i64, entries: &mut Vec<Entry>) -> Result<(), Fault> {
    let mut pieces =
        connection.prepare_cached("SELECT entries FROM pieces WHERE id BETWEEN ?1 AND ?2")?;
    let mut rows = pieces.query([piece_id(run, 0), piece_id(run, LAST)])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(0)?.as_bytes().unwrap_or_default();
        entries.extend(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|it| Entry(u64::from_be_bytes(*it))),
        );
    }
    Ok(())
}

/// The id of the piece of a run that begins with this hash: the pieces of a run
/// follow one another.
fn piece_id(run: i64, first: u64) -> i64 {
    run << 32 | first.cast_signed()
}

/// The blocks that a piece names for a hash.
fn blocks_of(piece: &[u8], wanted: u64) -> impl Iterator<Item = i64> {
    let entries: &[[u8; 8]] = piece.as_chunks().0;
    let entry = |bytes: &[u8; 8]| Entry(u64::from_be_bytes(*bytes));
    let first = entries.partition_point(|bytes| entry(bytes).hash() < wanted);
    let from = entries.iter().skip(first).map(entry);
    from.take_while(move |entry| entry.hash() == wanted)
        .map(Entry::block)
}

/// The finishing step of `SplitMix64`: ids of a test's making are not random.
fn hash(id: &Id) -> u32 {
    let mixed = |number: u64| {
        let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let [low, high] = [0, 64].map(|shift| {
        let half = u128::from_le_bytes(*id) >> shift & u128::from(u64::MAX);
        u64::try_from(half).unwrap_or_default()
    });
    let mixed = mixed(low ^ mixed(high)) >> 32;
    u32::try_from(mixed).unwrap_or_default()
}
