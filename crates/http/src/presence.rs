//! Who is present on a board.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use boardwire_protocol::{BoardId, CommandKind, presence::Listed};
use serde::Serialize;

use crate::{caller::AuthenticatedRequest, door::Door, path::PathId, problem::Problem};

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/boards/{boardId}/presence", get(present))
}

/// The same object as over a socket.
#[derive(Serialize)]
struct PresenceAnswer {
    ok: bool,
    #[serde(flatten)]
    listed: Listed,
}

async fn present(
    State(door): State<Arc<Door>>,
    authenticated: AuthenticatedRequest,
    PathId(board): PathId<BoardId>,
) -> Result<Json<PresenceAnswer>, Problem> {
    authenticated.caller().require(CommandKind::PresenceList)?;
    door.services().readable_board(authenticated.caller(), &board).await?;
    Ok(Json(PresenceAnswer { ok: true, listed: Listed { users: door.gate().hub().viewers(&board, None) } }))
}
