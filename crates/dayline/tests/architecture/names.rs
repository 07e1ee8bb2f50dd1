//! Follows a path, through imports and re-exports, to the file that defines what it names.

use std::collections::BTreeSet;
use std::path::Path;

use crate::source::{Binding, Module};

/// What a path can stand for. One name may be several things: a module and a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(usize),
    Definition { module: usize, members: bool },
}

/// The names of one crate.
pub(crate) struct Names<'a> {
    modules: &'a [Module],
}

/// The imports that are being followed, since they may lead back to themselves.
type Followed<'a> = Vec<(usize, &'a [String])>;

impl<'a> Names<'a> {
    pub(crate) fn new(modules: &'a [Module]) -> Self {
        Self { modules }
    }

    /// The files that define what `path`, written in the module `from`, names. A module is not a definition, and
    /// what another crate defines has no file here.
    pub(crate) fn definitions(&self, from: usize, path: &'a [String]) -> BTreeSet<&'a Path> {
        let found = self.resolve(from, path, &mut Vec::new()).into_iter();
        let module = |target| match target {
            Target::Definition { module, .. } => Some(self.modules[module].file.as_path()),
            Target::Module(_) => None,
        };
        found.filter_map(module).collect()
    }

    fn resolve(&self, from: usize, path: &'a [String], followed: &mut Followed<'a>) -> BTreeSet<Target> {
        let mut targets = BTreeSet::new();
        let mut rest = path;
        if let Some((module, tail)) = self.absolute(from, path) {
            targets.insert(Target::Module(module));
            rest = tail;
        } else if let Some((first, tail)) = path.split_first() {
            targets = self.look_up(from, first, followed);
            rest = tail;
        }
        for segment in rest {
            targets = targets.iter().flat_map(|&target| self.step(target, segment, followed)).collect();
        }
        targets
    }

    /// The module that `crate`, `self` and `super` at the start of a path lead to, and what follows them.
    fn absolute(&self, from: usize, path: &'a [String]) -> Option<(usize, &'a [String])> {
        let (mut module, mut rest) = match path.first()?.as_str() {
            "crate" => (0, &path[1..]),
            "self" => (from, &path[1..]),
            "super" => (from, path),
            _ => return None,
        };
        while rest.first().is_some_and(|segment| segment == "super") {
            (module, rest) = (self.modules[module].parent?, &rest[1..]);
        }
        Some((module, rest))
    }

    fn step(&self, target: Target, segment: &'a str, followed: &mut Followed<'a>) -> BTreeSet<Target> {
        match target {
            Target::Module(module) => self.look_up(module, segment, followed),
            Target::Definition { members: true, .. } => BTreeSet::from([target]),
            Target::Definition { members: false, .. } => BTreeSet::new(),
        }
    }

    fn look_up(&self, module: usize, name: &'a str, followed: &mut Followed<'a>) -> BTreeSet<Target> {
        let here = &self.modules[module];
        if let Some(bindings) = here.bindings.get(name) {
            let targets = bindings.iter().flat_map(|binding| match binding {
                Binding::Module(child) => BTreeSet::from([Target::Module(*child)]),
                Binding::Definition { members } => {
                    BTreeSet::from([Target::Definition { module, members: *members }])
                }
                Binding::Import(path) => self.follow(module, path, followed),
            });
            return targets.collect();
        }
        let mut targets = BTreeSet::new();
        for glob in &here.globs {
            for target in self.follow(module, glob, followed) {
                if let Target::Module(source) = target {
                    targets.append(&mut self.look_up_glob((module, glob), source, name, followed));
                }
            }
        }
        targets
    }

    fn look_up_glob(
        &self,
        glob: (usize, &'a [String]),
        source: usize,
        name: &'a str,
        followed: &mut Followed<'a>,
    ) -> BTreeSet<Target> {
        if followed.contains(&glob) {
            return BTreeSet::new();
        }
        followed.push(glob);
        let targets = self.look_up(source, name, followed);
        followed.pop();
        targets
    }

    fn follow(&self, module: usize, path: &'a [String], followed: &mut Followed<'a>) -> BTreeSet<Target> {
        if followed.contains(&(module, path)) {
            return BTreeSet::new();
        }
        followed.push((module, path));
        let targets = self.resolve(module, path, followed);
        followed.pop();
        targets
    }
}
