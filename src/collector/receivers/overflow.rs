//! What the system dropped of a socket's datagrams, because nobody read them in
//! time: nobody else tells.

use std::net::UdpSocket;

/// Counts the datagrams that a socket has lost, on Linux; elsewhere none, as
/// the system does not say.
#[derive(Debug, Default)]
pub(super) struct Overflow {
    /// The socket's number in the system's table.
    inode: Option<String>,
    counted: u64,
}

impl Overflow {
    #[cfg(target_os = "linux")]
    pub(super) fn of(socket: &UdpSocket) -> Self {
        use std::os::fd::AsRawFd;
        let link = format!("/proc/self/fd/{}", socket.as_raw_fd());
        let name = std::fs::read_link(link).unwrap_or_default();
        // `socket:[4711]`
        let name = name.to_string_lossy();
        let inode = name.strip_prefix("socket:[");
        let inode = inode.and_then(|rest| rest.strip_suffix(']'));
        Self {
            inode: inode.map(str::to_owned),
            counted: 0,
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn of(_: &UdpSocket) -> Self {
        Self::default()
    }

    /// Datagrams that were lost since this was last asked.
    pub(super) fn more(&mut self) -> usize {
        let all = self.all().unwrap_or(self.counted);
        let more = all.saturating_sub(self.counted);
        self.counted = all;
        usize::try_from(more).unwrap_or(usize::MAX)
    }

    /// The last column of the socket's row; its number is in the tenth.
    fn all(&self) -> Option<u64> {
        let inode = self.inode.as_deref()?;
        ["/proc/self/net/udp", "/proc/self/net/udp6"]
            .iter()
            .filter_map(|table| std::fs::read_to_string(table).ok())
            .find_map(|table| {
                let mut rows = table.lines();
                let row = rows.find(|row| row.split_whitespace().nth(9) == Some(inode))?;
                row.split_whitespace().next_back()?.parse().ok()
            })
    }
}
