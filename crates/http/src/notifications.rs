//! Notices from operators: a system notification to a user, a team or everybody.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use boardwire_protocol::{Body, Code, ErrorBody, TeamId, UserId};
use boardwire_services::{Announcement, Audience};
use serde::Deserialize;
use serde_json::json;

use crate::{body::Json, caller::AuthenticatedRequest, door::Door, problem::Problem};

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/notifications", post(announce))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AnnounceRequest {
    text: Body,
    user_id: Option<UserId>,
    team_id: Option<TeamId>,
    all: Option<bool>,
}

async fn announce(
    State(door): State<Arc<Door>>,
    authenticated: AuthenticatedRequest,
    Json(command): Json<AnnounceRequest>,
) -> Result<Response, Problem> {
    let to = match (command.user_id, command.team_id, command.all) {
        (Some(user), None, None | Some(false)) => Audience::User(user),
        (None, Some(team), None | Some(false)) => Audience::Team(team),
        (None, None, Some(true)) => Audience::Everybody,
        _ => {
            let message = "give one of `userId`, `teamId` and `all: true`";
            let error = ErrorBody::new(Code::InvalidMessage, message);
            return Err(error.with_details(json!([{"path": "userId", "message": message}])).into());
        }
    };
    let announcement = Announcement { text: command.text, to };
    let AuthenticatedRequest { admitted, request_id } = authenticated;
    let applied = door.services().announce(admitted.caller(), request_id, announcement).await?;
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((StatusCode::CREATED, json, applied.result.get().to_owned()).into_response())
}
