//! Opens the storage of attachments: a folder, or whatever a URL names.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use boardwire_services::storage::Files;
use boardwire_store::{files_at, files_in};

use crate::settings::ServeSettings;

/// The folder for the attachments of database servers, with a subfolder for each database, because files that a
/// database does not know are removed.
const FOLDER: &str = "boardwire-attachments";

/// Opens the storage of attachments. The options of cloud storage are the usual variables, such as AWS_ACCESS_KEY_ID.
pub(crate) fn open(settings: &ServeSettings) -> Result<Arc<dyn Files>> {
    let place = match &settings.attachments {
        Some(place) => place.clone(),
        None => beside(&settings.store.database_url),
    };
    let opened = if place.contains("://") {
        let options = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?.to_ascii_lowercase(), value.into_string().ok()?))
        });
        files_at(&place, options)
    } else {
        files_in(Path::new(&place))
    };
    opened.context("choose another place with --attachments (BOARDWIRE_ATTACHMENTS)")
}

/// Returns the folder beside a SQLite database: for `boardwire.db`, `boardwire.db.attachments`.
fn beside(database_url: &str) -> String {
    let file = database_url.strip_prefix("sqlite:").map(|file| file.trim_start_matches("//"));
    let file = file.and_then(|file| file.split(['?', '#']).next()).filter(|file| !file.is_empty());
    file.map_or_else(|| format!("{FOLDER}/{}", name_of(database_url)), |file| format!("{file}.attachments"))
}

/// Returns the host, port and database of a URL as one name.
fn name_of(database_url: &str) -> String {
    let rest = database_url.split_once("://").map_or(database_url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    place
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || ".-_".contains(letter) { letter } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attachments_are_stored_beside_the_database() {
        assert_eq!(beside("sqlite://boardwire.db"), "boardwire.db.attachments");
        assert_eq!(beside("sqlite:///var/lib/b.db?mode=rwc"), "/var/lib/b.db.attachments");
        assert_eq!(beside("postgres://ann:secret@db:5432/boards?x=y"), "boardwire-attachments/db_5432_boards");
        assert_eq!(beside("postgres:///boards"), "boardwire-attachments/_boards");
    }
}
