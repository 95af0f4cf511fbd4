//! The reference of the MCP door, `docs/api/MCP.md`: its tools, resources and prompts, as the server lists them.

use anyhow::Result;

/// Returns the whole text of the file.
pub(crate) fn make() -> Result<String> {
    Ok(boardwire_mcp::reference())
}
