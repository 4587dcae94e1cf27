//! The file: how it is opened, and what tables it has.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::{Fault, StoreError};
use crate::collector_config::Durability;

/// The file's name in the state folder.
pub const FILE: &str = "traces.sqlite";
/// The schema that is written here.
const VERSION: i64 = 2;
/// `SQLite`'s application id: `XRLC`.
const APPLICATION: i64 = 0x5852_4c43;
/// Bytes of a page.
pub(super) const PAGE: i64 = 4096;
/// Waits this long where another process has the file for itself.
const BUSY: Duration = Duration::from_secs(5);
/// Bytes that the write-ahead log is cut to when it was longer.
const LOG_BYTES: i64 = 32 << 20;

pub(super) const TABLES: &str = "
CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    arrived INTEGER NOT NULL,
    first INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    last INTEGER NOT NULL,
    traces INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    level INTEGER NOT NULL,
    raw INTEGER NOT NULL
);
CREATE INDEX blocks_arrived ON blocks (arrived);
CREATE INDEX blocks_latest ON blocks (latest);
CREATE INDEX blocks_level ON blocks (level, arrived);
CREATE TABLE contents (
    block INTEGER PRIMARY KEY,
    parts BLOB NOT NULL,
    content BLOB NOT NULL
);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    level INTEGER NOT NULL,
    newest INTEGER NOT NULL
);
CREATE TABLE pieces (
    id INTEGER PRIMARY KEY,
    entries BLOB NOT NULL
);
CREATE TABLE operations (
    service TEXT NOT NULL,
    operation TEXT NOT NULL,
    kinds INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    PRIMARY KEY (service, operation)
) WITHOUT ROWID;
";

/// Opens the file for writing and makes it where there is none.
pub(super) fn open(path: &Path, durability: Durability) -> Result<Connection, StoreError> {
    make_where_missing(path).map_err(|fault| fault.of(path))?;
    let connection = connect(path, durability).map_err(|fault| fault.of(path))?;
    let (application, version) = identity(&connection).map_err(|fault| fault.of(path))?;
    accept(path, application, version)?;
    Ok(connection)
}

/// Opens the file for reading.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = || -> Result<(Connection, (i64, i64)), Fault> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        let identity = identity(&connection)?;
        Ok((connection, identity))
    };
    let (connection, (application, version)) = opened().map_err(|fault| fault.of(path))?;
    accept(path, application, version)?;
    Ok(connection)
}

fn connect(path: &Path, durability: Durability) -> Result<Connection, Fault> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    let synchronous = match durability {
        Durability::Commit => "FULL",
        Durability::Batch => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    Ok(connection)
}

fn identity(connection: &Connection) -> Result<(i64, i64), Fault> {
    let read = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((read("application_id")?, read("user_version")?))
}

/// Makes the file beside its place and moves it there whole. `SQLite` alone
/// would wait for the disk ten times: nothing of what it waits for is worth
/// anything before the last table is made.
fn make_where_missing(path: &Path) -> Result<(), Fault> {
    if fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let unfinished = path.with_extension("sqlite.new");
    // A log that outlived its file would be taken for that of the new one.
    for left in ["sqlite.new", "sqlite.new-wal", "sqlite-wal", "sqlite-shm"] {
        match fs::remove_file(path.with_extension(left)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let connection = Connection::open(&unfinished)?;
    // The first two count only before the first table is made.
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn accept(path: &Path, application: i64, version: i64) -> Result<(), StoreError> {
    let path = path.to_owned();
    if application != APPLICATION {
        return Err(StoreError::Foreign { path });
    }
    if version < VERSION {
        return Err(StoreError::Older { path });
    }
    if version > VERSION {
        return Err(StoreError::Newer {
            path,
            found: version,
            known: VERSION,
        });
    }
    Ok(())
}
