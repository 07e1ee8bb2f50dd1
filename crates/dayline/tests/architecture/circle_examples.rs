//! Circles put in on purpose, which must be found, and what only looks like one.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::circles::{Arrows, arrows, circles, describe};

/// The arrows in a crate of these files.
fn arrows_of(files: &[(&str, &str)]) -> Arrows {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    arrows(&folder.path().join("lib.rs"))
}

/// Whether a crate of these files has one circle, of just the files `circle`; none, if that is empty.
fn assert_circle(files: &[(&str, &str)], circle: &[&str]) {
    let arrows = arrows_of(files);
    let circles: Vec<Vec<_>> =
        circles(&arrows).iter().map(|circle| circle.iter().copied().collect()).collect();
    let expected: Vec<Vec<&Path>> = match circle {
        [] => Vec::new(),
        files => vec![files.iter().map(Path::new).collect()],
    };
    assert_eq!(circles, expected, "{files:?}: {arrows:?}");
}

const B_TAKES_FROM_A: &str =
    "use crate::a::A; pub struct B(A); pub trait T {} pub fn f() {} pub const X: u8 = 1;";

#[test]
fn a_circle_of_use_declarations_is_found_in_all_their_forms() {
    let forms = [
        "use crate::b::B; pub struct A(Box<B>);",
        "use crate::b::B as Other; pub struct A(Box<Other>);",
        "use crate::b; pub struct A(Box<b::B>);",
        "use crate::{b::{self, C}}; pub struct A(Box<b::B>);",
        "use crate::b as other; pub struct A(Box<other::B>);",
        "use crate::b::*; pub struct A(Box<B>);",
        "use super::b::B; pub struct A(Box<B>);",
        "use self::super::b::{B}; pub struct A(Box<B>);",
        "use crate::b::B as _; pub struct A;",
        "pub use crate::b::B; pub struct A(Box<B>);",
        "pub struct A; fn f() { use crate::b::B; }",
        "pub struct A; mod inner { use crate::b::B; }",
        "pub struct A; mod inner { use super::super::b::B; }",
    ];
    for form in forms {
        let files = [("lib.rs", "mod a; mod b;"), ("a.rs", form), ("b.rs", B_TAKES_FROM_A)];
        assert_circle(&files, &["a.rs", "b.rs"]);
    }
}

#[test]
fn a_circle_of_paths_in_code_is_found() {
    let forms = [
        "pub struct A(Box<crate::b::B>);",
        "pub enum A { One(Box<super::b::B>) }",
        "pub struct A; impl crate::b::T for A {}",
        "pub struct A; fn f(x: &dyn Fn(crate::b::B)) {}",
        "pub struct A; fn f<X: crate::b::T>() {}",
        "pub struct A; fn f() { crate::b::f(); }",
        "pub struct A; fn f() { let x = crate::b::B::new(1); }",
        "pub struct A; const X: u8 = crate::b::X;",
        "pub struct A; fn f(x: u8) { match x { crate::b::X => {} _ => {} } }",
        "pub struct A; fn f() { println!(\"{}\", crate::b::X); }",
        "pub struct A; fn f() { vec![1, [crate::b::f()]]; }",
        "pub struct A; macro_rules! m { () => { $crate::b::f() } }",
        "#[other(with = \"crate::b::f\")] pub struct A;",
        "pub struct A; #[other(crate::b::f)] fn f() {}",
    ];
    for form in forms {
        let files = [("lib.rs", "mod a; mod b;"), ("a.rs", form), ("b.rs", B_TAKES_FROM_A)];
        assert_circle(&files, &["a.rs", "b.rs"]);
    }
}

#[test]
fn a_circle_of_parent_and_child_is_found() {
    let parent = "mod child; pub struct Options; fn f() { child::run(); }";
    let child = "use super::Options; pub fn run() {}";
    assert_circle(&[("lib.rs", "mod a;"), ("a.rs", parent), ("a/child.rs", child)], &["a/child.rs", "a.rs"]);
    assert_circle(
        &[("lib.rs", "mod a;"), ("a/mod.rs", parent), ("a/child.rs", child)],
        &["a/child.rs", "a/mod.rs"],
    );
    let root = "mod child; pub struct Options; fn f() { child::run(); }";
    assert_circle(&[("lib.rs", root), ("child.rs", child)], &["child.rs", "lib.rs"]);
}

