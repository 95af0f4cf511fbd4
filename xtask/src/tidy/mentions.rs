//! Checks that the files, types, methods and functions that documents mention in code spans and figures exist.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::markdown::{self, Page};
use super::repository::Repository;
use super::vocabulary::{Vocabulary, split_words};

/// Names that are not checked: foreign ones that the code does not contain, and files that users create.
const UNCHECKED: &[&str] = &[
    "boardwire.toml",
    "EventSource",
    "Timestamp::now",
    "subscriptions/listen",
    // Names that docs/modules/README.md relates to the code's.
    "TaskCreatedMessage",
    "UserPresenceMessage",
    "TaskService",
    "BoardService",
    "NoteService",
];

/// The extensions by which a file name is recognised.
const FILE_EXTENSIONS: &[&str] =
    &["rs", "md", "ts", "tsx", "mjs", "js", "py", "toml", "json", "yaml", "yml", "sql", "css", "html"];

/// Returns a finding for each mention of something that does not exist.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let vocabulary = Vocabulary::read(repository);
    let pages = repository.with_extension("md").filter(|(path, _)| is_checked(path));
    pages.flat_map(|(path, text)| check_page(repository, &vocabulary, path, text)).collect()
}

fn check_page(repository: &Repository, vocabulary: &Vocabulary, path: &str, text: &str) -> Vec<Finding> {
    let page = Page::of(text);
    // A page may mention names that its own samples define.
    let samples: BTreeSet<String> = page
        .fenced
        .iter()
        .filter(|fenced| !fenced.language.is_empty())
        .flat_map(|fenced| split_words(fenced.line))
        .collect();
    let exists = |mention: &str| match Mention::of(repository, mention) {
        _ if UNCHECKED.contains(&mention) => true,
        Some(Mention::File(file)) => file_exists(repository, path, file),
        Some(Mention::Member(owner, member)) => vocabulary.has_member(owner, member),
        Some(Mention::Name(name)) => vocabulary.has(name) || samples.contains(name),
        None => true,
    };
    let spans = page.prose.iter().flat_map(|(number, line)| markdown::spans(line).map(move |span| (*number, span)));
    let figures = page.fenced.iter().filter(|fenced| fenced.language.is_empty());
    let in_figures = figures.flat_map(|fenced| names(fenced.line).map(|name| (fenced.number, name)));
    let missing = spans.chain(in_figures).filter(|(_, mention)| !exists(mention));
    let advice = "nothing of this name in the code: use an existing name, or remove it";
    missing
        .map(|(number, mention)| Finding::fail(format!("{path}:{number}"), format!("mentions `{mention}`"), advice))
        .collect()
}

/// Returns the names in a line of a figure.
fn names(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !letter.is_alphanumeric() && !"_:".contains(letter)).map(|name| name.trim_matches(':'))
}

/// Returns whether a document is checked. The changelog describes the past.
fn is_checked(path: &str) -> bool {
    path != "CHANGELOG.md"
}

/// What a code span mentions.
#[derive(Debug, PartialEq, Eq)]
enum Mention<'s> {
    /// A path, or the end of one.
    File(&'s str),
    /// The last two segments of a path with `::`.
    Member(&'s str, &'s str),
    /// A single name.
    Name(&'s str),
}

impl<'s> Mention<'s> {
    /// Classifies a code span. Returns `None` unless it must be a name of the workspace: commands, values
    /// and names on the wire are not.
    fn of(repository: &Repository, span: &'s str) -> Option<Self> {
        if is_path(repository, span) {
            return Some(Self::File(span.trim_end_matches('/')));
        }
        let is_call = span.contains("()") || span.ends_with('!');
        let name = span.split(['(', '<', '!', ' ']).next()?.trim_start_matches("::");
        if name.is_empty() || !name.chars().all(|letter| letter.is_alphanumeric() || "_:".contains(letter)) {
            return None;
        }
        if let Some((before, member)) = name.rsplit_once("::") {
            let owner = before.rsplit("::").next()?;
            return Some(Self::Member(owner, member));
        }
        let mut letters = name.chars();
        let is_type = letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase);
        let is_word = name.contains('_') && !name.contains(':');
        (span == name || is_call).then_some(())?;
        (is_type || is_word || (is_call && !name.contains(':'))).then_some(Self::Name(name))
    }
}

