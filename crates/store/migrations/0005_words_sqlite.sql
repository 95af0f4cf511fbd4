CREATE TABLE board_numbers (
    id INTEGER PRIMARY KEY,
    board_id TEXT NOT NULL UNIQUE
);
INSERT INTO board_numbers (board_id) SELECT id FROM boards ORDER BY rowid;
CREATE TRIGGER number_of_new_board AFTER INSERT ON boards BEGIN
    INSERT INTO board_numbers (board_id) VALUES (new.id);
END;

DROP TRIGGER words_of_new_task;
DROP TRIGGER words_of_task;
DROP TRIGGER words_of_new_comment;
DROP TRIGGER words_of_comment;
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5(
    title, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);

CREATE TRIGGER words_of_new_task AFTER INSERT ON tasks BEGIN
    INSERT INTO documents (task_id) VALUES (new.id);
    INSERT INTO words (rowid, title, text)
        SELECT documents.id, words_on_board(board_numbers.id, new.title), words_on_board(board_numbers.id, new.description)
        FROM documents, board_numbers
        WHERE task_id = new.id AND comment_id IS NULL AND board_id = new.board_id;
END;
CREATE TRIGGER words_of_task AFTER UPDATE OF title, description ON tasks
    WHEN new.title <> old.title OR new.description <> old.description
BEGIN
    UPDATE words
        SET title = words_on_board((SELECT id FROM board_numbers WHERE board_id = new.board_id), new.title),
            text = words_on_board((SELECT id FROM board_numbers WHERE board_id = new.board_id), new.description)
        WHERE rowid = (SELECT id FROM documents WHERE task_id = new.id AND comment_id IS NULL);
END;
CREATE TRIGGER words_of_new_comment AFTER INSERT ON comments BEGIN
    INSERT INTO documents (task_id, comment_id) VALUES (new.task_id, new.id);
    INSERT INTO words (rowid, title, text)
        SELECT documents.id, '', words_on_board(board_numbers.id, new.body) FROM documents, board_numbers
        WHERE comment_id = new.id AND board_id = new.board_id;
END;
CREATE TRIGGER words_of_comment AFTER UPDATE OF body ON comments WHEN new.body <> old.body BEGIN
    UPDATE words
        SET title = '', text = words_on_board((SELECT id FROM board_numbers WHERE board_id = new.board_id), new.body)
        WHERE rowid = (SELECT id FROM documents WHERE comment_id = new.id);
END;

INSERT INTO words (rowid, title, text)
    SELECT documents.id, words_on_board(board_numbers.id, tasks.title),
        words_on_board(board_numbers.id, tasks.description)
    FROM documents JOIN tasks ON tasks.id = documents.task_id JOIN board_numbers ON board_numbers.board_id = tasks.board_id
    WHERE documents.comment_id IS NULL ORDER BY documents.id;
INSERT INTO words (rowid, title, text)
    SELECT documents.id, '', words_on_board(board_numbers.id, comments.body)
    FROM documents JOIN comments ON comments.id = documents.comment_id
        JOIN board_numbers ON board_numbers.board_id = comments.board_id
    ORDER BY documents.id
