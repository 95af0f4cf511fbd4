//! Which file of a crate depends on which other, read from the sources.
//!
//! [`source`] reads one file: its items, imports and paths. [`tree`] puts the files of a target together by their `mod`
//! declarations. [`resolve`] finds the file that defines what a path names, through imports and re-exports. What the
//! sources do not spell, such as a method called on a value, is no dependency here.

mod resolve;
mod source;
mod tree;

pub(super) use self::resolve::{Dependencies, dependencies};
pub(super) use self::tree::Tree;
