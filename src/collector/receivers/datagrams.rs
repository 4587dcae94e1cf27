//! Reading datagrams: all that wait in one go, on a thread of its own.
//!
//! A runtime that watches a socket is woken for every datagram. A thread that
//! sleeps for a moment and then reads what the system has gathered is woken
//! some sixty times a second, whatever comes; what comes meanwhile waits
//! in the socket's buffer, which is made as large as the system allows.
//!
//! Nobody can be refused over UDP. So the thread never waits for the chain: it
//! reads on, and counts what there is no room for, and what the system says that
//! it dropped because the socket's buffer was full.

use std::io;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Intake;
use super::incoming::{Incoming, Wait};
use super::overflow::Overflow;
use crate::collector::{Charge, Counters, Memory, Parcel, Reason};
use std::sync::Arc;

/// Bytes of the receive buffer that are asked for. The system cuts this to what
/// it allows (`net.core.rmem_max`), but for those who administer its network.
const RECEIVE_BUFFER: usize = 16 * 1024 * 1024;
/// Bytes of receive buffer that a millisecond of the fastest sender may fill.
const BYTES_A_MILLISECOND: usize = 256 * 1024;
/// The longest sleep between two looks at the socket, in milliseconds.
const MOST_PAUSE: usize = 16;
/// Datagrams that travel as one parcel at most.
const MOST_DATAGRAMS: usize = 512;
/// Bytes that travel as one parcel, after which it is closed.
const MOST_BYTES: usize = 1024 * 1024;
/// How long the first datagram of a parcel waits for others.
const GATHERING: Duration = Duration::from_millis(50);
/// How often the system is asked what it dropped, while datagrams come.
const ASKING: Duration = Duration::from_secs(1);
/// How often a thread without datagrams looks whether it should stop.
const IDLE: Duration = Duration::from_millis(200);
/// How long datagrams that were sent before the stop are read after it.
const LAST_LOOK: Duration = Duration::from_secs(1);
/// How long to wait after an error of the system.
const AFTER_ERROR: Duration = Duration::from_millis(50);

/// Makes parcels of the datagrams of one protocol.
pub(super) trait Reading: Send + 'static {
    /// What the receiver is called in counters.
    const NAME: &'static str;
    /// Bytes of a datagram at most.
    const MOST_BYTES: usize;

    /// Takes one, and tells how many bytes it keeps of it; or why it does not.
    fn take(&mut self, datagram: &[u8], counters: &Counters) -> Result<usize, Reason>;

    /// Gives out what was taken since the last call, and counts it.
    fn parcel(&mut self, charge: Charge, counters: &Counters) -> Parcel;
}

/// Reads `socket` until `stop`, and then what still waits in it.
pub(super) async fn serve<R: Reading>(
    socket: UdpSocket,
    intake: Intake,
    reading: R,
    stop: CancellationToken,
) {
    let (sender, mut parcels) = mpsc::unbounded_channel();
    let reader = Reader {
        pause: prepared(&socket),
        overflow: Overflow::of(&socket),
        came: None,
        memory: Arc::clone(&intake.memory),
        counters: intake.counters.clone(),
        reading,
        parcels: sender,
        stop,
    };
    let thread = tokio::task::spawn_blocking(move || reader.run(socket));
    // The channel is as long as there is memory for what is in it.
    while let Some(parcel) = parcels.recv().await {
        intake.next.consume(parcel).await;
    }
    if let Err(error) = thread.await {
        tracing::error!(%error, receiver = R::NAME, "the receiver ended");
    }
}

/// Makes the receive buffer as large as it gets. Returns how long datagrams may
/// wait in it; nothing where it is too small for any wait.
fn prepared(socket: &UdpSocket) -> Duration {
    let is_forced = is_forced(socket);
    let socket = SockRef::from(socket);
    let asked = if is_forced {
        Ok(())
    } else {
        socket.set_recv_buffer_size(RECEIVE_BUFFER)
    };
    let size = asked
        .and_then(|()| socket.recv_buffer_size())
        .unwrap_or_else(|error| {
            tracing::warn!(%error, "the receive buffer keeps its size");
            0
        });
    let milliseconds = (size / BYTES_A_MILLISECOND).min(MOST_PAUSE);
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
}

/// Tells whether the receive buffer has the size that is wanted: Linux gives it
/// to those who administer the network (`CAP_NET_ADMIN`).
fn is_forced(socket: &UdpSocket) -> bool {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::socket::{setsockopt, sockopt::RcvBufForce};
        setsockopt(socket, RcvBufForce, &RECEIVE_BUFFER).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = socket;
        false
    }
}

/// The thread.
struct Reader<R> {
    pause: Duration,
    overflow: Overflow,
    /// When the first datagram came since the overflow was asked for.
    came: Option<Instant>,
    memory: Arc<Memory>,
    counters: Counters,
    reading: R,
    parcels: mpsc::UnboundedSender<Parcel>,
    stop: CancellationToken,
}

