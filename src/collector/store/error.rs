//! What can go wrong with the file that traces are kept in.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// The store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The state folder cannot be made.
    #[error("cannot make the folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be made.
    #[error("cannot make `{}`", path.display())]
    Make {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A newer local-collector has written the file.
    #[error(
        "`{}` has schema {found}, and this local-collector knows {known}: \
         take a newer one, or another state folder",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// A build of before the first release has written the file.
    #[error(
        "`{}` is of a build before the first release: move it away to begin a new one",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database of something else.
    #[error("`{}` is not a store of traces: give another state folder", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged. It is left as it is.
    #[error(
        "`{}` is damaged and was left as it is: move it away to begin a new one ({why})",
        path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was seen of it.
        why: String,
    },
    /// The disk, or the room that the store may take, is full.
    #[error("there is no room on the disk for `{}`", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// `SQLite` cannot do it.
    #[error("`{}` cannot be used", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// Traces cannot be packed.
    #[error("traces cannot be packed: {0}")]
    Packing(&'static str),
    /// The thread that writes cannot be started.
    #[error("cannot start the thread that writes traces")]
    Thread(#[source] io::Error),
}

impl StoreError {
    /// Its text and that of its cause, for a log.
    pub(super) fn with_cause(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }
}

/// What went wrong before it is known in which file.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    /// The file cannot be made.
    Make(io::Error),
    /// A block that cannot be read.
    Block(&'static str),
    /// A block that cannot be made.
    Packing(&'static str),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Make(error)
    }
}

impl Fault {
    /// The error, as it is told to a person.
    pub(super) fn of(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        let source = match self {
            Self::Sqlite(source) => source,
            Self::Make(source) if source.kind() == io::ErrorKind::StorageFull => {
                return StoreError::Full { path };
            }
            Self::Make(source) => return StoreError::Make { path, source },
            Self::Packing(why) => return StoreError::Packing(why),
            Self::Block(why) => {
                return StoreError::Corrupt {
                    path,
                    why: why.to_owned(),
                };
            }
        };
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::Corrupt {
                path,
                why: source.to_string(),
            },
            Some(ErrorCode::DiskFull) => StoreError::Full { path },
            _ => StoreError::Sqlite { path, source },
        }
    }
}
