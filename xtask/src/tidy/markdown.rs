//! Markdown, as far as the rules read it: prose apart from fenced code, and code spans in prose.

/// A page, split into prose and fenced code.
pub(super) struct Page<'t> {
    /// Number and text of each line outside fences.
    pub(super) prose: Vec<(usize, &'t str)>,
    /// Each line inside fences.
    pub(super) fenced: Vec<Fenced<'t>>,
}

/// A line inside a fence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fenced<'t> {
    pub(super) number: usize,
    /// The language that the opening fence names; empty for a figure.
    pub(super) language: &'t str,
    pub(super) line: &'t str,
}

impl<'t> Page<'t> {
    /// Splits a page. An unclosed fence extends to the end.
    pub(super) fn of(text: &'t str) -> Self {
        let mut page = Self { prose: Vec::new(), fenced: Vec::new() };
        let mut fence: Option<(&str, &str)> = None;
        for (number, line) in (1..).zip(text.lines()) {
            let mark = ["```", "~~~"].into_iter().find_map(|mark| Some((mark, line.trim_start().strip_prefix(mark)?)));
            match (fence, mark) {
                (None, Some(_)) => fence = mark,
                (Some((open, _)), Some((mark, _))) if open == mark => fence = None,
                (Some((_, language)), _) => page.fenced.push(Fenced { number, language: language.trim(), line }),
                (None, None) => page.prose.push((number, line)),
            }
        }
        page
    }
}

/// Returns the contents of the code spans in a line of prose.
pub(super) fn spans(line: &str) -> impl Iterator<Item = &str> {
    let parts: Vec<&str> = line.split('`').collect();
    let paired = paired(&parts);
    parts.into_iter().enumerate().filter(move |(at, _)| at % 2 == 1 && *at < paired).map(|(_, part)| part)
}

/// Returns a line with the word `code` in place of each code span and of an unpaired backtick.
pub(super) fn without_spans(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    let paired = paired(&parts);
    let prose = parts.iter().enumerate().filter(|(at, _)| at % 2 == 0 || *at >= paired);
    prose.map(|(_, part)| *part).collect::<Vec<_>>().join("code")
}

/// Returns how many of a line's parts are delimited by paired backticks.
fn paired(parts: &[&str]) -> usize {
    parts.len() - usize::from(parts.len().is_multiple_of(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_separated_from_fenced_code() {
        let page = Page::of("a\n```rust\nb\n~~~\n```\nc\n");
        assert_eq!(page.prose, [(1, "a"), (6, "c")]);
        let fenced: Vec<_> = page.fenced.iter().map(|fenced| (fenced.number, fenced.language, fenced.line)).collect();
        assert_eq!(fenced, [(3, "rust", "b"), (4, "rust", "~~~")]);
    }

    #[test]
    fn a_code_span_needs_two_backticks() {
        assert_eq!(spans("a `b` c `d` ` e").collect::<Vec<_>>(), ["b", "d"]);
        assert_eq!(spans("`a`").collect::<Vec<_>>(), ["a"]);
        assert_eq!(without_spans("a `b` c ` d"), "a code c code d");
    }
}
