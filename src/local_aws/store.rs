//! Durability: a change is acknowledged only once its snapshot is on disk.
//!
//! Each slot counts its changes. A writer stores the newest state, so that all
//! changes made while it waited for the disk share its write. Where a write
//! fails, the state in memory goes back to what is on disk and every change that
//! was not written is reported as failed.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::Mutex as AsyncMutex;

use super::lock::Lock;
use super::service::{Service, StateError};
use super::state_file::{self, FileError, Slot, SnapshotError};

/// Why a change was not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The state cannot be written as JSON.
    #[error("encode the state of {service}")]
    Encode {
        /// The service.
        service: String,
        /// What the encoder says.
        #[source]
        source: serde_json::Error,
    },
    /// The service cannot give its state.
    #[error(transparent)]
    State(#[from] StateError),
    /// Another change that shared the write failed to be stored.
    #[error("the change was undone because the state could not be written")]
    Undone,
    /// The folder, or its lock, was removed under our feet.
    #[error("state folder {} was removed while it was in use", folder.display())]
    Removed {
        /// The folder.
        folder: PathBuf,
    },
    /// The process is shutting down.
    #[error("the state was not written because the process is stopping")]
    Stopped,
}

/// All slots of a state folder.
pub struct Store {
    lock: Arc<Lock>,
    cells: Mutex<HashMap<Slot, Arc<Cell>>>,
}

/// One slot: whose turn it is, how often it changed, and what is on disk.
pub struct Cell {
    slot: Slot,
    path: PathBuf,
    service: Arc<dyn Service>,
    /// A write that outlives the request that asked for it, and even the whole
    /// embedded AWS, still keeps other processes out.
    lock: Arc<Lock>,
    /// Held while a request of this slot runs; counts the changes.
    turn: AsyncMutex<u64>,
    /// Held while the slot is written.
    disk: Arc<AsyncMutex<Disk>>,
}

#[derive(Default)]
struct Disk {
    /// Change up to which the file is complete.
    stored: u64,
    /// State on disk; none where there is no file.
    state: Option<Value>,
    /// Changes that were undone.
    undone: Vec<RangeInclusive<u64>>,
}

impl Store {
    /// A store over the folder that `lock` is on, with nothing read yet.
    pub fn new(lock: Arc<Lock>) -> Self {
        Self {
            lock,
            cells: Mutex::new(HashMap::new()),
        }
    }

    /// Puts the state of every snapshot of `account` back into its service.
    /// Snapshots of services that this release does not have are left alone.
    ///
    /// # Errors
    /// Where a file cannot be read or is not a snapshot.
    pub fn restore(
        &self,
        account: &str,
        services: &[Arc<dyn Service>],
    ) -> Result<(), RestoreError> {
        for (slot, path) in state_file::slots(self.lock.folder(), account)? {
            let found = services.iter().find(|s| s.name() == slot.service);
            let Some(service) = found else { continue };
            let bytes = state_file::read(&path)?;
            let state = state_file::decode(&path, &slot.service, &bytes)?;
            service
                .restore(&slot.region, &state)
                .map_err(|source| RestoreError::State { path, source })?;
            let cell = self.cell(&slot, service);
            if let Ok(mut disk) = cell.disk.try_lock() {
                disk.state = Some(state);
            }
        }
        Ok(())
    }

    /// The cell of a slot, made where there is none.
    pub fn cell(&self, slot: &Slot, service: &Arc<dyn Service>) -> Arc<Cell> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = cells.entry(slot.clone()).or_insert_with(|| {
            Arc::new(Cell {
                slot: slot.clone(),
                path: state_file::path_of(self.lock.folder(), slot),
                lock: Arc::clone(&self.lock),
                service: Arc::clone(service),
                turn: AsyncMutex::new(0),
                disk: Arc::new(AsyncMutex::new(Disk::default())),
            })
        });
        Arc::clone(cell)
    }
}

/// Why a state folder cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is not a snapshot.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A file is JSON, but not the state of its service.
    #[error("state file {} is corrupt", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What the service says.
        #[source]
        source: StateError,
    },
}

impl Cell {
    /// Waits for the turn of one request. The number is that of the last change.
    pub async fn turn(&self) -> tokio::sync::MutexGuard<'_, u64> {
        self.turn.lock().await
    }

    /// Returns once change `number` is on disk.
    ///
    /// # Errors
    /// Where it could not be written; it is undone then.
    pub async fn commit(self: &Arc<Self>, number: u64) -> Result<(), StoreError> {
        let mut disk = Arc::clone(&self.disk).lock_owned().await;
        if disk.undone.iter().any(|range| range.contains(&number)) {
            return Err(StoreError::Undone);
        }
        if disk.stored >= number {
            return Ok(());
        }
        let cell = Arc::clone(self);
        tokio::task::spawn_blocking(move || cell.write(&mut disk))
            .await
            .unwrap_or(Err(StoreError::Stopped))
    }

    /// Writes the newest state. Runs on a thread that may block.
    fn write(&self, disk: &mut Disk) -> Result<(), StoreError> {
        let (number, state) = {
            let turn = self.turn.blocking_lock();
            (*turn, self.service.snapshot(&self.slot.region)?)
        };
        let result = self.store(&state);
        if result.is_ok() {
            disk.stored = number;
            disk.state = Some(state);
            return result;
        }
        let turn = self.turn.blocking_lock();
        disk.undone.push(disk.stored + 1..=*turn);
        disk.stored = *turn;
        self.service.restore(
            &self.slot.region,
            disk.state.as_ref().unwrap_or(&Value::Null),
        )?;
        result
    }

    fn store(&self, state: &Value) -> Result<(), StoreError> {
        if !self.lock.stands() {
            let folder = self.lock.folder().to_owned();
            return Err(StoreError::Removed { folder });
        }
        let bytes =
            state_file::encode(&self.slot.service, state).map_err(|source| StoreError::Encode {
                service: self.slot.service.clone(),
                source,
            })?;
        if let Some(folder) = self.path.parent() {
            state_file::create_folder(folder)?;
        }
        Ok(state_file::replace(&self.path, &bytes)?)
    }
}
