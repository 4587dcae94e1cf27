//! What an exporter sends to, as its queue sees it.

use std::time::Duration;

use crate::collector::{Parcel, Reason};

/// One request to a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<B> {
    /// What is sent.
    pub body: B,
    /// The spans and segment documents in it.
    pub items: usize,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The destination took it, but for some spans or segments.
    Sent {
        /// What it did not take. The destination's own code says why in the log.
        rejected: usize,
    },
    /// It may go well later.
    Later {
        /// What the destination asks to wait.
        after: Option<Duration>,
        /// What happened.
        why: String,
    },
    /// It will never go well.
    Never {
        /// As it is counted.
        reason: Reason,
        /// What happened.
        why: String,
    },
}

/// Requests, made one after another as there is room for them.
pub type Pieces<'a, B> = Box<dyn Iterator<Item = Piece<B>> + Send + 'a>;

/// Somewhere that traces are sent. It knows the protocol; queue, retries and
/// counters are its [`Queue`](super::Queue)'s.
pub trait Destination: Send + Sync + 'static {
    /// A request, ready to be sent as often as it takes.
    type Body: Send + Sync + 'static;

    /// Cuts a parcel into requests.
    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, Self::Body>;

    /// Sends one. May be dropped at any time.
    fn send(&self, body: &Self::Body) -> impl Future<Output = Outcome> + Send;
}
