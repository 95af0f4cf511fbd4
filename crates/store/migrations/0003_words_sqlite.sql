-- Each text is a document, the task's own as well as each comment. The index keeps no copy of it, only its words, and
-- follows by triggers.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL,
    comment_id TEXT
);
CREATE INDEX documents_by_task ON documents (task_id);
CREATE UNIQUE INDEX documents_by_comment ON documents (comment_id) WHERE comment_id IS NOT NULL;
CREATE VIRTUAL TABLE words USING fts5(
    title, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);

CREATE TRIGGER words_of_new_task AFTER INSERT ON tasks BEGIN
    INSERT INTO documents (task_id) VALUES (new.id);
    INSERT INTO words (rowid, title, text)
        SELECT id, new.title, new.description FROM documents WHERE task_id = new.id AND comment_id IS NULL;
END;
CREATE TRIGGER words_of_task AFTER UPDATE OF title, description ON tasks
    WHEN new.title <> old.title OR new.description <> old.description
BEGIN
    UPDATE words SET title = new.title, text = new.description
        WHERE rowid = (SELECT id FROM documents WHERE task_id = new.id AND comment_id IS NULL);
END;
CREATE TRIGGER words_of_old_task AFTER DELETE ON tasks BEGIN
    DELETE FROM words WHERE rowid IN (SELECT id FROM documents WHERE task_id = old.id);
    DELETE FROM documents WHERE task_id = old.id;
END;

CREATE TRIGGER words_of_new_comment AFTER INSERT ON comments BEGIN
    INSERT INTO documents (task_id, comment_id) VALUES (new.task_id, new.id);
    INSERT INTO words (rowid, title, text) SELECT id, '', new.body FROM documents WHERE comment_id = new.id;
END;
CREATE TRIGGER words_of_comment AFTER UPDATE OF body ON comments WHEN new.body <> old.body BEGIN
    UPDATE words SET title = '', text = new.body WHERE rowid = (SELECT id FROM documents WHERE comment_id = new.id);
END;
CREATE TRIGGER words_of_old_comment AFTER DELETE ON comments BEGIN
    DELETE FROM words WHERE rowid IN (SELECT id FROM documents WHERE comment_id = old.id);
    DELETE FROM documents WHERE comment_id = old.id;
END;

INSERT INTO documents (task_id) SELECT id FROM tasks;
INSERT INTO documents (task_id, comment_id) SELECT task_id, id FROM comments;
INSERT INTO words (rowid, title, text)
    SELECT documents.id, tasks.title, tasks.description
    FROM documents JOIN tasks ON tasks.id = documents.task_id WHERE documents.comment_id IS NULL;
INSERT INTO words (rowid, title, text)
    SELECT documents.id, '', comments.body FROM documents JOIN comments ON comments.id = documents.comment_id
