//! What `cargo metadata` knows of the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A package of the workspace.
pub(crate) struct Package {
    /// Its folder, below the workspace's: `crates/domain`.
    pub(crate) place: String,
    pub(crate) name: String,
    /// What it depends on outside its tests, other people's crates included.
    pub(crate) dependencies: Vec<String>,
    /// What its tests and benches depend on besides.
    pub(crate) dev_dependencies: Vec<String>,
    /// The root files of its library, programs, tests and benches.
    pub(crate) roots: Vec<PathBuf>,
}

/// The workspace's folder.
pub(crate) fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// All packages of the workspace.
pub(crate) fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(folder())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages: Vec<_> = array(&metadata["packages"]).iter().map(package).collect();
    assert!(packages.len() > 10, "found only {} packages", packages.len());
    packages
}

fn package(value: &Value) -> Package {
    let dependencies = |dev: bool| {
        let all = array(&value["dependencies"]).iter();
        let wanted = all.filter(|dependency| (dependency["kind"] == "dev") == dev);
        wanted.map(|dependency| text(&dependency["name"])).collect()
    };
    let manifest = PathBuf::from(text(&value["manifest_path"]));
    let place = manifest.parent().unwrap().strip_prefix(folder()).unwrap();
    Package {
        place: place.to_str().unwrap().to_owned(),
        name: text(&value["name"]),
        dependencies: dependencies(false),
        dev_dependencies: dependencies(true),
        roots: array(&value["targets"]).iter().map(|target| text(&target["src_path"]).into()).collect(),
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
