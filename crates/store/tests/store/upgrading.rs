//! A database of an earlier version is brought up to date, and keeps its contents.

use std::sync::Arc;

use anyhow::Result;
use boardwire_protocol::{Role, TeamId};
use boardwire_services::storage::WantedMatches;
use boardwire_store::{Options, open};
use boardwire_test_support::{Database, Kind};

use crate::samples::{board_id, task_id, user_id};

/// The schema of version 1, as it was released.
const FIRST: &str = include_str!("../../migrations/0001_core.sql");

/// What the database contains before the upgrade.
const CONTENTS: &str = r#"
CREATE TABLE schema_migrations (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL);
INSERT INTO schema_migrations VALUES (1, 1);
INSERT INTO users VALUES ('ann', 'Ann', '["read","write"]', '["red","blue"]', 1);
INSERT INTO users VALUES ('bob', 'Bob', '["read"]', '[]', 1);
INSERT INTO users VALUES ('cid', 'Cid', '["read"]', '["blue","blue"]', 1);
INSERT INTO users VALUES ('dan', 'Dan', '["read"]', '["o''neil"]', 1);
INSERT INTO boards VALUES ('b', 'B', '', NULL, 'blue', 0, 1, 'ann', 1, 1, '{}', 2, 'first');
INSERT INTO boards VALUES ('quiet', 'Q', '', NULL, NULL, 0, 1, 'ann', 1, 3, '{}', 2, 'first');
INSERT INTO events (board_id, seq, kind, at, envelope) VALUES ('b', 1, 'board:created', 1, '{}');
INSERT INTO events (board_id, seq, kind, at, envelope) VALUES ('b', 2, 'task:created', 7, '{}');
INSERT INTO members VALUES ('b', 'ann', 'owner');
INSERT INTO columns VALUES ('c', 'b', 'C', 'a0', NULL, NULL, 1, 1, 1, '{}');
INSERT INTO tasks VALUES ('t', 'b', 'c', 'T', '', 'todo', 'a0', 0, NULL, NULL, '[]', 1, 'ann', 1, 1, NULL, '{}');
"#;

async fn database_of_first_version(kind: Kind) -> Result<Arc<Database>> {
    let database = Database::create(kind).await?;
    let (id, text) = match kind {
        Kind::Sqlite => ("INTEGER PRIMARY KEY", "TEXT"),
        Kind::Postgres => ("BIGSERIAL PRIMARY KEY", "TEXT COLLATE \"C\""),
    };
    let schema = FIRST.replace("{auto_id}", id).replace("{ordered_text}", text);
    database.run(&format!("{schema}{CONTENTS}")).await?;
    Ok(database)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_version_is_brought_up_to_date() -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = database_of_first_version(kind).await?;
        let opened = open(database.url(), Options::default()).await?;
        let store = opened.store();
        let teams = database.query("SELECT team_id, user_id FROM team_users ORDER BY team_id, user_id").await?;
        assert_eq!(teams, [["blue", "ann"], ["blue", "cid"], ["o'neil", "dan"], ["red", "ann"]], "on {kind:?}");
        let ann = store.user(&user_id("ann")).await?.expect("she is there");
        assert_eq!(ann.teams, ["red", "blue"].map(|id| TeamId::try_from(id).expect("an id")));
        // The users of the board's team are to become members; existing memberships do not depend on a team.
        assert_eq!(store.team_boards(&user_id("cid")).await?, [board_id("b")]);
        assert_eq!(store.team_boards(&user_id("ann")).await?, []);
        assert_eq!(store.role(&board_id("b"), &user_id("ann")).await?, Some(Role::Owner));
        let detail = store.detail(&task_id("t")).await?.expect("it is there");
        assert!(detail.comments.is_empty() && detail.dependencies.is_empty(), "on {kind:?}");
        assert_eq!((detail.task.lease, detail.task.version), (None, 1));
        // A board last changed at its latest event or, if no event is left, when its own fields did.
        let listed = store.boards(None, None).await?;
        let listed: Vec<_> = listed.iter().map(|listed| (listed.board.id.as_str(), listed.changed_at.0)).collect();
        assert_eq!(listed, [("b", 7), ("quiet", 3)], "on {kind:?}");
        // Texts that were there before are found by their words.
        let words = vec!["t".to_owned()];
        let found = store.matches(&WantedMatches { words, reader: None, board: None, limit: 5 }).await?;
        assert_eq!(found.into_iter().map(|found| found.task_id).collect::<Vec<_>>(), [task_id("t")], "on {kind:?}");
        opened.close().await;
        // Opening again does not repeat the upgrade.
        open(database.url(), Options::default()).await?.close().await;
        let applied = database.query("SELECT version FROM schema_migrations ORDER BY version").await?;
        assert_eq!(&applied[..3], [["1"], ["2"], ["3"]]);
        database.integrity_check().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_fails_changes_nothing() -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = database_of_first_version(kind).await?;
        // Something that makes the upgrade fail.
        database.run("CREATE TABLE account_changes (id BIGINT);").await?;
        let error = open(database.url(), Options::default()).await.unwrap_err().to_string();
        assert!(error.contains("account_changes"), "{error}");
        assert_eq!(database.query("SELECT MAX(version) FROM schema_migrations").await?, [["1"]]);
        database.run("DROP TABLE account_changes;").await?;
        open(database.url(), Options::default()).await?.close().await;
        assert_eq!(database.query("SELECT COUNT(*) FROM team_users").await?, [["4"]]);
    }
    Ok(())
}
