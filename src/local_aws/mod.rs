//! The embedded AWS: X-Ray and its neighbours in one process, with state kept
//! in a folder, no account and no network.
//!
//! X-Ray is our own (`xray`): its control plane, and of its data plane what
//! clients write (segments go where a [`TraceSink`] takes them); KMS, CloudWatch Logs, STS and
//! the other neighbours are the `winterbaume-*` crates, corrected where xrayctl
//! needs it ([`neighbours`]).
//! [`LocalAws`] answers HTTP requests as AWS does; [`connector`] lets AWS SDK
//! clients call it within the process, [`server`] serves it over TCP, also as the
//! X-Ray daemon does, [`access()`]
//! finds out which of the two a state folder calls for.
//!
//! It refuses to check signatures (there are no secrets), to be a second process
//! on one folder, and to lose what it acknowledged. Used by `--local` and by the
//! `local-collector` binary.

mod access;
mod clock;
pub mod connector;
mod hub;
mod listening;
mod lock;
pub mod neighbours;
mod queries;
mod reply;
mod routing;
pub mod server;
pub mod service;
mod state_file;
mod store;
mod trace_sink;
mod xray;
mod xray_service;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};

pub use access::{Access, access};
pub use clock::Clock;
use hub::Hub;
pub use listening::{ListenError, Listening};
use lock::Lock;
pub use lock::LockError;
use serde_json::Value;
use service::Service;
pub use state_file::{FileError, SnapshotError};
pub use store::RestoreError;
use store::Store;
pub use trace_sink::{NotKept, Recent, TraceSink};
pub use xray::GroupView;
pub use xray_service::RegionGroups;

use crate::traces::{Source, Window};

/// Account of an embedded AWS that is not told another: the account of AWS's
/// own documentation, which no customer has.
pub const DEFAULT_ACCOUNT: &str = "123456789012";
/// Region where neither command line nor environment names one.
pub const DEFAULT_REGION: &str = "us-east-1";
/// How long changes of encryption and trace destination stay unfinished: long
/// enough to catch clients that do not wait, too short to be a nuisance.
pub const DEFAULT_SETTLE: Duration = Duration::from_millis(200);

/// How to open an embedded AWS.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the state; created where it is missing.
    pub state_dir: PathBuf,
    /// Account that it stands for, twelve digits.
    pub account_id: String,
    /// Region of requests that name none, as unsigned ones do.
    pub region: String,
    /// How long changes of encryption and trace destination take.
    pub settle: Duration,
    /// The time.
    pub clock: Clock,
}

impl Options {
    /// The defaults, with state in `state_dir`.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            state_dir: state_dir.into(),
            account_id: DEFAULT_ACCOUNT.to_owned(),
            region: DEFAULT_REGION.to_owned(),
            settle: DEFAULT_SETTLE,
            clock: Clock::system(),
        }
    }
}

