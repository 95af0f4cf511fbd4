//! Calls a tool: admission at the gate, the command, and an answer of the requested shape.

use std::sync::Arc;

use boardwire_gate::{Call, Charge, Gate, no_connection};
use boardwire_protocol::{Code, CommandKind, ErrorBody};
use boardwire_services::Caller;
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, CallToolResult},
    service::RequestContext,
};
use serde_json::Value;

use super::{answer::answer, list, table, wait};
use crate::{front::CallerContext, shape::Shape};

/// Calls a tool. A refusal is an answer, not an error of the protocol.
pub(crate) async fn call(
    gate: &Arc<Gate>,
    caller_context: CallerContext,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult, ErrorData> {
    let mut arguments = request.arguments.unwrap_or_default();
    let Some(known_fields) = list::known_fields(&request.name) else {
        return Err(ErrorData::invalid_params(format!("there is no tool {}", request.name), None));
    };
    let shape = Shape::take(&mut arguments, &known_fields);
    let Some(row) = table::row(&request.name) else {
        return wait::call(gate, caller_context, arguments, shape, context).await;
    };
    let result = execute(gate, caller_context.caller, row.kind, arguments.into(), &shape).await;
    Ok(answer(result, &shape.unwrap_or_default()))
}

async fn execute(
    gate: &Arc<Gate>,
    caller: Caller,
    kind: CommandKind,
    payload: Value,
    shape: &Result<Shape, ErrorBody>,
) -> Result<Value, ErrorBody> {
    let admitted = gate.admit(caller, Charge::Command(kind)).await?;
    // A change is not made if its answer could not be shaped.
    shape.as_ref().map_err(Clone::clone)?;
    let reply = admitted.run(Call::new(payload, None), no_connection).await?;
    parsed(reply.get())
}

/// Executes a query for a resource or a prompt.
pub(crate) async fn query(
    gate: &Arc<Gate>,
    caller: Caller,
    kind: CommandKind,
    payload: Value,
) -> Result<Value, ErrorBody> {
    execute(gate, caller, kind, payload, &Ok(Shape::default())).await
}

fn parsed(text: &str) -> Result<Value, ErrorBody> {
    serde_json::from_str(text).map_err(|_| ErrorBody::new(Code::Internal, "the reply can't be read"))
}
