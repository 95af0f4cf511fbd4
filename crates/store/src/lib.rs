//! How it persists: the storage traits on SQLite and Postgres, migrations and the event log.
