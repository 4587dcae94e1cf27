//! The file: how it is opened, and what tables it has.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::{Fault, StoreError};
use crate::collector_config::Durability;

/// The file's name in the state folder.
pub const FILE: &str = "traces.sqlite";
/// The schema that is written here.
const VERSION: i64 = 1;
/// `SQLite`'s application id: `XRLC`.
const APPLICATION: i64 = 0x5852_4c43;
/// Bytes of a page.
pub(super) const PAGE: i64 = 4096;
/// Waits this long where another process has the file for itself.
const BUSY: Duration = Duration::from_secs(5);
/// Bytes that the write-ahead log is cut to when it was longer.
const LOG_BYTES: i64 = 32 << 20;

const TABLES: &str = "
CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    arrived INTEGER NOT NULL,
    first INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    last INTEGER NOT NULL,
    traces INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    level INTEGER NOT NULL,
    raw INTEGER NOT NULL,
    filter BLOB NOT NULL,
    parts BLOB NOT NULL
);
CREATE INDEX blocks_arrived ON blocks (arrived);
CREATE INDEX blocks_latest ON blocks (latest);
CREATE INDEX blocks_level ON blocks (level, arrived);
CREATE TABLE contents (
    block INTEGER PRIMARY KEY,
    content BLOB NOT NULL
);
CREATE TABLE operations (
    service TEXT NOT NULL,
    operation TEXT NOT NULL,
    hour INTEGER NOT NULL,
    PRIMARY KEY (service, operation)
) WITHOUT ROWID;
";

/// Opens the file for writing and makes it where there is none.
pub(super) fn open(path: &Path, durability: Durability) -> Result<Connection, StoreError> {
    let connection = connect(path, durability).map_err(|fault| fault.of(path))?;
    let (application, version) = identity(&connection).map_err(|fault| fault.of(path))?;
    if application == 0 && version == 0 && is_empty(&connection).map_err(|fault| fault.of(path))? {
        make(&connection).map_err(|fault| fault.of(path))?;
    } else {
        accept(path, application, version)?;
    }
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
    // These count only before the first table is made.
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
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

fn is_empty(connection: &Connection) -> Result<bool, Fault> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}

fn make(connection: &Connection) -> Result<(), Fault> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

fn accept(path: &Path, application: i64, version: i64) -> Result<(), StoreError> {
    let path = path.to_owned();
    if application != APPLICATION {
        return Err(StoreError::Foreign { path });
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
