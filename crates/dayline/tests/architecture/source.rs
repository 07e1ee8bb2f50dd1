//! A crate as its modules: which names each has, and which it mentions. Code for tests is left out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, UseTree};

/// The segments of a path, `crate`, `self` and `super` among them.
pub(crate) type Segments = Vec<String>;

/// What a name stands for in a module.
pub(crate) enum Binding {
    /// It is defined here; with `members`, more of a path may follow (`Type::method`).
    Definition { members: bool },
    /// A module, by its index.
    Module(usize),
    /// A `use` of something else.
    Import(Segments),
}

/// A module, with a file of its own or inside one.
pub(crate) struct Module {
    /// The file it is written in, below the crate's folder of sources.
    pub(crate) file: PathBuf,
    pub(crate) parent: Option<usize>,
    pub(crate) bindings: BTreeMap<String, Vec<Binding>>,
    pub(crate) globs: Vec<Segments>,
    /// Each path that the module takes something by. A `pub use` alone takes nothing.
    pub(crate) mentions: Vec<Segments>,
}

/// Reads the crate whose root file this is; the root is the first module.
pub(crate) fn read(root: &Path) -> Vec<Module> {
    let folder = root.parent().unwrap();
    let mut reader = Reader { base: folder, modules: Vec::new(), here: 0, children: folder.to_owned() };
    reader.read_file(root, None, folder.to_owned());
    reader.modules
}

struct Reader<'a> {
    base: &'a Path,
    modules: Vec<Module>,
    /// The module that is being read, and the folder that the files of its children are in.
    here: usize,
    children: PathBuf,
}

