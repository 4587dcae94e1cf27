//! Shows what came last, to those who look.

use bytes::Bytes;
use rusqlite::Connection;

use super::block::{self, Item};
use super::error::Fault;
use super::reader::Stored;

/// Shows what came last, the last first, block by block until they have
/// `most_bytes` before they are packed; the last block is shown in any case. Tells
/// whether older ones are left.
pub(super) fn newest(
    connection: &Connection,
    most_bytes: u64,
    visit: impl FnMut(Stored),
) -> Result<bool, Fault> {
    during(connection, (0, u64::MAX), most_bytes, visit)
}

/// Shows what came last, as [`newest`] does, of the blocks in which a trace has
/// a part that began in this time, in nanoseconds since 1970; others that are in
/// the same block are shown too.
pub(super) fn during(
    connection: &Connection,
    time: (u64, u64),
    most_bytes: u64,
    mut visit: impl FnMut(Stored),
) -> Result<bool, Fault> {
    let (blocks, is_cut) = blocks(connection, time, most_bytes)?;
    for block in blocks {
        let plain = Bytes::from(block::content(connection, block)?);
        let items: Vec<Item<'_>> = block::items(&plain).collect::<Result<_, _>>()?;
        for item in items.iter().rev() {
            visit(match item {
                Item::Request(request) => Stored::Request(plain.slice_ref(request)),
                Item::Document(document) => Stored::Document(plain.slice_ref(document)),
            });
        }
    }
    Ok(is_cut)
}

/// The last blocks, and whether there are others.
fn blocks(
    connection: &Connection,
    (from, to): (u64, u64),
    most_bytes: u64,
) -> Result<(Vec<i64>, bool), Fault> {
    let mut query = connection.prepare_cached(
        "SELECT id, raw FROM blocks WHERE latest >= ?1 AND first <= ?2 ORDER BY id DESC",
    )?;
    let [from, to] = [from, to].map(|time| i64::try_from(time).unwrap_or(i64::MAX));
    let mut rows = query.query([from, to])?;
    let (mut found, mut bytes) = (Vec::new(), 0_u64);
    while let Some(row) = rows.next()? {
        let raw: i64 = row.get(1)?;
        bytes = bytes.saturating_add(u64::try_from(raw).unwrap_or(0));
        if bytes > most_bytes && !found.is_empty() {
            return Ok((found, true));
        }
        found.push(row.get(0)?);
    }
    Ok((found, false))
}
