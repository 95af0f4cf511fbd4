-- When anything on a board last changed: the time of its latest event, also when that is no longer in the log.

ALTER TABLE boards ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
UPDATE boards SET changed_at = COALESCE(
    (SELECT events.at FROM events WHERE events.board_id = boards.id ORDER BY events.seq DESC LIMIT 1),
    boards.updated_at
);