/// Returns whether a span is a path of the repository: it has a known extension, or begins with a folder of the
/// workspace.
fn is_path(repository: &Repository, span: &str) -> bool {
    let letters = |letter: char| letter.is_alphanumeric() || "/._-".contains(letter);
    if span.starts_with(['/', '.', '-']) || !span.chars().all(letters) {
        return false;
    }
    let has_extension =
        span.rsplit_once('.').is_some_and(|(name, extension)| !name.is_empty() && FILE_EXTENSIONS.contains(&extension));
    let first = span.split_once('/').map(|(first, _)| first);
    has_extension
        || first.is_some_and(|first| repository.exists(&format!("crates/{first}")) || repository.exists(first))
}

/// Returns whether a path exists. It may omit `crates/`, the page's own crate or `tests/`, `src/`, and a module's
/// extension.
fn file_exists(repository: &Repository, page: &str, path: &str) -> bool {
    let own = page.strip_prefix("docs/modules/").and_then(|name| name.strip_suffix(".md"));
    let own = own.or_else(|| page.strip_prefix("crates/")?.split('/').next()).filter(|own| *own != "README");
    let folders = own.map_or(vec![String::new()], |own| vec![format!("crates/{own}/"), "tests/".to_owned()]);
    let module = path.split_once('/').map(|(name, module)| format!("crates/{name}/src/{module}"));
    let forms = [Some(path.to_owned()), Some(format!("crates/{path}")), module];
    let exists = |form: String| {
        ["", ".rs", "/mod.rs", ".ts", ".tsx"].iter().any(|end| repository.exists(&format!("{form}{end}")))
    };
    let end = format!("/{path}");
    let matches_end = |file: &str| {
        folders.iter().any(|folder| file.starts_with(folder))
            && (file.ends_with(&end) || file.contains(&format!("{end}/")))
    };
    forms.into_iter().flatten().any(exists) || repository.paths().any(matches_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "pub struct Hub { key: u8 }\nimpl Hub { fn open() { call(\"Origin\") } }\n";

    fn missing(page: &str, text: &str) -> Vec<String> {
        let files = [
            ("crates/gate/src/hub.rs", CODE),
            ("crates/gate/src/parts/mod.rs", "//! Parts.\n"),
            ("crates/store/src/row.rs", "//! Rows.\n"),
            ("tests/it/kill.rs", "fn it_comes_back() {}\n"),
            (page, text),
        ];
        check(&Repository::of(&files)).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn existing_names_may_be_mentioned() {
        let text = "`hub.rs` `gate/src/hub.rs` `gate/hub` `gate/parts` `store/src/row.rs` `tests/it/kill.rs` `it/kill.rs` \
            `Hub` `Hub::open` `Hub::open(key)` `gate::Hub` `gate::hub::Hub` `open()` `Origin` `it_comes_back`";
        assert_eq!(missing("docs/modules/gate.md", text), [""; 0]);
    }

    #[test]
    fn missing_names_are_found() {
        for gone in [
            "lost.rs",
            "row.rs",
            "gate/src/lost.rs",
            "gate/lost",
            "crates/lost/src/hub.rs",
            "Lost",
            "Hub::lost",
            "lost::Hub",
            "gate::Lost",
            "Lost::open",
            "lost()",
            "it_is_lost",
        ] {
            assert_eq!(missing("docs/modules/gate.md", &format!("a `{gone}`")), [format!("mentions `{gone}`")]);
        }
    }

    #[test]
    fn other_code_spans_are_ignored() {
        let text = "`text/html` `/api/v1` `--flag` `task:update` `boardwire serve` `BTW` `{a: 1}` `1.5` `docs`";
        assert_eq!(missing("README.md", text), [""; 0]);
    }

    #[test]
    fn figures_are_checked_and_samples_define_names() {
        let text = "```\n Hub ─▶ Hub::open ─▶ Lost\n```\n```js\nclass Edits {}\n```\n`Edits`\n";
        assert_eq!(missing("docs/ARCHITECTURE.md", text), ["mentions `Lost`"]);
    }
}
