//! The log of a board: a page of it, or a stream of server-sent events that goes on as it grows.

use std::{pin::Pin, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Path, RawQuery, Request, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Response, sse::Event},
    routing::get,
};
use boardwire_gate::{Heard, Listener};
use boardwire_protocol::{
    BoardId, Code, Command, CommandKind, Decoded, Epoch, ErrorBody, Pattern, Seq, Session, session::Filters,
};
use boardwire_services::Fault;
use boardwire_subscriptions::{Frame, Joined, Resume};
use futures_util::{Stream, StreamExt as _};
use http::{HeaderName, header};
use serde_json::{Value, json};

use crate::{
    api::parse_query,
    caller::Signed,
    door::Door,
    presence::{BoardPath, board_of},
    problem::Problem,
    stream,
};

/// What a client that comes back says it has.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new().route("/boards/{boardId}/events", get(events).layer(Extension(CommandKind::BoardEvents)))
}

async fn events(
    State(door): State<Arc<Door>>,
    board: Result<Path<BoardPath>, PathRejection>,
    RawQuery(query): RawQuery,
    signed: Signed,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_of(&door, board)?;
    let headers = request.headers();
    let last = last_event(headers)?;
    if !stream::is_wanted(headers) {
        let mut payload = parse_query(CommandKind::BoardEvents, query.as_deref())?;
        payload.insert("boardId".to_owned(), board.as_str().into());
        payload.entry("since").or_insert_with(|| 0.into());
        let reply = door.gate().execute(&signed.caller, CommandKind::BoardEvents, payload.into(), None).await?;
        return Ok(([(header::CONTENT_TYPE, "application/json")], reply.get().to_owned()).into_response());
    }
    let wanted = Wanted::read(&door, &board, query.as_deref(), last)?;
    signed.caller.require(CommandKind::Subscribe).map_err(|fault| Problem::of(&fault, door.clock()))?;
    door.services().readable_board(&signed.caller, &board).await.map_err(|fault| Problem::of(&fault, door.clock()))?;
    let storage = |error| door.storage(error);
    let head = door.services().store().head(&board).await.map_err(storage)?;
    let epoch = head.ok_or_else(|| Problem::of(&Fault::NotFound("board"), door.clock()))?.epoch;
    let listener = stream::listen(&door, signed.caller, request.extensions())?;
    Ok(stream::answer(log_of(door, listener, board, epoch, wanted)))
}

/// What a stream shows.
struct Wanted {
    pattern: Pattern,
    filters: Filters,
    resume: Option<Resume>,
}

impl Wanted {
    /// From the query, with the fields of `subscribe`; a client that comes back is taken at its last word.
    fn read(door: &Door, board: &BoardId, query: Option<&str>, last: Option<Resume>) -> Result<Self, Problem> {
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
        let Decoded { command, .. } = door.gate().decode(CommandKind::Subscribe, fields.into())?;
        let Command::Session(Session::Subscribe(command)) = command else {
            return Err(Problem::new(Code::NotFound, "there is no such stream"));
        };
        let resume = command.since.map(|since| Resume { since, epoch: command.epoch });
        let resume = last.or(resume);
        Ok(Self { pattern: command.pattern, filters: command.filters, resume })
    }
}

/// What `Last-Event-ID` says: `<epoch>:<seq>`, as the stream wrote it.
fn last_event(headers: &HeaderMap) -> Result<Option<Resume>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let parts = value.to_str().ok().and_then(|text| text.split_once(':'));
    let resume = parts.and_then(|(epoch, seq)| {
        Some(Resume { since: Seq(seq.parse().ok()?), epoch: Some(Epoch::try_from(epoch).ok()?) })
    });
    let message = "must be the id of an event of this stream";
    resume.map(Some).ok_or_else(|| Problem::invalid("Last-Event-ID", message))
}

type Joining = Pin<Box<dyn Future<Output = Result<Joined, ErrorBody>> + Send>>;

/// Where a stream stands.
struct Streaming {
    listener: Arc<Listener>,
    epoch: Epoch,
    /// What was missed is on its way.
    joining: Option<Joining>,
    /// It has come, and the client is to be told.
    joined: Option<Joined>,
    /// The last event that was shown.
    last: Seq,
    over: bool,
}

fn log_of(
    door: Arc<Door>,
    listener: Listener,
    board: BoardId,
    epoch: Epoch,
    wanted: Wanted,
) -> impl Stream<Item = Result<Event, ErrorBody>> {
    let listener = Arc::new(listener);
    let socket = Arc::clone(listener.socket());
    let joining: Joining = Box::pin(async move {
        let Wanted { pattern, filters, resume } = wanted;
        let joined = door.gate().subscribe(&socket, &board, pattern, filters, resume).await;
        joined.map(|(_, joined)| joined)
    });
    let state = Streaming { listener, epoch, joining: Some(joining), joined: None, last: Seq(0), over: false };
    futures_util::stream::unfold(state, async |mut state| {
        if state.over {
            return None;
        }
        let said = state.next().await;
        state.over = said.is_err();
        Some((said, state))
    })
    .boxed()
}

impl Streaming {
    async fn next(&mut self) -> Result<Event, ErrorBody> {
        loop {
            let heard = if self.joined.is_some() {
                match self.listener.at_hand() {
                    Some(heard) => heard,
                    None => return Ok(self.live()),
                }
            } else if let Some(joining) = &mut self.joining {
                // What was missed comes while joining; the listener is read meanwhile, or it would wait for itself.
                tokio::select! {
                    biased;
                    heard = self.listener.next() => heard,
                    joined = joining => {
                        self.joining = None;
                        match joined {
                            Ok(joined) => self.joined = Some(joined),
                            Err(error) => return Err(error),
                        }
                        continue;
                    }
                }
            } else {
                self.listener.next().await
            };
            if let Some(said) = self.shown(heard) {
                return said;
            }
        }
    }

    /// What a client is shown; nothing of what is not in the board's log.
    fn shown(&mut self, heard: Heard) -> Option<Result<Event, ErrorBody>> {
        if let Some(error) = stream::end_of(&heard) {
            return Some(Err(error));
        }
        let Heard::Frame(Frame::Durable(entry)) = heard else { return None };
        self.last = entry.seq;
        Some(Ok(Event::default().id(self.id()).data(entry.envelope.get())))
    }

    /// Everything that was missed has been shown; from here on it is live.
    fn live(&mut self) -> Event {
        let joined = self.joined.take();
        let (seq, recovered) = joined.map_or((self.last, None), |joined| {
            self.epoch = joined.epoch.unwrap_or_else(|| self.epoch.clone());
            (joined.seq, joined.recovered)
        });
        self.last = self.last.max(seq);
        let data = json!({"seq": self.last, "epoch": self.epoch, "recovered": recovered});
        Event::default().event("live").id(self.id()).data(data.to_string())
    }

    /// What a client that comes back says it has.
    fn id(&self) -> String {
        format!("{}:{}", self.epoch, self.last.0)
    }
}
