//! The terms of SQLite's index of words. Each word is indexed together with the number of its board: the number, a
//! separator, the word. So a search looks up its words only on the caller's boards: other people's texts do not slow it down,
//! nor does its time tell anything about them.

use rusqlite::functions::{Context, FunctionFlags};

/// Separates a board's number from a word. SQLite takes it for part of a word; [`words_in`] does not, so that no text can
/// contain it.
const SEPARATOR: char = '\u{E000}';

/// Returns a query in the language of SQLite's index: all of the words on this board, the last one as a prefix.
pub(crate) fn match_on_board(words: &[String], number: i64) -> String {
    let terms: Vec<_> = words.iter().map(|word| format!("\"{number}{SEPARATOR}{}\"", plain(word))).collect();
    format!("({} *)", terms.join(" AND "))
}

/// Returns a word without anything but letters and digits.
pub(crate) fn plain(word: &str) -> String {
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
        // No text gets at another board's terms.
        assert_eq!(terms(1, "2\u{E000}fuel"), "1\u{E000}2 1\u{E000}fuel ");
        assert_eq!(
            match_on_board(&["bu\"y".to_owned(), "fu".to_owned()], 3),
            "(\"3\u{E000}buy\" AND \"3\u{E000}fu\" *)"
        );
    }
}
