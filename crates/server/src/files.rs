//! Opens the storage of attachments: a folder, or the place that a URL names.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use boardwire_services::storage::Files;
use boardwire_store::{files_at, files_in};

use crate::settings::ServeSettings;

/// The folder for attachments if the database is on a server. Each database has its own subfolder, because files that a
/// database does not know are removed.
const FOLDER: &str = "boardwire-attachments";

/// Opens the storage of attachments. The options of cloud storage are the usual variables, such as AWS_ACCESS_KEY_ID.
pub(crate) fn open(settings: &ServeSettings) -> Result<Arc<dyn Files>> {
    let location = match &settings.attachments {
        Some(location) => location.clone(),
        None => default_folder(&settings.store.database_url),
    };
    let opened = if location.contains("://") {
        let options = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?.to_ascii_lowercase(), value.into_string().ok()?))
        });
        files_at(&location, options)
    } else {
        files_in(Path::new(&location))
    };
    opened.context("choose another place with --attachments (BOARDWIRE_ATTACHMENTS)")
}

/// Returns the folder for attachments that goes with a database: for `boardwire.db`, `boardwire.db.attachments`.
fn default_folder(database_url: &str) -> String {
    let file = database_url.strip_prefix("sqlite:").map(|file| file.trim_start_matches("//"));
    let file = file.and_then(|file| file.split(['?', '#']).next()).filter(|file| !file.is_empty());
    file.map_or_else(|| format!("{FOLDER}/{}", subfolder_of(database_url)), |file| format!("{file}.attachments"))
}

/// Returns a folder name made of the host, port and database of a URL.
fn subfolder_of(database_url: &str) -> String {
    let rest = database_url.split_once("://").map_or(database_url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let address = rest.rsplit_once('@').map_or(rest, |(_, address)| address);
    address
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || ".-_".contains(letter) { letter } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attachments_are_stored_beside_the_database() {
        assert_eq!(default_folder("sqlite://boardwire.db"), "boardwire.db.attachments");
        assert_eq!(default_folder("sqlite:///var/lib/b.db?mode=rwc"), "/var/lib/b.db.attachments");
        assert_eq!(default_folder("postgres://ann:secret@db:5432/boards?x=y"), "boardwire-attachments/db_5432_boards");
        assert_eq!(default_folder("postgres:///boards"), "boardwire-attachments/_boards");
    }
}
