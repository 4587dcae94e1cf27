//! The links of the chain that traces go along.

use async_trait::async_trait;

use super::parcel::Parcel;

/// Takes traces: a processor, which hands them to the next, or the end of the
/// chain. Whether there is room was asked at the door, of [`super::Memory`]:
/// from there on nothing is refused.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// Takes a parcel. Returns when the next may be sent: this is how a slow
    /// end slows receivers down.
    async fn consume(&self, parcel: Parcel);

    /// Hands on what is held back, since no more will come.
    async fn drain(&self);
}
