-- Users, boards, their members, columns and tasks, the boards' logs, and what request ids were used for.
-- Times are milliseconds since 1970 UTC, lists and maps are JSON text, truth values are 0 and 1.

CREATE TABLE users (
    id {ordered_text} NOT NULL PRIMARY KEY,
    name {ordered_text} NOT NULL,
    permissions TEXT NOT NULL,
    teams TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE boards (
    id {ordered_text} NOT NULL PRIMARY KEY,
    name {ordered_text} NOT NULL,
    description TEXT NOT NULL,
    color TEXT,
    team_id {ordered_text},
    archived BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_by {ordered_text} NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    changed TEXT NOT NULL,
    seq BIGINT NOT NULL,
    epoch TEXT NOT NULL
);

CREATE TABLE members (
    board_id {ordered_text} NOT NULL REFERENCES boards (id),
    user_id {ordered_text} NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    PRIMARY KEY (board_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE columns (
    id {ordered_text} NOT NULL PRIMARY KEY,
    board_id {ordered_text} NOT NULL REFERENCES boards (id),
    name TEXT NOT NULL,
    position {ordered_text} NOT NULL,
    status TEXT,
    wip_limit BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    changed TEXT NOT NULL
);
CREATE INDEX columns_by_board ON columns (board_id);

CREATE TABLE tasks (
    id {ordered_text} NOT NULL PRIMARY KEY,
    board_id {ordered_text} NOT NULL REFERENCES boards (id),
    column_id {ordered_text} NOT NULL REFERENCES columns (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    position {ordered_text} NOT NULL,
    priority BIGINT NOT NULL,
    assignee {ordered_text},
    due_date TEXT,
    tags TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_by {ordered_text} NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    completed_at BIGINT,
    changed TEXT NOT NULL
);
CREATE INDEX tasks_by_column ON tasks (column_id, position);
CREATE INDEX tasks_by_board ON tasks (board_id);

-- Rows go to the end of the table: that is faster than keeping them together by board. There is no index on `at`,
-- because every write would pay for it: pruning walks from the oldest row on instead.
CREATE TABLE events (
    id {auto_id},
    board_id {ordered_text} NOT NULL REFERENCES boards (id),
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    task_id {ordered_text},
    subject {ordered_text},
    actor {ordered_text},
    origin BIGINT,
    at BIGINT NOT NULL,
    envelope TEXT NOT NULL
);
CREATE UNIQUE INDEX events_by_board ON events (board_id, seq);

CREATE TABLE requests (
    user_id {ordered_text} NOT NULL,
    request_id {ordered_text} NOT NULL,
    hash TEXT NOT NULL,
    reply TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, request_id)
);
CREATE INDEX requests_by_age ON requests (created_at);
