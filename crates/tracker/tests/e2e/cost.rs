//! What the operating system counts of a process.

use std::fs;

/// What a process took since it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Seconds of one processor.
    pub(crate) processor_s: f64,
    /// How often a thread of it had waited and went on.
    pub(crate) wake_ups: u64,
    /// What it has in memory now, and what it had at most.
    pub(crate) resident_kib: u64,
    pub(crate) most_kib: u64,
}

impl Cost {
    pub(crate) fn of(process: u32) -> Self {
        let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
        let threads: Vec<_> = threads.map(|thread| thread.unwrap().path()).collect();
        let nanoseconds = threads.iter().map(|thread| {
            let counted = fs::read_to_string(thread.join("schedstat")).unwrap();
            counted.split(' ').next().unwrap().parse::<f64>().unwrap()
        });
        let switches = threads.iter().map(|thread| {
            number(&fs::read_to_string(thread.join("status")).unwrap(), "voluntary_ctxt_switches:")
        });
        let whole = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        Self {
            processor_s: nanoseconds.sum::<f64>() / 1e9,
            wake_ups: switches.sum(),
            resident_kib: number(&whole, "VmRSS:"),
            most_kib: number(&whole, "VmHWM:"),
        }
    }
}

fn number(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
