//! What a process has used, by `/proc`.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Ticks a second in `/proc/PID/stat`, on all that Linux runs on today.
const TICKS: u64 = 100;

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system time.
    pub(crate) cpu: Duration,
    /// The most that was resident.
    pub(crate) peak_mib: f64,
    /// What is resident.
    pub(crate) resident_mib: f64,
}

/// Reads what a process has used.
pub(crate) fn usage(pid: u32) -> Usage {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name, in parentheses, may hold blanks.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1024.0
    };
    Usage {
        cpu: Duration::from_millis(ticks * 1000 / TICKS),
        peak_mib: mib("VmHWM:"),
        resident_mib: mib("VmRSS:"),
    }
}

/// Waits until a process has used next to no time for a second. Returns when it
/// last did.
pub(crate) fn wait_until_idle(pid: u32) -> Instant {
    const LOOK: Duration = Duration::from_millis(100);
    const QUIET: Duration = Duration::from_secs(1);
    /// What timers cost in a tenth of a second: a tick at most.
    const NOTHING: Duration = Duration::from_millis(10);
    let (mut last, mut busy) = (usage(pid).cpu, Instant::now());
    while busy.elapsed() < QUIET {
        thread::sleep(LOOK);
        let now = usage(pid).cpu;
        if now.saturating_sub(last) > NOTHING {
            busy = Instant::now();
        }
        last = now;
    }
    busy
}