/// Why an embedded AWS does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The account is not an account id.
    #[error("account `{0}` is not twelve digits")]
    Account(String),
    /// The region is not a region name.
    #[error("region `{0}` is not the name of a region")]
    Region(String),
    /// The neighbours hold one account a process.
    #[error("this process already embeds account {open}; it cannot also embed {wanted}")]
    SecondAccount {
        /// The account in use.
        open: String,
        /// The account asked for.
        wanted: String,
    },
    /// The folder is in use, or cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The folder stayed in use for as long as the caller would wait.
    #[error(
        "state folder {} is still in use by another process after {} s",
        folder.display(), waited.as_secs_f64()
    )]
    StillHeld {
        /// The folder.
        folder: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The state cannot be read.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

/// An embedded AWS: one account, any region, the sole user of its state folder.
pub struct LocalAws {
    hub: Hub,
    clock: Clock,
    xray: Arc<xray_service::Xray>,
    lock: Arc<Lock>,
}

impl LocalAws {
    /// Locks the state folder and restores what is in it.
    ///
    /// # Errors
    /// Where an option is wrong, another process uses the folder, or a file in
    /// it cannot be read; no file is ever discarded.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let Options {
            state_dir,
            account_id,
            region,
            settle,
            clock,
        } = options;
        if account_id.len() != 12 || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(OpenError::Account(account_id));
        }
        if !routing::is_region(&region) {
            return Err(OpenError::Region(region));
        }
        claim_account(&account_id)?;
        let lock = Arc::new(Lock::take(&state_dir)?);
        let xray = Arc::new(xray_service::Xray::new(&account_id, settle, clock.clone()));
        let mut services: Vec<Arc<dyn Service>> = vec![Arc::<xray_service::Xray>::clone(&xray)];
        services.extend(neighbours::all(&account_id, &clock, settle));
        let store = Store::new(Arc::clone(&lock));
        store.restore(&account_id, &services)?;
        let hub = Hub {
            account: account_id,
            region,
            services,
            store,
        };
        Ok(Self {
            hub,
            clock,
            xray,
            lock,
        })
    }

    /// Answers a request as AWS does. Returns only once what it changed is on
    /// disk; dropping the future early leaves the change made or not made, as a
    /// connection lost to AWS does.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        Self::finished(self.hub.dispatch(request).await)
    }

    /// Answers a request that came for the X-Ray daemon: one to X-Ray, in
    /// [`Self::region`], whether it is signed or not.
    pub async fn handle_daemon(&self, request: Request<Bytes>) -> Response<Bytes> {
        Self::finished(self.hub.xray(request).await)
    }

    fn finished(mut response: Response<Bytes>) -> Response<Bytes> {
        if response.status() == StatusCode::NO_CONTENT {
            // Some neighbours put a body there, for which clients would wait.
            response.body_mut().clear();
        }
        reply::stamp(&mut response);
        response
    }

    /// Sends the documents that `PutTraceSegments` accepts to `sink` from now on;
    /// false where there was a sink before, which stays. Without one the last of
    /// them are kept in [`Self::recent_segments`].
    pub fn attach_trace_sink(&self, sink: Arc<dyn TraceSink>) -> bool {
        self.xray.attach(sink)
    }

    /// Reads the traces that are asked for from `source` from now on; false where
    /// there was one before, which stays. Without one they are those of
    /// [`Self::recent_segments`].
    pub fn attach_traces(&self, source: Arc<dyn Source>) -> bool {
        self.xray.attach_source(source)
    }

    /// The last documents accepted while there was no sink.
    pub fn recent_segments(&self) -> &Recent {
        self.xray.recent()
    }

    /// Counts the traces that began in a window of time, for each of these filter
    /// expressions those that match it, and all of them where it is `None`; or
    /// says why they cannot be counted. Blocks: it reads the traces, once.
    pub fn count_traces(
        &self,
        window: Window,
        filters: &[Option<String>],
    ) -> Vec<Result<u64, String>> {
        self.xray.count_traces(window, filters)
    }

    /// The groups of every region that X-Ray is in use in.
    pub fn groups(&self) -> Vec<RegionGroups> {
        self.xray.groups()
    }

    /// Calls the AWS JSON operation `target` of `service` (as in signatures) in
    /// `region`, as any client would.
    pub async fn call(
        &self,
        region: &str,
        service: &str,
        target: &str,
        body: &Value,
    ) -> Response<Bytes> {
        self.hub.call(region, service, target, body).await
    }

    /// The time that it goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Tells other processes that the folder is served at `url`.
    fn advertise(&self, url: &str) -> Result<(), FileError> {
        self.lock.advertise(url)
    }

    /// The account that it stands for.
    pub fn account_id(&self) -> &str {
        &self.hub.account
    }

    /// The region of requests that name none.
    pub fn region(&self) -> &str {
        &self.hub.region
    }

    /// The folder of the state.
    pub fn state_dir(&self) -> &Path {
        self.lock.folder()
    }
}

impl fmt::Debug for LocalAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalAws")
            .field("account", &self.hub.account)
            .field("region", &self.hub.region)
            .field("state_dir", &self.lock.folder())
            .finish_non_exhaustive()
    }
}

/// The first account of a process is its only one: `winterbaume` takes the
/// account from a process-wide setting that can be made once.
fn claim_account(account: &str) -> Result<(), OpenError> {
    static ACCOUNT: OnceLock<String> = OnceLock::new();
    let open = ACCOUNT.get_or_init(|| {
        winterbaume_core::set_default_account_id(account);
        account.to_owned()
    });
    if open == account {
        return Ok(());
    }
    Err(OpenError::SecondAccount {
        open: open.clone(),
        wanted: account.to_owned(),
    })
}

/// The region that the environment names as AWS tools read it, or else
/// [`DEFAULT_REGION`].
pub fn region_from_environment() -> String {
    ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|region| !region.is_empty())
        .unwrap_or_else(|| DEFAULT_REGION.to_owned())
}
