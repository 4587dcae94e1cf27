//! One process at a time: the lock on a state folder and the endpoint file.
//!
//! The lock lasts as long as the process that holds it, however it ends, so an
//! endpoint file beside a free lock is always a stale one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::state_file;

const LOCK: &str = "lock";
const ENDPOINT: &str = "endpoint";

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("state folder {} is in use by another process", folder.display())]
    Held {
        /// The folder.
        folder: PathBuf,
    },
    /// The file system refused.
    #[error("lock state folder {}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// The folder cannot be made.
    #[error(transparent)]
    Folder(#[from] state_file::FileError),
}

/// The exclusive use of a state folder, given up on drop.
#[derive(Debug)]
pub struct Lock {
    folder: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock without waiting, creating the folder where it is missing.
    ///
    /// # Errors
    /// Where another process holds the lock or the file system refuses.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        state_file::create_folder(folder)?;
        let failed = |source| LockError::Io {
            folder: folder.to_owned(),
            source,
        };
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(LOCK))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    folder: folder.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let lock = Self {
            folder: folder.to_owned(),
            file,
        };
        lock.withdraw();
        Ok(lock)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the lock still keeps others out: a folder that was removed and
    /// made again has another lock file, which another process may hold.
    pub fn stands(&self) -> bool {
        let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        let held = self.file.metadata().map(identity);
        let named = fs::metadata(self.folder.join(LOCK)).map(identity);
        matches!((held, named), (Ok(held), Ok(named)) if held == named)
    }

    /// Tells other processes where this one serves the folder.
    ///
    /// # Errors
    /// What the file system refused.
    pub fn advertise(&self, url: &str) -> Result<(), state_file::FileError> {
        state_file::replace_for_now(&self.folder.join(ENDPOINT), url.as_bytes())
    }

    /// Takes the advertisement back. A file that cannot be removed does no
    /// harm: whoever reads it finds nobody there.
    pub fn withdraw(&self) {
        let _ = fs::remove_file(self.folder.join(ENDPOINT));
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.stands() {
            self.withdraw();
        }
    }
}

/// Where the holder of the lock on `folder` says that it serves.
pub fn advertised(folder: &Path) -> Option<String> {
    let url = fs::read_to_string(folder.join(ENDPOINT)).ok()?;
    let url = url.trim();
    (!url.is_empty()).then(|| url.to_owned())
}