#[test]
fn files_that_a_path_attribute_names_are_followed() {
    let files = [
        ("lib.rs", "#[path = \"elsewhere/a.rs\"] mod other;"),
        ("elsewhere/a.rs", "mod b; pub struct A; fn f(x: b::B) {}"),
        ("elsewhere/b.rs", "use super::A; pub struct B(A);"),
    ];
    assert_circle(&files, &["elsewhere/a.rs", "elsewhere/b.rs"]);
}

#[test]
fn a_circle_through_re_exports_ties_the_files_that_define() {
    let files = [
        ("lib.rs", "mod a; mod b; mod facade; pub use facade::*;"),
        ("facade.rs", "pub use crate::b::{B as Other, inner::*};"),
        ("a.rs", "use crate::Other; pub struct A(Box<Other>);"),
        ("b.rs", "use crate::a::A; pub mod inner; pub struct B(A);"),
        ("b/inner.rs", "pub struct Inner;"),
    ];
    assert_circle(&files, &["a.rs", "b.rs"]);
    let through_glob = [("a.rs", "use crate::Inner; pub struct A(Inner);")];
    let inner = [("b/inner.rs", "use crate::facade::Other; pub struct Inner;")];
    let changed = [&files[..2], &through_glob, &files[3..4], &inner].concat();
    assert_circle(&changed, &["a.rs", "b/inner.rs", "b.rs"]);
}

#[test]
fn a_circle_over_several_files_is_found_and_told() {
    let arrows = arrows_of(&[
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "use crate::c::C; pub struct B(C);"),
        ("c.rs", "pub struct C(Box<crate::a::A>); use crate::d::D;"),
        ("d.rs", "pub struct D;"),
    ]);
    let told = "a circle of 3 files:\n  a.rs takes from b.rs: B\n  b.rs takes from c.rs: C\n  c.rs takes from a.rs: A\n";
    assert_eq!(describe(&arrows), told);
}

#[test]
fn what_is_no_circle_is_not_found() {
    let no_circles: [&[(&str, &str)]; 7] = [
        &[("lib.rs", "mod a; mod b;"), ("a.rs", "pub struct A;"), ("b.rs", B_TAKES_FROM_A)],
        // A parent that only declares and re-exports its children.
        &[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod child; mod other; pub use child::run; pub use other::*; pub struct Options;"),
            ("a/child.rs", "use super::{Options, more}; pub fn run() {}"),
            ("a/other.rs", "pub fn more(options: super::Options) {}"),
        ],
        // Tests take from everywhere.
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
            ("b.rs", B_TAKES_FROM_A),
        ],
        &[
            ("lib.rs", "mod a; mod b;"),
            (
                "a.rs",
                "pub struct A; #[cfg(all(unix, test))] fn f() { crate::b::f(); } #[cfg(test)] mod tests;",
            ),
            ("b.rs", B_TAKES_FROM_A),
        ],
        // Modules inside one file.
        &[("lib.rs", "mod a { use super::b::B; pub struct A; } mod b { use super::a::A; pub struct B; }")],
        // Another crate's names that look like ours, methods, and imports that lead to themselves.
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "pub struct A; fn f(x: ::b::B) { x.b().B; assert!(x.b); other::b::B::new(); }"),
            ("b.rs", B_TAKES_FROM_A),
        ],
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "pub use crate::b::*;"),
            ("b.rs", "pub use crate::a::*; fn f(x: Y) {}"),
        ],
    ];
    for files in no_circles {
        assert_circle(files, &[]);
    }
}

#[test]
fn code_that_is_not_for_tests_alone_is_looked_at() {
    let conditions = ["not(test)", "any(test, unix)", "not(all(test, unix))", "feature = \"test\""];
    for condition in conditions {
        let a = format!("pub struct A; #[cfg({condition})] fn f() {{ crate::b::f(); }}");
        let files = [("lib.rs", "mod a; mod b;"), ("a.rs", a.as_str()), ("b.rs", B_TAKES_FROM_A)];
        assert_circle(&files, &["a.rs", "b.rs"]);
    }
}
