-- On SQLite each board's words are terms of their own, so that a search looks into the boards of its caller alone.
-- `words_on_board` is a function of this program's (`search_terms.rs`).
{words_by_board}
