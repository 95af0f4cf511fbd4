-- Which users are agents: programs that work as somebody.
ALTER TABLE users ADD COLUMN agent BIGINT NOT NULL DEFAULT 0;