/// A parcel in the making.
#[derive(Default)]
struct Gathered {
    charge: Option<Charge>,
    datagrams: usize,
    bytes: usize,
    since: Option<Instant>,
}

impl Gathered {
    fn is_full(&self) -> bool {
        self.datagrams >= MOST_DATAGRAMS || self.bytes >= MOST_BYTES
    }

    fn is_old(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= GATHERING)
    }
}

impl<R: Reading> Reader<R> {
    fn run(mut self, socket: UdpSocket) {
        let mut gathered = Gathered::default();
        let mut stopped: Option<Instant> = None;
        if let Err(error) = socket.set_read_timeout(Some(IDLE)) {
            tracing::error!(%error, receiver = R::NAME, "cannot read the socket");
            return;
        }
        // One byte more, to see that a datagram is too large.
        let mut incoming = Incoming::of(socket, R::MOST_BYTES + 1);
        loop {
            let is_empty = self.read_all(&mut incoming, &mut gathered);
            if stopped.is_none() && self.is_stopped() {
                stopped = Some(Instant::now());
                // What came before the stop may have come after the last look.
                continue;
            }
            if let Some(at) = stopped {
                if is_empty || at.elapsed() >= LAST_LOOK {
                    break;
                }
            } else if is_empty {
                self.hand_on(&mut gathered);
                self.read(&mut incoming, Wait::ForOne, &mut gathered);
            } else if gathered.is_old() {
                self.hand_on(&mut gathered);
            }
            if self.came.is_some_and(|at| at.elapsed() >= ASKING) {
                self.count_overflow();
            }
            if stopped.is_none() && gathered.since.is_some() {
                std::thread::sleep(self.pause);
            }
        }
        self.hand_on(&mut gathered);
        self.count_overflow();
    }

    /// Tells whether it should end: also where nobody takes parcels any more.
    fn is_stopped(&self) -> bool {
        self.stop.is_cancelled() || self.parcels.is_closed()
    }

    /// Reads what waits. Tells whether that was nothing.
    fn read_all(&mut self, incoming: &mut Incoming, gathered: &mut Gathered) -> bool {
        let mut read = 0;
        // Bounded, so that a stop is seen however much comes.
        while read < MOST_DATAGRAMS {
            match self.read(incoming, Wait::No, gathered) {
                0 => return read == 0,
                more => read += more,
            }
        }
        false
    }

    /// Reads some of what waits, or what comes. Tells how many datagrams that were.
    fn read(&mut self, incoming: &mut Incoming, wait: Wait, gathered: &mut Gathered) -> usize {
        let mut read = 0;
        let result = incoming.read(wait, |datagram| {
            read += 1;
            self.take(datagram, gathered);
        });
        if let Err(error) = result {
            look_at(R::NAME, &error);
        }
        read
    }

    /// Counts what the system dropped.
    fn count_overflow(&mut self) {
        let more = self.overflow.more();
        if more > 0 {
            self.counters.refused(R::NAME, Reason::QueueFull, more);
        }
        self.came = None;
    }

    fn take(&mut self, datagram: &[u8], gathered: &mut Gathered) {
        self.came.get_or_insert_with(Instant::now);
        let taken = self.keep(datagram, gathered);
        if let Ok(bytes) = taken {
            gathered.bytes += bytes;
            gathered.datagrams += 1;
            gathered.since.get_or_insert_with(Instant::now);
        }
        if let Some(charge) = &mut gathered.charge {
            // What is kept may be more or less than what came.
            charge.settle(gathered.bytes);
        }
        match taken {
            Ok(_) if gathered.is_full() => self.hand_on(gathered),
            Ok(_) => {}
            Err(reason) => self.counters.refused(R::NAME, reason, 1),
        }
    }

    fn keep(&mut self, datagram: &[u8], gathered: &mut Gathered) -> Result<usize, Reason> {
        if datagram.len() > R::MOST_BYTES {
            return Err(Reason::TooLarge);
        }
        let has_room = match &mut gathered.charge {
            Some(charge) => charge.grow(datagram.len()),
            none => {
                *none = self.memory.charge(datagram.len());
                none.is_some()
            }
        };
        if !has_room {
            // What is held may be what fills the memory.
            self.hand_on(gathered);
            return Err(Reason::NoRoom);
        }
        self.reading.take(datagram, &self.counters)
    }

    fn hand_on(&mut self, gathered: &mut Gathered) {
        let Gathered {
            charge, datagrams, ..
        } = std::mem::take(gathered);
        let Some(charge) = charge.filter(|_| datagrams > 0) else {
            return;
        };
        let parcel = self.reading.parcel(charge, &self.counters);
        if !parcel.is_empty() {
            // Who takes parcels outlives the thread.
            let _ = self.parcels.send(parcel);
        }
    }
}

/// Nothing to read is no error; others of UDP pass.
fn look_at(receiver: &'static str, error: &io::Error) {
    let is_nothing = matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    );
    if !is_nothing {
        tracing::warn!(%error, receiver, "cannot read a datagram");
        std::thread::sleep(AFTER_ERROR);
    }
}
