//! Who is present on a board.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State, rejection::PathRejection},
    routing::get,
};
use boardwire_protocol::{BoardId, CommandKind, presence::Listed};
use boardwire_services::Fault;
use serde::Serialize;

use crate::{caller::Signed, door::Door, problem::Problem};

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/boards/{boardId}/presence", get(present))
}

/// The same object as over a socket.
#[derive(Serialize)]
struct Present {
    ok: bool,
    #[serde(flatten)]
    listed: Listed,
}

async fn present(
    State(door): State<Arc<Door>>,
    board: Result<Path<BoardPath>, PathRejection>,
    signed: Signed,
) -> Result<Json<Present>, Problem> {
    let board = board_of(&door, board)?;
    signed.caller.require(CommandKind::PresenceList).map_err(|fault| Problem::of(&fault, door.clock()))?;
    let readable = door.services().readable_board(&signed.caller, &board).await;
    readable.map_err(|fault| Problem::of(&fault, door.clock()))?;
    Ok(Json(Present { ok: true, listed: Listed { users: door.gate().hub().viewers(&board, None) } }))
}

pub(crate) type BoardPath = String;

/// The board in a path. What can't be an id is no board.
pub(crate) fn board_of(door: &Door, path: Result<Path<BoardPath>, PathRejection>) -> Result<BoardId, Problem> {
    let id = path.ok().and_then(|Path(id)| BoardId::try_from(id.as_str()).ok());
    id.ok_or_else(|| Problem::of(&Fault::NotFound("board"), door.clock()))
}
