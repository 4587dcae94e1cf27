//! How to reach the embedded AWS of a state folder: in this process, or through
//! the process that serves it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::lock::{self, LockError};
use super::server;
use super::{LocalAws, OpenError, Options};

/// Time between two tries for the lock.
const PAUSE: Duration = Duration::from_millis(25);

/// The embedded AWS of a state folder.
#[derive(Debug)]
pub enum Access {
    /// Opened by this process.
    InProcess(Arc<LocalAws>),
    /// Served by another process at this URL.
    Served(String),
}

/// Opens the folder of `options`, or finds who serves it. Where another process
/// uses the folder without serving it, waits for at most `wait`.
///
/// # Errors
/// Where the folder cannot be opened, or stays in use.
pub async fn access(options: Options, wait: Duration) -> Result<Access, OpenError> {
    let folder = options.state_dir.clone();
    let started = Instant::now();
    loop {
        match LocalAws::open(options.clone()) {
            Err(OpenError::Lock(LockError::Held { .. })) => {}
            Err(error) => return Err(error),
            Ok(local) => return Ok(Access::InProcess(Arc::new(local))),
        }
        if let Some(url) = lock::advertised(&folder)
            && server::is_serving(&url).await
        {
            return Ok(Access::Served(url));
        }
        if started.elapsed() >= wait {
            return Err(OpenError::StillHeld {
                folder,
                waited: wait,
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
