-- Comments, attachments, dependencies, notifications, teams, and the credentials that are kept: passwords, sessions,
-- API keys.

CREATE TABLE comments (
    id {ordered_text} NOT NULL PRIMARY KEY,
    task_id {ordered_text} NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    board_id {ordered_text} NOT NULL REFERENCES boards (id),
    author {ordered_text} NOT NULL,
    body TEXT NOT NULL,
    mentions TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX comments_by_task ON comments (task_id, created_at);

CREATE TABLE attachments (
    id {ordered_text} NOT NULL PRIMARY KEY,
    task_id {ordered_text} NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    board_id {ordered_text} NOT NULL REFERENCES boards (id),
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    uploaded_by {ordered_text} NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX attachments_by_task ON attachments (task_id, created_at);

CREATE TABLE dependencies (
    task_id {ordered_text} NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    depends_on {ordered_text} NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    type {ordered_text} NOT NULL,
    board_id {ordered_text} NOT NULL REFERENCES boards (id),
    created_by {ordered_text} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (task_id, depends_on, type)
);
CREATE INDEX dependencies_by_target ON dependencies (depends_on);
CREATE INDEX dependencies_by_board ON dependencies (board_id);

CREATE TABLE notifications (
    id {ordered_text} NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id {ordered_text} NOT NULL REFERENCES users (id),
    board_id {ordered_text},
    task_id {ordered_text},
    actor {ordered_text},
    text TEXT NOT NULL,
    read_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX notifications_by_user ON notifications (user_id, id);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;
CREATE INDEX notifications_by_age ON notifications (created_at);

-- The team through which somebody became a member; NULL: by name.
ALTER TABLE members ADD COLUMN team_id {ordered_text};
CREATE INDEX boards_by_team ON boards (team_id) WHERE team_id IS NOT NULL;

CREATE TABLE team_users (
    team_id {ordered_text} NOT NULL,
    user_id {ordered_text} NOT NULL REFERENCES users (id),
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_users_by_user ON team_users (user_id);
INSERT INTO team_users (team_id, user_id) SELECT DISTINCT team.value, users.id FROM users, {teams_of_user};

-- Who was taken off a team's board by name, and does not come back through the team.
CREATE TABLE departures (
    board_id {ordered_text} NOT NULL REFERENCES boards (id),
    user_id {ordered_text} NOT NULL REFERENCES users (id),
    PRIMARY KEY (board_id, user_id)
);

CREATE TABLE passwords (
    user_id {ordered_text} NOT NULL PRIMARY KEY REFERENCES users (id),
    hash TEXT NOT NULL
);

CREATE TABLE sessions (
    id {ordered_text} NOT NULL PRIMARY KEY,
    user_id {ordered_text} NOT NULL REFERENCES users (id),
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE api_keys (
    id {ordered_text} NOT NULL PRIMARY KEY,
    user_id {ordered_text} NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    permissions TEXT,
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_keys_by_user ON api_keys (user_id);

-- Whose account or credentials changed: every node looks here for what concerns its open connections.
CREATE TABLE account_changes (
    id {auto_id},
    user_id {ordered_text} NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX account_changes_by_time ON account_changes (at);
