//! The files of a crate as a graph: who takes a name from whom, and where that goes in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::names::Names;
use crate::source;

/// Of each file, the files that it takes names from, with those names.
pub(crate) type Arrows = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// The arrows between the files of the crate whose root file this is.
pub(crate) fn arrows(root: &Path) -> Arrows {
    let modules = source::read(root);
    let names = Names::new(&modules);
    let mut arrows = Arrows::new();
    for (index, module) in modules.iter().enumerate() {
        let from = arrows.entry(module.file.clone()).or_default();
        for path in &module.mentions {
            for file in names.definitions(index, path) {
                if file != module.file {
                    from.entry(file.to_owned()).or_default().extend(path.last().cloned());
                }
            }
        }
    }
    arrows
}

/// All files that `from` takes names from, directly or through others.
fn reach<'a>(arrows: &'a Arrows, from: &'a Path) -> BTreeSet<&'a Path> {
    let mut found = BTreeSet::new();
    let mut next = vec![from];
    while let Some(file) = next.pop() {
        let further = arrows[file].keys().map(PathBuf::as_path);
        next.extend(further.filter(|file| found.insert(*file)));
    }
    found
}

/// The circles: each a largest set of files all of which reach all others.
pub(crate) fn circles(arrows: &Arrows) -> BTreeSet<BTreeSet<&Path>> {
    let reach: BTreeMap<_, _> = arrows.keys().map(|file| (file.as_path(), reach(arrows, file))).collect();
    let mut circles = BTreeSet::new();
    for (&file, reached) in &reach {
        let both_ways = reached.iter().copied().filter(|other| reach[other].contains(file));
        circles.insert(both_ways.collect());
    }
    circles.remove(&BTreeSet::new());
    circles
}

/// Says what each circle consists of and what ties it; empty where there is none.
pub(crate) fn describe(arrows: &Arrows) -> String {
    let mut text = String::new();
    for circle in circles(arrows) {
        writeln!(text, "a circle of {} files:", circle.len()).unwrap();
        for &from in &circle {
            for (to, names) in arrows[from].iter().filter(|(to, _)| circle.contains(to.as_path())) {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                writeln!(text, "  {} takes from {}: {}", from.display(), to.display(), names.join(", "))
                    .unwrap();
            }
        }
    }
    text
}
