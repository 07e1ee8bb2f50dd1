//! The modules inside each crate.

use std::path::PathBuf;

use crate::circles::{arrows, describe};
use crate::workspace::packages;

#[test]
fn the_modules_of_a_crate_form_no_circle() {
    let roots = packages().into_iter().flat_map(|package| package.roots);
    let circles =
        roots.map(|root| (describe(&arrows(&root)), root)).filter(|(circles, _)| !circles.is_empty());
    let told: Vec<_> = circles.map(|(circles, root)| format!("{}, {circles}", root.display())).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn ports_import_the_domain_alone() {
    let app = packages().into_iter().find(|package| package.name == "dayline-app").unwrap();
    let arrows = arrows(app.roots.iter().find(|root| root.ends_with("src/lib.rs")).unwrap());
    let is_port = |file: &&PathBuf| file.starts_with("ports");
    assert!(arrows.keys().filter(is_port).count() > 10);
    for (port, taken) in arrows.iter().filter(|(file, _)| is_port(file)) {
        let foreign: Vec<_> = taken.iter().filter(|(file, _)| !is_port(file)).collect();
        assert!(foreign.is_empty(), "{} takes {foreign:?}", port.display());
    }
}
