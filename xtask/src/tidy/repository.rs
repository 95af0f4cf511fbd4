//! The files that the rules check: those that git tracks, and new ones that it does not ignore.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::output;

/// The extensions of files that are read as text. Lock files are left out.
const TEXT_EXTENSIONS: &[&str] =
    &["rs", "md", "toml", "yml", "yaml", "js", "mjs", "cjs", "ts", "tsx", "py", "html", "css", "sql", "sh"];

/// The contents of every file by its path from the root with `/`; empty for files that are not text.
pub(super) struct Repository {
    files: BTreeMap<String, String>,
}

impl Repository {
    /// Reads the files of the repository at `root`.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let mut files = BTreeMap::new();
        for path in output(&mut git)?.split('\0').filter(|path| !path.is_empty()) {
            let file = root.join(path);
            // A tracked file may have been deleted without a commit.
            if file.is_file() {
                let text = if is_text(path) { fs::read_to_string(file)? } else { String::new() };
                files.insert(path.to_owned(), text);
            }
        }
        Ok(Self { files })
    }

    /// Makes a repository for a test.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    /// Returns every path.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Returns the path and text of every text file.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter(|(path, _)| is_text(path)).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Returns the text of a file; `None` when there is no such file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Returns the path and text of each file with this extension.
    pub(super) fn with_extension<'r>(&'r self, wanted: &'r str) -> impl Iterator<Item = (&'r str, &'r str)> {
        self.texts().filter(move |(path, _)| extension(path) == Some(wanted))
    }

    /// Returns whether a path is a file or a folder with files in it. The empty path is the root.
    pub(super) fn exists(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty() || self.files.contains_key(path) || self.paths().any(|file| file.starts_with(&folder))
    }
}

fn extension(path: &str) -> Option<&str> {
    Path::new(path).extension()?.to_str()
}

fn is_text(path: &str) -> bool {
    extension(path).is_some_and(|extension| TEXT_EXTENSIONS.contains(&extension))
}
