//! A state folder opened and a port taken: all that can fail before serving.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::server::{self, BindError};
use super::{Access, FileError, LocalAws, OpenError, Options, access};

/// Why the embedded AWS does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The state folder cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Another process serves the folder.
    #[error("state folder {} is already served at {url}", folder.display())]
    Served {
        /// The folder.
        folder: PathBuf,
        /// Where.
        url: String,
    },
    /// Other processes cannot be told where the folder is served.
    #[error(transparent)]
    Advertise(#[from] FileError),
    /// The socket does not know its address.
    #[error("read the address of the socket")]
    Address(#[source] io::Error),
}

/// An embedded AWS that is about to serve.
#[derive(Debug)]
pub struct Listening {
    local: Arc<LocalAws>,
    listener: TcpListener,
    url: String,
}

impl Listening {
    /// Takes `address` and opens the folder of `options`, waiting for at most
    /// `wait` where another process uses it for a moment.
    ///
    /// # Errors
    /// Where the address is taken, or the folder is in use or unreadable.
    pub async fn open(
        options: Options,
        address: SocketAddr,
        wait: Duration,
    ) -> Result<Self, ListenError> {
        let folder = options.state_dir.clone();
        let listener = server::bind(address).await?;
        let url = server::url_of(&listener).map_err(ListenError::Address)?;
        match access(options, wait).await? {
            Access::InProcess(local) => {
                // Before anyone is told that the API is there.
                local.advertise(&url)?;
                Ok(Self {
                    local,
                    listener,
                    url,
                })
            }
            Access::Served(url) => Err(ListenError::Served { folder, url }),
        }
    }

    /// The embedded AWS itself, to serve it in other ways as well.
    pub fn local(&self) -> &Arc<LocalAws> {
        &self.local
    }

    /// What the user is told once clients can connect.
    pub fn announcement(&self) -> String {
        format!(
            "AWS API listening on {} (account {}, region {}, state {})",
            self.url,
            self.local.account_id(),
            self.local.region(),
            self.local.state_dir().display()
        )
    }

    /// Serves until `shutdown` completes.
    ///
    /// # Errors
    /// Where the endpoint file cannot be written or the listener fails.
    pub async fn serve(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        server::serve(self.local, self.listener, shutdown).await
    }
}
