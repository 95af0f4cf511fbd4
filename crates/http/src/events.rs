//! The log of a board: a page of it, or a stream of server-sent events that follows it.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{RawQuery, Request, State},
    http::HeaderMap,
    response::{IntoResponse, Response, sse::Event},
    routing::get,
};
use boardwire_gate::{Call, FollowRequest, Followed, Follower, ListenerEvent, no_connection};
use boardwire_protocol::{BoardId, CommandKind, Epoch, ErrorBody, Seq};
use boardwire_subscriptions::{Frame, Joined, Resume};
use futures_util::{Stream, StreamExt as _};
use http::{HeaderName, header};
use serde_json::{Value, json};

use crate::{api::parse_query, caller::AuthenticatedRequest, door::Door, path::PathId, problem::Problem, stream};

/// The header with which a client that reconnects names the last event it received.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/boards/{boardId}/events", get(events).layer(Extension(CommandKind::BoardEvents)))
}

async fn events(
    State(door): State<Arc<Door>>,
    RawQuery(query): RawQuery,
    authenticated: AuthenticatedRequest,
    PathId(board): PathId<BoardId>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers();
    let last = last_event(headers)?;
    if !stream::is_wanted(headers) {
        let mut payload = parse_query(CommandKind::BoardEvents, query.as_deref())?;
        payload.insert("boardId".to_owned(), board.as_str().into());
        payload.entry("since").or_insert_with(|| 0.into());
        let reply = authenticated.admitted.run(Call::new(payload.into(), None), no_connection).await?;
        return Ok(([(header::CONTENT_TYPE, "application/json")], reply.get().to_owned()).into_response());
    }
    let follow_request = follow_request(&board, query.as_deref(), last)?;
    let follower = stream::follow(&door, authenticated.into_caller(), request.extensions(), follow_request).await?;
    Ok(stream::answer(stream_log(follower)))
}

/// Reads from the query what to follow, with the fields of `subscribe`. `Last-Event-ID` takes precedence over `since`.
fn follow_request(board: &BoardId, query: Option<&str>, last: Option<Resume>) -> Result<FollowRequest, Problem> {
    let mut fields = serde_json::Map::new();
    let mut filters = json!({ "boardId": board });
    for (name, text) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "type" | "epoch" => drop(fields.insert(name.into_owned(), text.into())),
            "since" => {
                let since = text.parse::<u64>().map_err(|_| Problem::invalid("since", "must be a number"))?;
                fields.insert(name.into_owned(), since.into());
            }
            "taskId" | "userId" => filters[&*name] = Value::String(text.into_owned()),
            _ => return Err(Problem::invalid(&name, "there is no parameter of this name for a stream")),
        }
    }
    fields.entry("type").or_insert_with(|| "*".into());
    fields.insert("filters".to_owned(), filters);
    let mut request = FollowRequest::from_fields(fields, "filters.boardId")?;
    request.resume = last.or(request.resume);
    Ok(request)
}

/// Reads `Last-Event-ID`: `<epoch>:<seq>`, as the stream wrote it.
fn last_event(headers: &HeaderMap) -> Result<Option<Resume>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let parts = value.to_str().ok().and_then(|text| text.split_once(':'));
    let resume = parts.and_then(|(epoch, seq)| {
        Some(Resume { since: Seq(seq.parse().ok()?), epoch: Some(Epoch::try_from(epoch).ok()?) })
    });
    let message = "must be the id of an event of this stream";
    resume.map(Some).ok_or_else(|| Problem::invalid("Last-Event-ID", message))
}

/// The state of a stream.
struct LogStream {
    follower: Follower,
    epoch: Epoch,
    /// Set once the missed events are queued. The `live` event follows when all of them have been sent.
    joined: Option<Joined>,
    /// The number of the last event that was sent.
    last: Seq,
    /// Whether the stream has ended.
    ended: bool,
}

fn stream_log(follower: Follower) -> impl Stream<Item = Result<Event, ErrorBody>> {
    let epoch = follower.epoch().clone();
    let state = LogStream { follower, epoch, joined: None, last: Seq(0), ended: false };
    futures_util::stream::unfold(state, async |mut state| {
        if state.ended {
            return None;
        }
        let item = state.next().await;
        state.ended = item.is_err();
        Some((item, state))
    })
    .boxed()
}

impl LogStream {
    async fn next(&mut self) -> Result<Event, ErrorBody> {
        loop {
            let event = if self.joined.is_some() {
                match self.follower.at_hand() {
                    Some(event) => event,
                    None => return Ok(self.live_event()),
                }
            } else {
                match self.follower.next().await? {
                    Followed::Event(event) => event,
                    Followed::Joined(joined) => {
                        self.joined = Some(joined);
                        continue;
                    }
                }
            };
            if let Some(item) = self.item(event) {
                return item;
            }
        }
    }

    /// Returns the stream's item for an event; `None` for events that are not in the board's log.
    fn item(&mut self, event: ListenerEvent) -> Option<Result<Event, ErrorBody>> {
        if let Some(error) = stream::end_of(&event) {
            return Some(Err(error));
        }
        let ListenerEvent::Frame(Frame::Durable(entry)) = event else { return None };
        self.last = entry.seq;
        Some(Ok(Event::default().id(self.id()).data(entry.envelope.get())))
    }

    /// Returns the `live` event: all missed events have been sent, and the stream is live from here on.
    fn live_event(&mut self) -> Event {
        let joined = self.joined.take();
        let (seq, recovered) = joined.map_or((self.last, None), |joined| {
            self.epoch = joined.epoch.unwrap_or_else(|| self.epoch.clone());
            (joined.seq, joined.recovered)
        });
        self.last = self.last.max(seq);
        let data = json!({"seq": self.last, "epoch": self.epoch, "recovered": recovered});
        Event::default().event("live").id(self.id()).data(data.to_string())
    }

    /// Returns the event id with which the client can resume.
    fn id(&self) -> String {
        format!("{}:{}", self.epoch, self.last.0)
    }
}
