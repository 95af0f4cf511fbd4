//! For operators: the figures of this node, and ending a user's connections.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response, sse::Event},
    routing::{get, post},
};
use boardwire_gate::Listener;
use boardwire_metrics::Overview;
use boardwire_protocol::{ErrorBody, UserId};
use boardwire_services::Caller;
use futures_util::Stream;
use serde::Serialize;
use tokio::time::{Interval, MissedTickBehavior};

use crate::{caller::AuthenticatedRequest, door::Door, path::PathId, problem::Problem, stream};

/// How often a stream sends the figures.
const INTERVAL: Duration = Duration::from_secs(1);

/// The media type that Prometheus asks for.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/operator", get(overview)).route("/operator/users/{userId}/disconnect", post(disconnect))
}

/// Returns the route of the figures for monitoring, which name no user and no board.
pub(crate) fn metrics() -> Router<Arc<Door>> {
    let answer = async |State(door): State<Arc<Door>>| -> Response {
        ([(header::CONTENT_TYPE, OPENMETRICS)], door.gate().to_open_metrics()).into_response()
    };
    Router::new().route("/metrics", get(answer))
}

#[derive(Serialize)]
struct OverviewAnswer {
    ok: bool,
    version: &'static str,
    #[serde(flatten)]
    overview: Overview,
}

impl OverviewAnswer {
    async fn for_caller(caller: &Caller, door: &Door) -> Result<Self, ErrorBody> {
        Ok(Self { ok: true, version: env!("CARGO_PKG_VERSION"), overview: door.gate().overview(caller).await? })
    }
}

async fn overview(
    State(door): State<Arc<Door>>,
    authenticated: AuthenticatedRequest,
    request: Request,
) -> Result<Response, Problem> {
    let answer = OverviewAnswer::for_caller(authenticated.caller(), &door).await?;
    if !stream::is_wanted(request.headers()) {
        return Ok(Json(answer).into_response());
    }
    let listener = stream::listen(&door, authenticated.into_caller(), request.extensions())?;
    Ok(stream::answer(stream_overview(door, listener)))
}

/// Streams the overview every second for as long as the credentials are valid.
fn stream_overview(door: Arc<Door>, listener: Listener) -> impl Stream<Item = Result<Event, ErrorBody>> {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    futures_util::stream::unfold(Some((door, listener, ticks)), async |state| {
        let (door, listener, mut ticks) = state?;
        let event = match next(&door, &listener, &mut ticks).await {
            Ok(answer) => Event::default().event("overview").json_data(answer).unwrap_or_default(),
            Err(error) => return Some((Err(error), None)),
        };
        Some((Ok(event), Some((door, listener, ticks))))
    })
}

/// Returns the next overview, or the error that ends the stream.
async fn next(door: &Door, listener: &Listener, ticks: &mut Interval) -> Result<OverviewAnswer, ErrorBody> {
    loop {
        tokio::select! {
            _ = ticks.tick() => return OverviewAnswer::for_caller(&listener.socket().caller(), door).await,
            event = listener.next() => if let Some(error) = stream::end_of(&event) {
                return Err(error);
            },
        }
    }
}

#[derive(Serialize)]
struct Disconnected {
    ok: bool,
    ended: usize,
}

async fn disconnect(
    State(door): State<Arc<Door>>,
    authenticated: AuthenticatedRequest,
    PathId(user): PathId<UserId>,
) -> Result<Json<Disconnected>, Problem> {
    Ok(Json(Disconnected { ok: true, ended: door.gate().disconnect(authenticated.caller(), &user)? }))
}
