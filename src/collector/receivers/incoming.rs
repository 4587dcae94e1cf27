//! Reads datagrams from a socket: on Linux as many with one call of the system as
//! wait, elsewhere one.

use std::io;
use std::net::UdpSocket;

/// Whether to wait where nothing has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    No,
    /// As long as the socket's timeout says.
    ForOne,
}

#[cfg(target_os = "linux")]
pub(super) use many::Incoming;
#[cfg(not(target_os = "linux"))]
pub(super) use one::Incoming;

#[cfg(target_os = "linux")]
mod many {
    use std::io::IoSliceMut;
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{MsgFlags, MultiHeaders, recvmmsg};

    use super::{UdpSocket, Wait, io};

    /// Datagrams that one call reads.
    const MANY: usize = 32;

    /// A socket, and room for the datagrams of one call. What is not touched of that
    /// takes no memory.
    pub(in super::super) struct Incoming {
        socket: UdpSocket,
        memory: Vec<u8>,
        /// Bytes of a slot.
        size: usize,
        headers: MultiHeaders<()>,
    }

    impl Incoming {
        /// Datagrams of `size` bytes; those that are longer are cut.
        pub(in super::super) fn of(socket: UdpSocket, size: usize) -> Self {
            Self {
                socket,
                memory: vec![0; size * MANY],
                size,
                headers: MultiHeaders::preallocate(MANY, None),
            }
        }

        /// Shows what waits, one datagram after the other.
        ///
        /// # Errors
        /// Where nothing waits, and where the system says so.
        pub(in super::super) fn read(
            &mut self,
            wait: Wait,
            mut visit: impl FnMut(&[u8]),
        ) -> io::Result<()> {
            let flags = match wait {
                Wait::No => MsgFlags::MSG_DONTWAIT,
                Wait::ForOne => MsgFlags::MSG_WAITFORONE,
            };
            let slots = self.memory.chunks_exact_mut(self.size);
            let mut slots: Vec<[IoSliceMut<'_>; 1]> =
                slots.map(|slot| [IoSliceMut::new(slot)]).collect();
            let fd = self.socket.as_raw_fd();
            let received = recvmmsg(fd, &mut self.headers, &mut slots, flags, None)?;
            for datagram in received {
                visit(datagram.iovs().next().unwrap_or_default());
            }
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod one {
    use super::{UdpSocket, Wait, io};

    /// A socket, and room for a datagram.
    pub(in super::super) struct Incoming {
        socket: UdpSocket,
        memory: Vec<u8>,
        /// How the socket was made to wait, where it was.
        waits: Option<Wait>,
    }

    impl Incoming {
        /// Datagrams of `size` bytes; those that are longer are cut.
        pub(in super::super) fn of(socket: UdpSocket, size: usize) -> Self {
            Self {
                socket,
                memory: vec![0; size],
                waits: None,
            }
        }

        /// Shows one that waits.
        ///
        /// # Errors
        /// Where nothing waits, and where the system says so.
        pub(in super::super) fn read(
            &mut self,
            wait: Wait,
            mut visit: impl FnMut(&[u8]),
        ) -> io::Result<()> {
            if self.waits != Some(wait) {
                self.socket.set_nonblocking(wait == Wait::No)?;
                self.waits = Some(wait);
            }
            let length = self.socket.recv(&mut self.memory)?;
            visit(&self.memory[..length]);
            Ok(())
        }
    }
}
