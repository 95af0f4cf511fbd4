//! The dependencies between the files of a crate, read from the sources.
//!
//! [`source`] reads one file: its items, imports and paths. [`tree`] assembles the files of a target by their `mod`
//! declarations. [`resolve`] finds the file that defines what a path names, through imports and re-exports. A use
//! that names no item, such as a method call on a value, is not seen.

mod resolve;
mod source;
mod tree;

pub(super) use self::resolve::{Dependencies, dependencies};
pub(super) use self::tree::Tree;
