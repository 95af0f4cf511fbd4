//! `docs/api/openapi.json`: the document that a server returns at `/api/v1/openapi.json`.

use anyhow::Result;

/// Returns the whole text of the file.
pub(super) fn make() -> Result<String> {
    Ok(serde_json::to_string_pretty(&boardwire_http::openapi())? + "\n")
}
