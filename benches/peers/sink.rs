//! Stands for the X-Ray API: takes segments, counts them, and takes its time
//! over every answer.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::serve::ListenerExt;
use http::Uri;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// How long nothing may arrive before what is missing counts as lost.
const LOST: Duration = Duration::from_secs(5);

pub(crate) struct Sink {
    pub(crate) url: String,
    state: Arc<Taken>,
}

struct Taken {
    segments: AtomicU64,
    delay: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    trace_segment_documents: Vec<IgnoredAny>,
}

impl Sink {
    /// Serves until the runtime ends.
    pub(crate) fn start(runtime: &Runtime, delay: Duration) -> Self {
        let state = Arc::new(Taken {
            segments: AtomicU64::new(0),
            delay,
        });
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        let router = Router::new()
            .fallback(answer)
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(Arc::clone(&state));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// Waits until `segments` have arrived, or no more arrive. Returns how many
    /// have, and when the last did.
    pub(crate) fn wait_for(&self, segments: u64) -> (u64, Instant) {
        let (mut arrived, mut last) = (0, Instant::now());
        loop {
            let now = self.state.segments.load(Ordering::Relaxed);
            if now > arrived {
                (arrived, last) = (now, Instant::now());
            }
            if arrived >= segments || last.elapsed() > LOST {
                return (arrived, last);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

async fn answer(State(taken): State<Arc<Taken>>, uri: Uri, body: Bytes) -> &'static str {
    if uri.path() != "/TraceSegments" {
        return "{}";
    }
    let put: Put = serde_json::from_slice(&body).unwrap();
    let segments = u64::try_from(put.trace_segment_documents.len()).unwrap();
    tokio::time::sleep(taken.delay).await;
    taken.segments.fetch_add(segments, Ordering::Relaxed);
    r#"{"UnprocessedTraceSegments":[]}"#
}
