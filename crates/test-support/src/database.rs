//! Databases for tests: a fresh one for each, of either kind, and access to it while the server is running.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::postgres::Instance;
use crate::psql::{output, psql};

/// The kind of database under the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of its own in an instance that the tests share.
    Postgres,
}

/// A fresh database. Dropping it removes it.
pub struct Database {
    url: String,
    folder: TempDir,
    location: Location,
}

enum Location {
    Sqlite,
    Postgres { instance: Arc<Instance>, name: String },
}

/// A Python program that prints the rows of a query as JSON; the file is opened read-only.
const SQLITE_QUERY: &str = r"
import json, sqlite3, sys
connection = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True, timeout=10)
text = lambda value: '' if value is None else value.decode() if isinstance(value, bytes) else str(value)
print(json.dumps([[text(value) for value in row] for row in connection.execute(sys.argv[2])]))
";

/// A Python program that runs its standard input as an SQL script.
const SQLITE_SCRIPT: &str =
    "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=10).executescript(sys.stdin.read())";

impl Database {
    /// Creates a database.
    ///
    /// # Errors
    /// The folder, the Postgres instance or the database can't be created.
    pub async fn create(kind: Kind) -> Result<Arc<Self>> {
        let folder = tempfile::Builder::new().prefix("boardwire-test-").tempdir().context("making a folder")?;
        let (url, location) = match kind {
            Kind::Sqlite => (format!("sqlite://{}", folder.path().join("board.db").display()), Location::Sqlite),
            Kind::Postgres => {
                let instance = Instance::shared().await?;
                let name = fresh_name();
                instance.create_database(&name).await?;
                (instance.url(&name), Location::Postgres { instance, name })
            }
        };
        Ok(Arc::new(Self { url, folder, location }))
    }

    /// Returns its URL in the form that the server takes.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.location {
            Location::Sqlite => Kind::Sqlite,
            Location::Postgres { .. } => Kind::Postgres,
        }
    }

    /// Returns a folder that belongs to this test alone.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the rows of a query, each field as text; NULL is empty text.
    ///
    /// # Errors
    /// The query fails.
    pub async fn query(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        match self.location {
            Location::Sqlite => {
                let file = self.folder.path().join("board.db");
                let mut command = Command::new("python3");
                command.arg("-c").arg(SQLITE_QUERY).arg(file).arg(sql);
                serde_json::from_str(&output(&mut command, sql).await?).context("reading the rows")
            }
            Location::Postgres { .. } => psql(&self.url, sql).await,
        }
    }

    /// Runs a script while others may have the database open.
    ///
    /// # Errors
    /// The script fails.
    pub async fn run(&self, script: &str) -> Result<()> {
        let mut command = match self.location {
            Location::Sqlite => {
                let mut command = Command::new("python3");
                command.arg("-c").arg(SQLITE_SCRIPT).arg(self.folder.path().join("board.db"));
                command
            }
            Location::Postgres { .. } => {
                let mut command = Command::new("psql");
                command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", &self.url]);
                command
            }
        };
        let mut child = command.stdin(Stdio::piped()).spawn().context("running a script")?;
        let mut stdin = child.stdin.take().context("the script's way in")?;
        stdin.write_all(script.as_bytes()).await?;
        drop(stdin);
        let status = child.wait().await?;
        ensure!(status.success(), "the script failed: {status}");
        Ok(())
    }

    /// Runs the database's own integrity check.
    ///
    /// # Errors
    /// It finds an error.
    pub async fn integrity_check(&self) -> Result<()> {
        match self.location {
            Location::Sqlite => {
                let rows = self.query("PRAGMA integrity_check").await?;
                ensure!(rows == [["ok"]], "the integrity check found: {rows:?}");
                let rows = self.query("PRAGMA foreign_key_check").await?;
                ensure!(rows.is_empty(), "rows that point nowhere: {rows:?}");
            }
            Location::Postgres { .. } => {
                // Postgres has no such check of its own; reading every row of every table at least decodes them.
                let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
                for table in self.query(tables).await?.into_iter().flatten() {
                    self.query(&format!("SELECT count(t::text) FROM \"{table}\" t")).await?;
                }
            }
        }
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Location::Postgres { instance, name } = &self.location {
            instance.drop_database(name);
        }
    }
}

/// Returns a name that no other database of the instance has, whichever test process asks.
fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("bw_{}_{}_{:08x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed), fastrand::u32(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn postgres_rows_are_split_correctly() -> Result<()> {
        let database = Database::create(Kind::Postgres).await?;
        assert_eq!(database.query("SELECT 1 WHERE false").await?, Vec::<Vec<String>>::new());
        let rows = database.query("SELECT 1, NULL, E'a|b\\nc' UNION ALL SELECT 2, 'x', '' ORDER BY 1").await?;
        assert_eq!(rows, [["1", "", "a|b\nc"], ["2", "x", ""]]);
        assert!(database.query("SELECT nonsense").await.is_err());
        database.integrity_check().await
    }
}
