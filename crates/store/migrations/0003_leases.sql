-- Leases on tasks, lists by id, and an index of words.

-- The highest fence that a lease of the task has had; the lease as JSON text; and when it ends.
ALTER TABLE tasks ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN lease TEXT;
ALTER TABLE tasks ADD COLUMN lease_expires_at BIGINT;
CREATE INDEX tasks_by_lease ON tasks (lease_expires_at) WHERE lease_expires_at IS NOT NULL;

DROP INDEX tasks_by_board;
CREATE INDEX tasks_by_board ON tasks (board_id, id);
CREATE INDEX tasks_by_assignee ON tasks (assignee, id) WHERE assignee IS NOT NULL;

{word_index}
