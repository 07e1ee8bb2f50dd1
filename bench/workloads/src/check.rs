//! Compares counts with the accepted ones, and shows both.

use std::collections::BTreeMap;
use std::path::Path;

use dayline_workloads::{ALL, Failure};

use crate::count::count;

/// How many per cent a count may differ from the accepted one.
const TOLERANCE: u64 = 5;

/// What a count is, beside the accepted one.
#[derive(Debug, PartialEq)]
enum Verdict {
    Same,
    More,
    Less,
    New,
}

/// Counts all workloads; whether none of them grew, and the file has a figure for each.
pub(crate) fn check(accept: bool, file: &Path) -> Result<bool, Failure> {
    let accepted = if accept { BTreeMap::new() } else { read(file)? };
    let (mut counts, mut good) = (BTreeMap::new(), true);
    println!("| workload | instructions | accepted | change | |\n|---|---|---|---|---|");
    for workload in ALL {
        let count = count(workload.name)?;
        let before = accepted.get(workload.name).copied();
        let (note, passes) = match verdict(count, before) {
            Verdict::Same => ("", true),
            Verdict::Less => ("less: accept it, so that it stays", true),
            Verdict::More => ("MORE", false),
            Verdict::New => ("new", accept),
        };
        let change = before.map(|before| format!("{:+.1} %", change(count, before))).unwrap_or_default();
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        println!("| {} | {count} | {before} | {change} | {note} |", workload.name);
        counts.insert(workload.name.to_owned(), count);
        good &= passes;
    }
    if accept {
        std::fs::write(file, serde_json::to_string_pretty(&counts)? + "\n")?;
        println!("\naccepted, in {}", file.display());
    } else if !good {
        println!(
            "\nA count is more than {TOLERANCE} % above what was accepted, or new. If the change is worth it, accept it with\n\
             `.ci/instructions --accept`, and say why in the commit."
        );
    }
    Ok(good)
}

fn read(file: &Path) -> Result<BTreeMap<String, u64>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// In per cent.
fn change(count: u64, before: u64) -> f64 {
    (count as f64 / before as f64 - 1.0) * 100.0
}

fn verdict(count: u64, before: Option<u64>) -> Verdict {
    let Some(before) = before else { return Verdict::New };
    if count * 100 > before * (100 + TOLERANCE) {
        return Verdict::More;
    }
    if count * 100 < before * (100 - TOLERANCE) { Verdict::Less } else { Verdict::Same }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_than_five_per_cent_is_a_difference() {
        assert_eq!(verdict(1_050, Some(1_000)), Verdict::Same);
        assert_eq!(verdict(1_051, Some(1_000)), Verdict::More);
        assert_eq!(verdict(950, Some(1_000)), Verdict::Same);
        assert_eq!(verdict(949, Some(1_000)), Verdict::Less);
        assert_eq!(verdict(1, None), Verdict::New);
    }

    #[test]
    fn every_workload_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|workload| workload.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn every_workload_makes_the_same_twice() {
        for workload in ALL {
            crate::count::run(workload.name).unwrap();
        }
    }
}
