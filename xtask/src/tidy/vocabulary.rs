//! The names in the code of the workspace, and the members of its types and modules.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Fields, Ident, ImplItem, Item, TraitItem, Type};

use super::repository::Repository;

/// The extensions of files other than Rust whose words count.
const OTHER_CODE: &[&str] = &["ts", "tsx", "mjs", "cjs", "js", "py", "sql", "toml", "json", "yml", "yaml"];

/// The names of the workspace.
#[derive(Default)]
pub(super) struct Vocabulary {
    /// Every word in code and string literals, but not in comments.
    words: BTreeSet<String>,
    /// The types and traits that Rust items define, without those that macros define.
    types: BTreeSet<String>,
    /// The methods, constants, fields and variants of each type and trait.
    members: BTreeMap<String, BTreeSet<String>>,
    /// The words of the code in each module or crate, by its name.
    modules: BTreeMap<String, BTreeSet<String>>,
}

impl Vocabulary {
    /// Reads all code.
    pub(super) fn read(repository: &Repository) -> Self {
        let mut vocabulary = Self::default();
        for (path, text) in repository.with_extension("rs") {
            if let Ok(file) = syn::parse_file(text) {
                vocabulary.add_items(file.items);
            }
            let mut words = BTreeSet::new();
            collect_words(text.parse().unwrap_or_default(), &mut words);
            for module in modules_of(path) {
                vocabulary.modules.entry(module).or_default().extend(words.iter().cloned());
            }
            vocabulary.words.append(&mut words);
        }
        for extension in OTHER_CODE {
            for (_, text) in repository.with_extension(extension) {
                let code = text.lines().filter(|line| !line.trim_start().starts_with(['#', '*', '/']));
                code.for_each(|line| vocabulary.words.extend(split_words(line)));
            }
        }
        vocabulary
    }

    /// Returns whether the code contains this word.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Returns whether a type, a module or a crate has a member of this name. For an owner that the workspace does not
    /// define, returns whether its code contains both words.
    pub(super) fn has_member(&self, owner: &str, member: &str) -> bool {
        if self.types.contains(owner) {
            return self.members.get(owner).is_some_and(|members| members.contains(member));
        }
        match self.modules.get(&owner.replace('_', "-")) {
            Some(words) => words.contains(member),
            None => self.has(owner) && self.has(member),
        }
    }

    fn add_items(&mut self, items: Vec<Item>) {
        for item in items {
            match item {
                Item::Mod(module) => self.add_items(module.content.map(|(_, items)| items).unwrap_or_default()),
                Item::Struct(item) => self.define(&item.ident, fields(&item.fields)),
                Item::Enum(item) => {
                    let variants = item.variants.iter();
                    self.define(&item.ident, variants.map(|variant| variant.ident.to_string()).collect());
                }
                Item::Trait(item) => self.define(&item.ident, item.items.iter().filter_map(trait_member).collect()),
                Item::Impl(block) => {
                    if let Type::Path(path) = &*block.self_ty
                        && let Some(last) = path.path.segments.last()
                    {
                        self.add(&last.ident, block.items.iter().filter_map(impl_member).collect());
                    }
                }
                _ => {}
            }
        }
    }

    fn define(&mut self, owner: &Ident, members: Vec<String>) {
        self.types.insert(owner.to_string());
        self.add(owner, members);
    }

    fn add(&mut self, owner: &Ident, members: Vec<String>) {
        self.members.entry(owner.to_string()).or_default().extend(members);
    }
}

fn fields(fields: &Fields) -> Vec<String> {
    fields.iter().filter_map(|field| field.ident.as_ref()).map(Ident::to_string).collect()
}

fn trait_member(item: &TraitItem) -> Option<String> {
    match item {
        TraitItem::Const(item) => Some(item.ident.to_string()),
        TraitItem::Fn(item) => Some(item.sig.ident.to_string()),
        TraitItem::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn impl_member(item: &ImplItem) -> Option<String> {
    match item {
        ImplItem::Const(item) => Some(item.ident.to_string()),
        ImplItem::Fn(item) => Some(item.sig.ident.to_string()),
        ImplItem::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

/// Collects the words of code, without comments.
fn collect_words(tokens: TokenStream, words: &mut BTreeSet<String>) {
    let mut before_attribute = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(word) => drop(words.insert(word.to_string())),
            TokenTree::Literal(text) => words.extend(split_words(&text.to_string())),
            // Documentation comments are parsed as attributes.
            TokenTree::Group(group) if before_attribute && group.stream().to_string().starts_with("doc ") => {}
            TokenTree::Group(group) => collect_words(group.stream(), words),
            TokenTree::Punct(_) => {}
        }
        before_attribute = match &token {
            TokenTree::Punct(mark) => mark.as_char() == '#' || (before_attribute && mark.as_char() == '!'),
            _ => false,
        };
    }
}

/// Splits a text into words.
pub(super) fn split_words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.filter(|word| !word.is_empty()).map(str::to_owned)
}

/// Returns the names of the modules and the crate that a file belongs to.
fn modules_of(path: &str) -> impl Iterator<Item = String> {
    let names = path.strip_suffix(".rs").unwrap_or(path).split('/');
    names.filter(|name| !matches!(*name, "crates" | "src" | "mod" | "lib" | "main")).map(|name| name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let rust = "//! Comment\npub struct A { field: u8 }\n/// documented\nimpl A { fn method() { b(\"in a text\"); } }\nmade! { B }\nimpl B { fn c() {} }\nenum E { V }\n";
        let files = [("crates/rate-limit/src/window.rs", rust), ("web/x.ts", "// remark\nexport class Board {}\n")];
        Vocabulary::read(&Repository::of(&files))
    }

    #[test]
    fn words_in_code_and_string_literals_count_and_comments_do_not() {
        let known = ["A", "field", "method", "text", "made", "V", "Board"];
        assert_eq!(known.map(|word| vocabulary().has(word)), [true; 7]);
        assert_eq!(["Comment", "documented", "remark", "Absent"].map(|word| vocabulary().has(word)), [false; 4]);
    }

    #[test]
    fn members_belong_to_their_types_and_modules() {
        let has = |(owner, member)| vocabulary().has_member(owner, member);
        assert_eq!(
            [("A", "field"), ("A", "method"), ("E", "V"), ("window", "A"), ("rate_limit", "E")].map(has),
            [true; 5]
        );
        assert_eq!([("A", "V"), ("E", "method"), ("window", "Board"), ("Absent", "A")].map(has), [false; 4]);
        // A type that a macro defines may have more members than can be seen.
        assert!(has(("B", "field")));
    }
}
