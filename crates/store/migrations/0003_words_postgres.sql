-- What is no letter or digit stands between words, as it does on SQLite: the database's own reading would take
-- addresses, paths and tags as one word, or leave them out.
ALTER TABLE tasks ADD COLUMN words tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', translate(title, '!"#$%&''()*+,-./:;<=>?@[\]^_`|~', repeat(' ', 31))), 'A')
    || to_tsvector('simple', translate(description, '!"#$%&''()*+,-./:;<=>?@[\]^_`|~', repeat(' ', 31)))
) STORED;
CREATE INDEX tasks_by_word ON tasks USING gin (words);
ALTER TABLE comments ADD COLUMN words tsvector GENERATED ALWAYS AS (
    to_tsvector('simple', translate(body, '!"#$%&''()*+,-./:;<=>?@[\]^_`|~', repeat(' ', 31)))
) STORED;
CREATE INDEX comments_by_word ON comments USING gin (words)
