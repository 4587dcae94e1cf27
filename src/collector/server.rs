//! HTTP on a listener: what every receiver and page of the collector shares.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What a client of HTTP/2 begins with (RFC 9113, 3.4).
const HTTP2: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long to wait where a client has said only a part of that.
const PART: Duration = Duration::from_millis(50);
/// How long a client may take over the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait where the system has no more room for connections.
const FULL: Duration = Duration::from_millis(50);

/// Which versions of HTTP are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocols {
    /// HTTP/1.1, and HTTP/2 for those who begin with it.
    Any,
    /// HTTP/2 alone, as gRPC has it.
    Http2,
}

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// The body of an answer.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static;

    /// Answers one.
    fn answer(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// A listener and who answers on it.
pub struct Listening<H> {
    listener: TcpListener,
    protocols: Protocols,
    handler: Arc<H>,
}

impl<H: Handler> Listening<H> {
    /// Answers with `handler` on `listener`.
    pub fn new(listener: TcpListener, protocols: Protocols, handler: Arc<H>) -> Self {
        Self {
            listener,
            protocols,
            handler,
        }
    }

    /// Serves until `stop`, then lets requests in flight finish for as long as
    /// `grace`.
    pub async fn serve(self, stop: CancellationToken, grace: Duration) {
        let graceful = GracefulShutdown::new();
        let mut builder = auto::Builder::new(TokioExecutor::new());
        if self.protocols == Protocols::Http2 {
            builder = builder.http2_only();
        }
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            // Head and body of an answer leave in one packet.
            .writev(true)
            .http2()
            .timer(TokioTimer::new())
            .adaptive_window(true)
            .keep_alive_interval(Some(HEAD_TIMEOUT));
        let builder = Arc::new(builder);
        loop {
            let stream = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            let stream = match stream {
                Ok((stream, _)) => stream,
                Err(error) => {
                    wait_for_room(&error).await;
                    continue;
                }
            };
            without_delay(&stream);
            let handler = Arc::clone(&self.handler);
            let service = service_fn(move |request| {
                let handler = Arc::clone(&handler);
                async move { Ok::<_, Infallible>(handler.answer(request).await) }
            });
            let (builder, watcher, stop) = (Arc::clone(&builder), graceful.watcher(), stop.clone());
            tokio::spawn(async move {
                tokio::select! {
                    biased;
                    begins = begins(&stream) => if !begins { return },
                    () = stop.cancelled() => return,
                }
                let connection = builder
                    .serve_connection(TokioIo::new(stream), service)
                    .into_owned();
                if let Err(error) = watcher.watch(connection).await {
                    tracing::debug!(error, "connection ended");
                }
            });
        }
        // Nobody new is taken while the others finish.
        drop(self.listener);
        let _ = tokio::time::timeout(grace, graceful.shutdown()).await;
    }
}

/// Waits until a client begins to speak, as long as it may take over a head; tells
/// whether it does. Limits of hyper hold once the version of HTTP is known: who
/// says nothing, or half of what HTTP/2 begins with, would stay for ever.
async fn begins(stream: &TcpStream) -> bool {
    let mut first = [0; HTTP2.len()];
    let known = async {
        loop {
            match stream.peek(&mut first).await {
                Err(_) | Ok(0) => return false,
                Ok(length) if length < first.len() && HTTP2.starts_with(&first[..length]) => {
                    tokio::time::sleep(PART).await;
                }
                Ok(_) => return true,
            }
        }
    };
    tokio::time::timeout(HEAD_TIMEOUT, known).await == Ok(true)
}

/// A connection that was gone before it was taken is nothing; a system without
/// file descriptors is waited for.
async fn wait_for_room(error: &io::Error) {
    let is_gone = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !is_gone {
        tracing::warn!(%error, "cannot accept a connection");
        tokio::time::sleep(FULL).await;
    }
}

fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY not set");
    }
}
