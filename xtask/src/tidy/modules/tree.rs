//! The module tree of one target, assembled from its files.

use super::super::repository::Repository;
use super::source::{Child, Source};

/// A module of a tree.
pub(in super::super) struct Module {
    /// Its path segments from the root of the target; empty for the root itself.
    pub(super) path: Vec<String>,
    /// The file that contains it.
    pub(super) file: String,
    /// The index of its parent in [`Tree::modules`]; `None` for the root.
    pub(super) parent: Option<usize>,
    /// The indices of its child modules in [`Tree::modules`].
    pub(super) children: Vec<usize>,
    pub(super) source: Source,
}

impl Module {
    /// Its own name; empty at the root.
    pub(super) fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

/// All modules of a target. The first is its root.
pub(in super::super) struct Tree {
    pub(super) modules: Vec<Module>,
}

impl Tree {
    /// Reads the modules, starting with the root's file. An error names a file that cannot be parsed.
    pub(in super::super) fn read(repository: &Repository, root: &str) -> Result<Self, String> {
        let mut tree = Self { modules: Vec::new() };
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        tree.add_file(repository, root, folder, Vec::new(), None)?;
        Ok(tree)
    }

    fn add_file(
        &mut self,
        repository: &Repository,
        file: &str,
        folder: &str,
        path: Vec<String>,
        parent: Option<usize>,
    ) -> Result<(), String> {
        let text = repository.text(file).unwrap_or_default();
        let source = Source::parse(text).map_err(|error| format!("{file}: {error}"))?;
        self.add(repository, file, folder, path, parent, source)
    }

    /// Adds a module and those inside it. The files of its children are in `folder`.
    fn add(
        &mut self,
        repository: &Repository,
        file: &str,
        folder: &str,
        path: Vec<String>,
        parent: Option<usize>,
        mut source: Source,
    ) -> Result<(), String> {
        let this = self.modules.len();
        let children = std::mem::take(&mut source.children);
        self.modules.push(Module { path: path.clone(), file: file.to_owned(), parent, children: Vec::new(), source });
        if let Some(parent) = parent {
            self.modules[parent].children.push(this);
        }
        for Child { name, inline } in children {
            let folder = format!("{folder}/{name}");
            let path = [path.as_slice(), &[name]].concat();
            let files = [format!("{folder}.rs"), format!("{folder}/mod.rs")];
            match (inline, files.iter().find(|file| repository.text(file).is_some())) {
                (Some(source), _) => self.add(repository, file, &folder, path, Some(this), source)?,
                (None, Some(file)) => self.add_file(repository, file, &folder, path, Some(this))?,
                // No such file here: presumably a `#[path]` attribute names one that is read with another target.
                (None, None) => {}
            }
        }
        Ok(())
    }
}
