//! Counts one workload: this program again, under callgrind, which collects within one function only.

use std::hint::black_box;
use std::process::Command;

use dayline_workloads::{ALL, Failure, Work};

/// The name of the function that is collected in, as a pattern for callgrind.
const STRETCH: &str = "*counted_stretch*";

/// Whether instructions can be counted here and compared with the accepted figures; otherwise why not.
pub(crate) fn possible() -> Result<(), String> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Err("the accepted figures are those of x86_64 linux".to_owned());
    }
    let version = Command::new("valgrind").arg("--version").output();
    version.map(drop).map_err(|error| format!("valgrind can't be started: {error}"))
}

/// Instructions that a workload takes.
pub(crate) fn count(name: &str) -> Result<u64, Failure> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect={STRETCH}"))
        .arg(std::env::current_exe()?)
        .args(["run", name])
        .output()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let collected = report.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    match collected {
        Some(count) if count > 0 && output.status.success() => Ok(count),
        _ => Err(format!("\"{name}\" was not counted: {report}").into()),
    }
}

/// Does a workload once to warm up and once to be counted.
pub(crate) fn run(name: &str) -> Result<(), Failure> {
    let workload = ALL.iter().find(|workload| workload.name == name);
    let work = (workload.ok_or_else(|| format!("there is no workload \"{name}\""))?.prepare)()?;
    let (first, second) = (black_box(work()), counted_stretch(&work));
    if first == 0 || first != second {
        return Err(format!("\"{name}\" made {first} things, then {second}").into());
    }
    Ok(())
}

#[inline(never)]
fn counted_stretch(work: &Work) -> usize {
    black_box(black_box(work)())
}
