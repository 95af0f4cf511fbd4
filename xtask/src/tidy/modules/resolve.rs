//! Finds which files define the names that a module uses.

use std::collections::BTreeMap;

use super::source::Path;
use super::tree::Tree;

/// For each file, the files that it depends on, each with the names that it uses from there.
pub(in super::super) type Dependencies = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// What a path leads to, by the module's index in the tree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Module(usize),
    /// An item of this module.
    Item(usize),
}

/// Returns the dependencies between the files of a target.
pub(in super::super) fn dependencies(tree: &Tree) -> Dependencies {
    let mut found = Dependencies::new();
    for (index, module) in tree.modules.iter().enumerate() {
        for (name, definer) in uses(tree, index) {
            let definer = &tree.modules[definer].file;
            if *definer != module.file {
                let names = found.entry(module.file.clone()).or_default().entry(definer.clone()).or_default();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    found
}

/// Returns the name of each item that a module uses, with the module that defines it.
fn uses(tree: &Tree, index: usize) -> Vec<(String, usize)> {
    let source = &tree.modules[index].source;
    let mut found = Vec::new();
    let mut record = |path: &[String]| {
        // `Type::method` counts as a use of the type.
        let name = path.iter().find(|name| name.starts_with(char::is_uppercase)).or(path.last());
        if let (Some(Target::Item(definer)), Some(name)) = (resolve(tree, index, path, 0), name) {
            found.push((name.clone(), definer));
        }
    };
    for import in &source.imports {
        match &import.name {
            Some(name) if !import.is_reexport || source.words.contains(name) => record(&import.path),
            Some(_) => {}
            None => {
                let words = source.words.iter().filter(|word| !is_named(tree, index, word));
                let holder = resolve(tree, index, &import.path, 0);
                if let Some(Target::Module(holder)) = holder {
                    words
                        .filter(|word| look_up(tree, holder, word, 0).is_some())
                        .for_each(|word| record(&[import.path.as_slice(), std::slice::from_ref(word)].concat()));
                }
            }
        }
    }
    source.paths.iter().for_each(|path| record(path));
    found
}

/// Returns whether a module defines, imports or declares a name itself, regardless of its glob imports.
fn is_named(tree: &Tree, index: usize, name: &str) -> bool {
    let module = &tree.modules[index];
    let source = &module.source;
    source.defined.contains(name)
        || source.imports.iter().any(|import| import.name.as_deref() == Some(name))
        || module.children.iter().any(|child| tree.modules[*child].name() == name)
}

/// Limit on the length of a chain of re-exports, which may be circular.
const MAX_DEPTH: usize = 32;

/// Returns what a path in a module leads to; `None` if it leads out of the target.
fn resolve(tree: &Tree, from: usize, path: &[String], depth: usize) -> Option<Target> {
    let (first, rest) = path.split_first()?;
    let mut target = match first.as_str() {
        "crate" => Target::Module(0),
        "self" => Target::Module(from),
        "super" => Target::Module(tree.modules[from].parent?),
        name => look_up(tree, from, name, depth)?,
    };
    for name in rest {
        target = match target {
            Target::Module(module) if name == "super" => Target::Module(tree.modules[module].parent?),
            // A name that is found nowhere must come from a macro.
            Target::Module(module) => look_up(tree, module, name, depth).unwrap_or(Target::Item(module)),
            Target::Item(_) => break,
        };
    }
    Some(target)
}

/// Returns what a name means inside a module.
fn look_up(tree: &Tree, module: usize, name: &str, depth: usize) -> Option<Target> {
    if depth > MAX_DEPTH {
        return None;
    }
    let node = tree.modules.get(module)?;
    if node.source.defined.contains(name) {
        return Some(Target::Item(module));
    }
    let follow = |import: &Path| resolve(tree, module, import, depth + 1);
    let named = node.source.imports.iter().filter(|import| import.name.as_deref() == Some(name));
    // A module may have the name of one of its items: the item takes precedence.
    let imported: Vec<Target> = named.filter_map(|import| follow(&import.path)).collect();
    if let Some(item) = imported.iter().find(|target| matches!(target, Target::Item(_))) {
        return Some(*item);
    }
    if let Some(child) = node.children.iter().find(|child| tree.modules[**child].name() == name) {
        return Some(Target::Module(*child));
    }
    if let Some(module) = imported.first() {
        return Some(*module);
    }
    if node.source.in_macros.contains(name) {
        return Some(Target::Item(module));
    }
    let mut glob_imports = node.source.imports.iter().filter(|import| import.name.is_none());
    glob_imports.find_map(|import| match follow(&import.path)? {
        Target::Module(holder) => look_up(tree, holder, name, depth + 1),
        // A glob import of an enum's variants: they are not tracked.
        Target::Item(_) => None,
    })
}
