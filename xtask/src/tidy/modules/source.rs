//! What one module contains: the items that it defines, what it imports, and the paths and words in its code. Test-only
//! code is left out.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Item, ItemMod, ItemUse, UseTree, Visibility};

/// A path such as `crate::hub::Hub`, by its segments.
pub(super) type Path = Vec<String>;

/// What a `use` declaration brings in.
pub(super) struct Import {
    /// The name in this module; `None` for a glob import.
    pub(super) name: Option<String>,
    pub(super) path: Path,
    /// Whether the import has a visibility, so that other modules may use it.
    pub(super) is_reexport: bool,
}

/// A module that is declared in another.
pub(super) struct Child {
    pub(super) name: String,
    /// Its contents in braces; `None` when it has a file of its own.
    pub(super) inline: Option<Source>,
}

/// One module.
#[derive(Default)]
pub(super) struct Source {
    /// The names of its items.
    pub(super) defined: BTreeSet<String>,
    /// The words in its macro calls outside functions; a macro may define an item of any of these names.
    pub(super) in_macros: BTreeSet<String>,
    pub(super) imports: Vec<Import>,
    pub(super) children: Vec<Child>,
    /// Paths of two segments or more.
    pub(super) paths: BTreeSet<Path>,
    /// Every word, whatever it names.
    pub(super) words: BTreeSet<String>,
}

impl Source {
    /// Reads a file's text.
    pub(super) fn parse(text: &str) -> syn::Result<Self> {
        Ok(Self::of(syn::parse_file(text)?.items))
    }

    fn of(items: Vec<Item>) -> Self {
        let mut source = Self::default();
        for item in items {
            source.add(item);
        }
        source
    }

    fn add(&mut self, item: Item) {
        let tokens: Vec<TokenTree> = item.to_token_stream().into_iter().collect();
        if is_for_tests(&tokens) {
            return;
        }
        match item {
            Item::Use(declaration) => return self.import(&declaration),
            Item::Mod(module) => return self.declare(module),
            Item::Macro(call) if call.ident.is_none() => {
                let mut scan = Self::default();
                scan.scan(call.mac.tokens);
                self.in_macros.extend(scan.words);
            }
            item => self.defined.extend(item_name(&item)),
        }
        self.scan(tokens.into_iter().collect());
    }

    fn import(&mut self, declaration: &ItemUse) {
        let is_reexport = !matches!(declaration.vis, Visibility::Inherited);
        for (name, path) in leaves(&declaration.tree, &[]) {
            self.imports.push(Import { name, path, is_reexport });
        }
    }

    fn declare(&mut self, module: ItemMod) {
        let inline = module.content.map(|(_, items)| Self::of(items));
        self.children.push(Child { name: module.ident.to_string(), inline });
    }

    /// Collects the words and paths of some code, in macro calls too.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            at += match &rest[0] {
                TokenTree::Punct(_) if is_for_tests(rest) => item_length(rest),
                TokenTree::Ident(word) if word == "use" => self.scan_use(rest),
                TokenTree::Ident(_) => self.scan_path(rest),
                TokenTree::Group(group) => {
                    self.scan(group.stream());
                    1
                }
                _ => 1,
            };
        }
    }

    /// Records a `use` inside a function. Returns its number of tokens.
    fn scan_use(&mut self, tokens: &[TokenTree]) -> usize {
        let length = item_length(tokens);
        let Ok(declaration) = syn::parse2::<ItemUse>(tokens[..length].iter().cloned().collect()) else { return 1 };
        for (name, mut path) in leaves(&declaration.tree, &[]) {
            // A glob import counts as a use of the module's own items.
            if name.is_none() {
                path.push("*".to_owned());
            }
            self.paths.insert(path);
        }
        length
    }

    /// Records a path of words separated by `::`. Returns its number of tokens.
    fn scan_path(&mut self, tokens: &[TokenTree]) -> usize {
        let mut path = vec![tokens[0].to_string()];
        let mut length = 1;
        while let [TokenTree::Punct(first), TokenTree::Punct(second), TokenTree::Ident(word), ..] = &tokens[length..]
            && first.as_char() == ':'
            && second.as_char() == ':'
        {
            path.push(word.to_string());
            length += 3;
        }
        self.words.extend(path.iter().cloned());
        if path.len() > 1 {
            self.paths.insert(path);
        }
        length
    }
}

/// Returns the name of an item, if it has one.
fn item_name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Returns each name that a `use` imports, with its path.
fn leaves(tree: &UseTree, before: &[String]) -> Vec<(Option<String>, Path)> {
    let with = |name: &dyn ToString| [before, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &with(&path.ident)),
        UseTree::Group(group) => group.items.iter().flat_map(|tree| leaves(tree, before)).collect(),
        UseTree::Glob(_) => vec![(None, before.to_vec())],
        UseTree::Rename(rename) => vec![(Some(rename.rename.to_string()), append(before, &rename.ident))],
        UseTree::Name(name) => {
            let path = append(before, &name.ident);
            vec![(path.last().cloned(), path)]
        }
    }
}

/// Appends a segment to a path. The segment `self` stands for the path itself.
fn append(before: &[String], name: &dyn ToString) -> Path {
    let name = name.to_string();
    if name == "self" && !before.is_empty() { before.to_vec() } else { [before, &[name]].concat() }
}

/// Returns whether an item begins with attributes that include `#[cfg(test)]`.
fn is_for_tests(tokens: &[TokenTree]) -> bool {
    let mut rest = tokens;
    while let [TokenTree::Punct(mark), TokenTree::Group(attribute), after @ ..] = rest
        && mark.as_char() == '#'
    {
        if attribute.stream().to_string().replace(' ', "") == "cfg(test)" {
            return true;
        }
        rest = after;
    }
    false
}

/// Returns the number of tokens of the first item, which ends with a semicolon or a block.
fn item_length(tokens: &[TokenTree]) -> usize {
    let is_use = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "use");
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !tokens.first().is_some_and(is_use),
        _ => false,
    };
    tokens.iter().position(ends).map_or(tokens.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        Source::parse(text).unwrap().paths.into_iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn imports_are_split_into_names_and_paths() {
        let source = Source::parse("use a::{self, b::C as D, e::*};\npub(crate) use f::G;\n").unwrap();
        let imports: Vec<_> = source
            .imports
            .iter()
            .map(|import| (import.name.as_deref(), import.path.join("::"), import.is_reexport))
            .collect();
        assert_eq!(
            imports,
            [
                (Some("a"), "a".to_owned(), false),
                (Some("D"), "a::b::C".to_owned(), false),
                (None, "a::e".to_owned(), false),
                (Some("G"), "f::G".to_owned(), true),
            ]
        );
    }

    #[test]
    fn paths_are_found_in_functions_types_and_macros() {
        let text = "fn f(x: a::B) { use c::{D, e::F}; g!(h::I, \"j::K\"); }\nstruct S(Vec<l::M<n::O>>);\n// p::Q\n";
        assert_eq!(paths(text), ["a::B", "c::D", "c::e::F", "h::I", "l::M", "n::O"]);
    }

    #[test]
    fn test_only_code_is_left_out() {
        let text = "#[cfg(test)]\nmod tests { use super::*; }\nimpl S { #[cfg(test)] fn f() { a::b(); } fn g() { c::d(); } }\n#[cfg(test)]\nuse e::F;\n";
        let source = Source::parse(text).unwrap();
        assert!(source.children.is_empty() && source.imports.is_empty());
        assert_eq!(paths(text), ["c::d"]);
    }
}
