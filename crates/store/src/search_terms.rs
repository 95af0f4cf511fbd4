//! The terms of SQLite's full-text index (FTS5). A term is the number of a board, a separator and a word. So a search
//! looks up its words only on the caller's boards: texts on other boards do not slow it down, and its time reveals
//! nothing about them.

use rusqlite::functions::{Context, FunctionFlags};

/// Separates a board's number from a word. FTS5 treats it as part of a word; [`words_in`] does not, so no word of a
/// text contains it.
const SEPARATOR: char = '\u{E000}';

/// Returns an FTS5 query for texts on this board that contain all of the words, the last one as a prefix.
pub(crate) fn match_on_board(words: &[String], number: i64) -> String {
    let terms: Vec<_> =
        words.iter().map(|word| format!("\"{number}{SEPARATOR}{}\"", letters_and_digits(word))).collect();
    format!("({} *)", terms.join(" AND "))
}

/// Returns the letters and digits of a word, without other characters.
pub(crate) fn letters_and_digits(word: &str) -> String {
    word.chars().filter(|character| character.is_alphanumeric()).collect()
}

/// Adds the function `words_on_board(number, text)` to a connection: it returns a text's words as terms of that board.
pub(crate) fn add_function(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("words_on_board", 2, flags, |context: &Context<'_>| {
        Ok(terms(context.get(0)?, context.get_raw(1).as_str()?))
    })
}

/// Returns the words of a text as terms of this board, separated by spaces.
fn terms(number: i64, text: &str) -> String {
    let mut terms = String::with_capacity(text.len() * 2);
    for word in words_in(text) {
        terms.push_str(&format!("{number}{SEPARATOR}{word} "));
    }
    terms
}

/// Returns the words of a text: sequences of letters and digits.
fn words_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_indexed_with_its_board() {
        assert_eq!(terms(12, "Buy fuel, Größe-XL"), "12\u{E000}Buy 12\u{E000}fuel 12\u{E000}Größe 12\u{E000}XL ");
        // A text can't produce another board's terms.
        assert_eq!(terms(1, "2\u{E000}fuel"), "1\u{E000}2 1\u{E000}fuel ");
        assert_eq!(
            match_on_board(&["bu\"y".to_owned(), "fu".to_owned()], 3),
            "(\"3\u{E000}buy\" AND \"3\u{E000}fu\" *)"
        );
    }
}