impl Reader<'_> {
    fn read_file(&mut self, path: &Path, parent: Option<usize>, children: PathBuf) {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.strip_prefix(self.base).unwrap_or(path);
        self.read_module(name.to_owned(), parent, children, &file.items);
    }

    fn read_module(&mut self, file: PathBuf, parent: Option<usize>, children: PathBuf, items: &[Item]) {
        let (bindings, globs, mentions) = (BTreeMap::new(), Vec::new(), Vec::new());
        self.modules.push(Module { file, parent, bindings, globs, mentions });
        let outer = (self.here, std::mem::replace(&mut self.children, children));
        self.here = self.modules.len() - 1;
        for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
            self.bind(item);
            self.visit_item(item);
        }
        (self.here, self.children) = outer;
    }

    fn add(&mut self, name: &syn::Ident, binding: Binding) {
        let bindings = &mut self.modules[self.here].bindings;
        bindings.entry(name.unraw().to_string()).or_default().push(binding);
    }

    /// Adds the name that an item of a module defines. Children and imports are added where they are visited.
    fn bind(&mut self, item: &Item) {
        let (name, members) = match item {
            Item::Struct(item) => (&item.ident, true),
            Item::Enum(item) => (&item.ident, true),
            Item::Union(item) => (&item.ident, true),
            Item::Trait(item) => (&item.ident, true),
            Item::Type(item) => (&item.ident, true),
            Item::Fn(item) => (&item.sig.ident, false),
            Item::Const(item) => (&item.ident, false),
            Item::Static(item) => (&item.ident, false),
            Item::Macro(item) => match &item.ident {
                Some(name) => (name, false),
                None => return,
            },
            _ => return,
        };
        self.add(name, Binding::Definition { members });
    }

    fn mention(&mut self, path: Segments) {
        self.modules[self.here].mentions.push(path);
    }

    /// Takes in what one `use` declaration brings; `taken` unless it only passes names on.
    fn import(&mut self, tree: &UseTree, mut path: Segments, taken: bool) {
        let segment = |ident: &syn::Ident| ident.unraw().to_string();
        match tree {
            UseTree::Path(tree) => {
                path.push(segment(&tree.ident));
                self.import(&tree.tree, path, taken);
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.import(tree, path.clone(), taken));
            }
            UseTree::Glob(_) => {
                self.modules[self.here].globs.push(path.clone());
                self.mention(path);
            }
            UseTree::Name(tree) if tree.ident == "self" => {
                let name = syn::Ident::new(path.last().unwrap(), tree.ident.span());
                self.import_name(&name, path, taken);
            }
            UseTree::Name(tree) => {
                path.push(segment(&tree.ident));
                self.import_name(&tree.ident, path, taken);
            }
            UseTree::Rename(tree) => {
                if tree.ident != "self" {
                    path.push(segment(&tree.ident));
                }
                self.import_name(&tree.rename, path, taken);
            }
        }
    }

    fn import_name(&mut self, name: &syn::Ident, path: Segments, taken: bool) {
        if taken {
            self.mention(path.clone());
        }
        self.add(name, Binding::Import(path));
    }

    /// Mentions each path among tokens that no parser knows the meaning of: the arguments of a macro.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path = Segments::new();
        let mut before = String::new();
        for token in tokens {
            let text = token.to_string();
            match token {
                TokenTree::Ident(ident) => {
                    let continues = before == "::" && !path.is_empty();
                    let starts = before != "." && before != "::" && (before != "$" || text == "crate");
                    if !continues {
                        self.end_path(&mut path);
                    }
                    if continues || starts {
                        path.push(ident.unraw().to_string());
                    }
                }
                TokenTree::Group(group) => {
                    self.end_path(&mut path);
                    self.scan(group.stream());
                }
                TokenTree::Punct(_) if text == ":" && before == ":" => {
                    before.push(':');
                    continue;
                }
                TokenTree::Punct(_) => {}
                TokenTree::Literal(_) => self.scan_text(&text),
            }
            before = text;
        }
        self.end_path(&mut path);
    }

    fn end_path(&mut self, path: &mut Segments) {
        if !path.is_empty() {
            let path = std::mem::take(path);
            self.mention(path);
        }
    }

    /// Attributes name functions in texts: `#[serde(with = "super::time")]`.
    fn scan_text(&mut self, literal: &str) {
        let Ok(literal) = syn::parse_str::<syn::LitStr>(literal) else { return };
        if let Ok(path) = literal.parse::<syn::Path>() {
            self.visit_path(&path);
        }
    }

    /// The file of a child, and the folder that the files of its own children are in.
    fn child_file(&self, item: &syn::ItemMod) -> (PathBuf, PathBuf) {
        if let Some(path) = item.attrs.iter().find_map(path_attribute) {
            let here = self.base.join(&self.modules[self.here].file);
            let file = here.parent().unwrap().join(path);
            let folder = file.parent().unwrap().to_owned();
            return (file, folder);
        }
        let folder = self.children.join(item.ident.unraw().to_string());
        let flat = folder.with_extension("rs");
        (if flat.exists() { flat } else { folder.join("mod.rs") }, folder)
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let child = self.modules.len();
        self.add(&item.ident, Binding::Module(child));
        if let Some((_, items)) = &item.content {
            let file = self.modules[self.here].file.clone();
            let children = self.children.join(item.ident.unraw().to_string());
            self.read_module(file, Some(self.here), children, items);
        } else {
            let (file, children) = self.child_file(item);
            self.read_file(&file, Some(self.here), children);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            let taken = matches!(item.vis, syn::Visibility::Inherited);
            self.import(&item.tree, Segments::new(), taken);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter().map(|segment| segment.ident.unraw().to_string());
            self.mention(segments.collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        visit::visit_macro(self, item);
        self.scan(item.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone());
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Const(item) => &item.attrs,
            _ => return visit::visit_impl_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_for_tests(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if !is_for_tests(&local.attrs) {
            visit::visit_local(self, local);
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) = &pair.value else { return None };
    pair.path.is_ident("path").then(|| path.value())
}

/// Whether code with these attributes is only there in tests.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            list.parse_args::<Meta>().is_ok_and(|condition| !can_hold(&condition))
        }
        meta => meta.path().is_ident("test"),
    })
}

/// Whether a condition can hold outside tests.
fn can_hold(condition: &Meta) -> bool {
    let Meta::List(list) = condition else { return !condition.path().is_ident("test") };
    let separated = syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated;
    let Ok(parts) = list.parse_args_with(separated) else { return true };
    if list.path.is_ident("all") {
        return parts.iter().all(can_hold);
    }
    !list.path.is_ident("any") || parts.iter().any(can_hold)
}
