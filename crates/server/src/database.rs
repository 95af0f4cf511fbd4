//! Opens the configured database, with errors that help the operator.

use anyhow::{Result, anyhow};
use boardwire_services::storage::StorageError;
use boardwire_store::{OpenError, Opened, Options};

use crate::settings::StoreSettings;

/// Opens the database for a server; only one server may use it at a time. Otherwise like [`open`].
pub(crate) async fn open_for_server(settings: &StoreSettings) -> Result<Opened> {
    open_with(settings, Options { server: true, ..Options::default() }).await
}

/// Opens the database, and brings its schema up to date. A missing SQLite file is created.
pub(crate) async fn open(settings: &StoreSettings) -> Result<Opened> {
    open_with(settings, Options::default()).await
}

/// Like [`open`], for commands that need existing data: a missing SQLite file is an error.
pub(crate) async fn open_existing(settings: &StoreSettings) -> Result<Opened> {
    open_with(settings, Options { create: false, ..Options::default() }).await
}

async fn open_with(settings: &StoreSettings, options: Options) -> Result<Opened> {
    let url = &settings.database_url;
    boardwire_store::open(url, options).await.map_err(|error| anyhow!(message(url, &error)))
}

fn message(url: &str, error: &OpenError) -> String {
    let (cause, hint) = match error {
        OpenError::Failed(StorageError::Unavailable(cause) | StorageError::Broken(cause)) => {
            (cause.to_string(), hint(url))
        }
        OpenError::NoFile { .. } => {
            let cause = "there is no such database".to_owned();
            (cause, "; name it with --database-url (BOARDWIRE_DATABASE_URL), or make it with: boardwire user create")
        }
        OpenError::InvalidUrl(_) => (error.to_string(), "; check --database-url (BOARDWIRE_DATABASE_URL)"),
        _ => (error.to_string(), ""),
    };
    format!("can't open the database {}: {cause}{hint}", without_password(url))
}

fn hint(url: &str) -> &'static str {
    if url.starts_with("sqlite:") {
        "; check that the file is a SQLite database, that this account may read and write it and its folder, and that \
         --database-url (BOARDWIRE_DATABASE_URL) is right"
    } else {
        "; check that the database is running and lets this user in, and that --database-url (BOARDWIRE_DATABASE_URL) \
         is right"
    }
}

/// Returns the URL without its password and its parameters, which may hold one. If it is unclear where the password is,
/// only the scheme is left.
fn without_password(url: &str) -> String {
    let base = url.split(['?', '#']).next().unwrap_or_default();
    if url.starts_with("sqlite:") {
        return base.to_owned();
    }
    let Some((scheme, rest)) = base.split_once("://") else { return "that --database-url names".to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, host) = match authority.split_once('@') {
        Some((account, host)) => (account.split(':').next(), host),
        None => (None, authority),
    };
    let ambiguous = host.contains('@') || path.contains('@') || url[base.len()..].contains('@') || !is_host(host);
    match user {
        _ if ambiguous => format!("{scheme}://…"),
        Some(user) => format!("{scheme}://{user}@{host}{path}"),
        None => format!("{scheme}://{host}{path}"),
    }
}

/// Returns whether the text is a host, with or without a port. What looks like a port may be the password of a URL
/// without a host.
fn is_host(text: &str) -> bool {
    let after_address = text.rsplit_once(']').map_or(text, |(_, port)| port);
    after_address.split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_their_password() {
        for (url, expected) in [
            ("postgres://ann:s3cret@db:5432/boards", "postgres://ann@db:5432/boards"),
            ("postgres://ann@db/boards", "postgres://ann@db/boards"),
            ("postgresql://[::1]:5432/boards", "postgresql://[::1]:5432/boards"),
            ("postgres://db/boards?user=ann&password=s3cret", "postgres://db/boards"),
            ("postgres://ann:s3@cret@db/boards", "postgres://…"),
            ("postgres://ann:s3/cret@db/boards", "postgres://…"),
            ("postgres://ann:s3?cret@db/boards", "postgres://…"),
            ("postgres://ann:s3#cret@db/boards", "postgres://…"),
            ("postgres://ann:s3cret", "postgres://…"),
            ("ann:s3cret@db", "that --database-url names"),
            ("sqlite://boards.db?mode=rwc", "sqlite://boards.db"),
        ] {
            assert_eq!(without_password(url), expected, "{url}");
        }
    }

    #[test]
    fn an_error_names_the_database_and_what_to_check() {
        let down = OpenError::Failed(StorageError::Unavailable("connecting: pool timed out".into()));
        let text = message("postgres://ann:s3cret@db/boards", &down);
        assert!(text.starts_with("can't open the database postgres://ann@db/boards: connecting: pool timed out; "));
        assert!(text.contains("is running") && text.contains("--database-url"), "{text}");
        let text = message("sqlite://notes.txt", &OpenError::Failed(StorageError::Broken("no database".into())));
        assert!(text.contains("sqlite://notes.txt: no database; check that the file is a SQLite database"), "{text}");
    }

    #[tokio::test]
    async fn a_missing_database_is_created_only_by_open() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("boards.db");
        let settings = StoreSettings { database_url: format!("sqlite://{}", file.display()), config: None };
        let text = open_existing(&settings).await.unwrap_err().to_string();
        assert!(text.contains("boards.db: there is no such database; ") && text.contains("--database-url"), "{text}");
        assert!(!file.exists());
        open(&settings).await.unwrap().close().await;
        open_existing(&settings).await.unwrap().close().await;
    }
}
