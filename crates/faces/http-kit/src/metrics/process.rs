//! What the process takes from the system, read when it is asked for. Linux tells; elsewhere there are no
//! such metrics.

use std::{fmt, fs};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

#[derive(Debug)]
pub(super) struct Process;

/// What `/proc/self/stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    /// Of all processors, in the system's ticks.
    ticks: u64,
    threads: u64,
    /// Pages that are in memory.
    pages: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // What stands in brackets, the program's name, may have spaces and brackets itself.
        let (_, after_name) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = after_name.split(' ').collect();
        // By the numbers of proc(5), of which the first here is 3.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self { ticks: field(14)? + field(15)?, threads: field(20)?, pages: field(24)? })
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let stat = fs::read_to_string("/proc/self/stat").ok();
        let Some(Stat { ticks, threads, pages }) = stat.as_deref().and_then(Stat::parse) else {
            return Ok(());
        };
        let seconds = ticks as f64 / clock_ticks_per_second() as f64;
        let help = "Time of processors that the process has taken";
        let cpu =
            encoder.encode_descriptor("process_cpu", help, Some(&Unit::Seconds), MetricType::Counter)?;
        ConstCounter::new(seconds).encode(cpu)?;
        let bytes = pages.saturating_mul(page_size() as u64);
        let gauges = [
            ("process_memory", "Memory of the process that is no disk's", Some(Unit::Bytes), Some(bytes)),
            ("process_threads", "Threads of the process", None, Some(threads)),
            ("process_files", "Files and connections that are open", None, open_files()),
            ("process_max_files", "Most files and connections that may be", None, max_files()),
        ];
        for (name, help, unit, value) in gauges {
            let Some(value) = value.and_then(|value| i64::try_from(value).ok()) else { continue };
            let gauge = encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
            ConstGauge::new(value).encode(gauge)?;
        }
        Ok(())
    }
}

fn open_files() -> Option<u64> {
    // Without the one that this look opens itself.
    fs::read_dir("/proc/self/fd").ok().map(|files| (files.count() as u64).saturating_sub(1))
}

fn max_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_is_read_whatever_the_program_is_called() {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 250 50 13 14 15 16 17 18 19 20 4096 22";
        let stat = Stat { ticks: 300, threads: 17, pages: 4096 };
        for name in ["dayline", "a program", "odd) R 9 (", ") "] {
            assert_eq!(Stat::parse(&format!("77 ({name}) {fields}")).as_ref(), Some(&stat), "{name}");
        }
        for text in ["", "77 (dayline", "77 (dayline) S 1 2"] {
            assert_eq!(Stat::parse(text), None, "{text}");
        }
    }
}
