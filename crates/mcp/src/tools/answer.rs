//! The answers of tools.

use boardwire_protocol::ErrorBody;
use rmcp::model::CallToolResult;
use serde_json::Value;

use crate::{problem, shape::Shape};

/// Returns the answer as structured content and, for clients that read only text, as the same JSON.
pub(super) fn answer(result: Result<Value, ErrorBody>, shape: &Shape) -> CallToolResult {
    match result {
        Ok(reply) => CallToolResult::structured(shape.apply(reply)),
        Err(error) => CallToolResult::structured_error(shape.fit(problem::failure_object(&error))),
    }
}
