//! Bodies of gRPC that are read no further than there is room, and no longer than a
//! sender may take: the library that reads messages out of them bounds neither.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;
use tonic::Status;

use super::body::{BodyError, MOST_BYTES, TIMEOUT};
use crate::collector::{Charge, Counters, Memory};

/// Bytes before a message: whether it is packed, and how long it is.
const PREFIX: usize = 5;

/// Room for a request while it is read.
#[derive(Clone)]
pub(super) struct Room(Arc<Mutex<Held>>);

struct Held {
    /// `None` once it is taken.
    charge: Option<Charge>,
    /// Bytes of it.
    bytes: usize,
    read: usize,
}

impl Room {
    /// Begins with none; `None` where there is less.
    pub(super) fn of(memory: &Arc<Memory>) -> Option<Self> {
        let held = Held {
            charge: Some(memory.charge(0)?),
            bytes: 0,
            read: 0,
        };
        Some(Self(Arc::new(Mutex::new(held))))
    }

    /// The room for a message, unpacked; `None` where there is none.
    pub(super) fn take(&self, bytes: usize) -> Option<Charge> {
        let mut held = self.held();
        if !held.reach(bytes) {
            return None;
        }
        let mut charge = held.charge.take()?;
        charge.settle(bytes);
        Some(charge)
    }

    /// Makes room for data that came, and at its beginning for all that follows.
    fn read(&self, data: &[u8]) -> bool {
        let mut held = self.held();
        let mut all = held.read + data.len();
        if held.read == 0
            && let Some(mut prefix) = data.get(1..PREFIX)
        {
            let said = usize::try_from(prefix.get_u32()).unwrap_or(usize::MAX);
            all = all.max(said.min(MOST_BYTES) + PREFIX);
        }
        held.read += data.len();
        held.reach(all)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Takes what is missing to so many bytes.
    fn reach(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let is_room = self.charge.as_mut().is_none_or(|charge| charge.grow(more));
        if is_room {
            self.bytes += more;
        }
        is_room
    }
}

/// A body that takes room as it is read.
pub(super) struct Metered {
    body: Incoming,
    room: Room,
    deadline: Pin<Box<Sleep>>,
    receiver: &'static str,
    counters: Counters,
}

impl Metered {
    /// Reads `body`, and counts for `receiver` where it cannot.
    pub(super) fn new(
        body: Incoming,
        room: Room,
        receiver: &'static str,
        counters: Counters,
    ) -> Self {
        Self {
            body,
            room,
            deadline: Box::pin(tokio::time::sleep(TIMEOUT)),
            receiver,
            counters,
        }
    }

    fn refuse(&self, error: BodyError) -> Status {
        self.counters.refused(self.receiver, error.reason(), 1);
        match error {
            BodyError::TooSlow => Status::deadline_exceeded(error.to_string()),
            _ => Status::unavailable(error.to_string()),
        }
    }
}

impl Body for Metered {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
            let is_over = self.deadline.as_mut().poll(context).is_ready();
            return if is_over {
                Poll::Ready(Some(Err(self.refuse(BodyError::TooSlow))))
            } else {
                Poll::Pending
            };
        };
        let Some(frame) = frame else {
            return Poll::Ready(None);
        };
        Poll::Ready(Some(match frame {
            Ok(frame) if frame.data_ref().is_none_or(|data| self.room.read(data)) => Ok(frame),
            Ok(_) => Err(self.refuse(BodyError::NoRoom)),
            Err(error) => Err(Status::from_error(Box::new(error))),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_for_what_is_said_and_for_what_comes() {
        let memory = Memory::new(100);
        let room = Room::of(&memory).unwrap();
        assert!(room.read(&[0, 0, 0, 0, 20, 1, 2]));
        assert_eq!(memory.used(), 25);
        assert!(room.read(&[0; 18]));
        assert_eq!(memory.used(), 25);
        assert!(room.read(&[0; 30]));
        assert_eq!(memory.used(), 55);
        assert!(!room.read(&[0; 50]));
        assert!(room.take(101).is_none());
        let charge = room.take(60).unwrap();
        assert_eq!(memory.used(), 60);
        drop((charge, room));
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn what_says_that_it_is_too_long_takes_no_more_than_may_come() {
        let memory = Memory::new(MOST_BYTES);
        let room = Room::of(&memory).unwrap();
        assert!(!room.read(&[0, 255, 255, 255, 255]));
        let memory = Memory::new(MOST_BYTES + PREFIX);
        let room = Room::of(&memory).unwrap();
        assert!(room.read(&[0, 255, 255, 255, 255]));
    }
}
