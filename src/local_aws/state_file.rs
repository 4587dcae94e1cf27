//! Snapshots on disk: one JSON file a service, account and region.
//!
//! A file is replaced as a whole (written beside itself, flushed, renamed), so
//! that a process killed at any moment leaves the old state or the new one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Layout of the files; a file of a later layout is refused, not guessed at.
const FORMAT: u32 = 1;
/// Ending of a file that is still being written.
const UNFINISHED: &str = "tmp";

/// What went wrong with a file of the state folder.
#[derive(Debug, thiserror::Error)]
#[error("{action} {}", path.display())]
pub struct FileError {
    action: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// Why a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not a snapshot.
    #[error("state file {} is corrupt", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// A later release wrote the file.
    #[error(
        "state file {} has format {found}; this release reads format {FORMAT}",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The format that it names.
        found: u32,
    },
    /// The file was moved or renamed.
    #[error("state file {} holds the state of {found}", path.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// The service that it names.
        found: String,
    },
}

/// One service of one account and region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Twelve digits.
    pub account: String,
    /// Such as `us-east-1`.
    pub region: String,
    /// Name of the service in signatures, such as `xray`.
    pub service: String,
}

#[derive(Serialize, Deserialize)]
struct Snapshot<T> {
    format: u32,
    service: String,
    state: T,
}

fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError {
        action,
        path,
        source,
    }
}

/// Creates `folder` and what is missing above it, for this user alone.
///
/// # Errors
/// What the file system refused.
pub fn create_folder(folder: &Path) -> Result<(), FileError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(at("create folder", folder))
}

/// Replaces the file at `path` by `bytes`, readable by this user alone, and
/// returns once both file and name are on disk.
///
/// # Errors
/// What the file system refused; the old file stands then.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replaced(path, bytes, Outlives::Machine)
}

/// As [`replace`], for what means nothing after the end of the machine: nothing
/// is waited for.
///
/// # Errors
/// As [`replace`].
pub fn replace_for_now(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replaced(path, bytes, Outlives::Process)
}

/// What a file has to outlive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outlives {
    Process,
    Machine,
}

fn replaced(path: &Path, bytes: &[u8], outlives: Outlives) -> Result<(), FileError> {
    let unfinished = path.with_extension(UNFINISHED);
    let result = write_and_rename(&unfinished, path, bytes, outlives);
    if result.is_err() {
        // Best effort: the next write truncates what is left.
        let _ = fs::remove_file(&unfinished);
    }
    result
}

fn write_and_rename(
    unfinished: &Path,
    path: &Path,
    bytes: &[u8],
    outlives: Outlives,
) -> Result<(), FileError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(unfinished)
        .map_err(at("create", unfinished))?;
    file.write_all(bytes).map_err(at("write", unfinished))?;
    if outlives == Outlives::Machine {
        file.sync_all().map_err(at("flush", unfinished))?;
    }
    fs::rename(unfinished, path).map_err(at("replace", path))?;
    match path.parent() {
        Some(folder) if outlives == Outlives::Machine => File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(at("flush", folder)),
        _ => Ok(()),
    }
}

/// Where the snapshot of `slot` lies under `folder`.
pub fn path_of(folder: &Path, slot: &Slot) -> PathBuf {
    folder
        .join(&slot.account)
        .join(&slot.region)
        .join(format!("{}.json", slot.service))
}

/// Writes the state of a service as the bytes of its file.
///
/// # Errors
/// Where the state cannot be written as JSON.
pub fn encode(service: &str, state: &Value) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Snapshot {
        format: FORMAT,
        service: service.to_owned(),
        state,
    })
}

/// Reads back what `encode` wrote to the file at `path`.
///
/// # Errors
/// Where the bytes are not a snapshot of `service` in a known format.
pub fn decode(path: &Path, service: &str, bytes: &[u8]) -> Result<Value, SnapshotError> {
    let snapshot: Snapshot<Value> =
        serde_json::from_slice(bytes).map_err(|source| SnapshotError::Corrupt {
            path: path.to_owned(),
            source,
        })?;
    if snapshot.format != FORMAT {
        return Err(SnapshotError::Format {
            path: path.to_owned(),
            found: snapshot.format,
        });
    }
    if snapshot.service != service {
        return Err(SnapshotError::Misplaced {
            path: path.to_owned(),
            found: snapshot.service,
        });
    }
    Ok(snapshot.state)
}

/// Every slot of `account` that has a file under `folder`, with the path.
/// Files that a killed process left unfinished are passed over.
///
/// # Errors
/// What the file system refused.
pub fn slots(folder: &Path, account: &str) -> Result<Vec<(Slot, PathBuf)>, FileError> {
    let mut slots = Vec::new();
    for region in entries(&folder.join(account))? {
        let region_name = region.file_name().unwrap_or_default().to_string_lossy();
        for path in entries(&region)? {
            if path.extension().is_some_and(|ending| ending == "json") {
                let service = path.file_stem().unwrap_or_default().to_string_lossy();
                let slot = Slot {
                    account: account.to_owned(),
                    region: region_name.clone().into_owned(),
                    service: service.into_owned(),
                };
                slots.push((slot, path));
            }
        }
    }
    slots.sort();
    Ok(slots)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(at("list folder", folder))
}

/// Reads the file at `path`.
///
/// # Errors
/// What the file system refused.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(at("read", path))
}
