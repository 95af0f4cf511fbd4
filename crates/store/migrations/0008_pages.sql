-- A page of a board shows what its tasks depend on: those of the board, by task.

DROP INDEX dependencies_by_board;
CREATE INDEX dependencies_by_board ON dependencies (board_id, task_id);
