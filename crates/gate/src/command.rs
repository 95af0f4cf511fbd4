//! The gates that every command passes, in this order: still valid, not too often, the right shape. What comes after them
//! stands in the services: the request id, access, and the rule.

use std::sync::Arc;

use boardwire_protocol::{
    Change, Code, Command, CommandKind, Decoded, ErrorBody, Invalid, Query, RequestId, UserId, success,
};
use boardwire_rate_limit::{RateLimitInfo, Refused};
use boardwire_services::{Caller, Origin};
use serde_json::{Value, json, value::RawValue};

use crate::Gate;

/// What was found at the gates in front of a command.
pub struct Passed {
    /// The caller, whose session may have moved its end.
    pub caller: Caller,
    /// Whether that happened.
    pub renewed: bool,
    /// The limit that binds the caller's next commands.
    pub limit: RateLimitInfo,
}

impl Gate {
    /// The gates that come before the payload is looked at: still valid, not too often. `None` is a command of a name
    /// that does not exist; it counts all the same.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` and `RATE_LIMIT`.
    pub async fn admit(&self, caller: Caller, kind: Option<CommandKind>) -> Result<Passed, ErrorBody> {
        let (user, now) = (&caller.principal().user, self.clock().monotonic());
        let check = || match kind {
            Some(kind) if is_activity(kind) => self.activity.check(user, 1, now),
            Some(kind) => self.commands.check(user, self.weights.of(kind.group().name()), now),
            None => self.commands.check(user, 1, now),
        };
        let limit = self.check(&caller, kind.map_or("unknown", CommandKind::name), check)?;
        Ok(self.pass(caller, limit).await)
    }

    /// The same gates for what is no command: `class` is the group whose weight it has.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    pub async fn admit_as(&self, caller: Caller, class: &'static str) -> Result<Passed, ErrorBody> {
        let user = &caller.principal().user;
        let check = || self.commands.check(user, self.weights.of(class), self.clock().monotonic());
        let limit = self.check(&caller, class, check)?;
        Ok(self.pass(caller, limit).await)
    }

    /// The limit that binds a user's next command.
    #[must_use]
    pub fn limit(&self, user: &UserId) -> RateLimitInfo {
        self.commands.info(&user.to_string(), self.clock().monotonic())
    }

    /// Still valid, and not too often; what is refused is counted here.
    fn check(
        &self,
        caller: &Caller,
        command: &'static str,
        allowed: impl FnOnce() -> Result<RateLimitInfo, Refused>,
    ) -> Result<RateLimitInfo, ErrorBody> {
        self.figures.user_calls(caller.user(), self.clock().monotonic());
        let checked = self.still_valid(caller).and_then(|()| {
            allowed().map_err(|Refused { info, retry_after }| {
                ErrorBody::rate_limited(retry_after, info.limit, info.remaining, info.reset, self.clock().now())
            })
        });
        checked.inspect_err(|error| self.count_refused(command, error))
    }

    fn still_valid(&self, caller: &Caller) -> Result<(), ErrorBody> {
        if caller.principal().expired_at(self.clock().now().0) {
            return Err(ErrorBody::new(Code::Unauthenticated, "the credentials have expired; connect again"));
        }
        Ok(())
    }

    async fn pass(&self, caller: Caller, limit: RateLimitInfo) -> Passed {
        // A session that is used does not end. Where that can't be noted, it goes on as long as was noted before.
        let used = self.session_use.used(caller.principal(), self.clock().now().0).await;
        let renewed = used.ok().flatten().and_then(|principal| Caller::new(Arc::new(principal)).ok());
        match renewed {
            Some(caller) => Passed { caller, renewed: true, limit },
            None => Passed { caller, renewed: false, limit },
        }
    }

    /// Gives a payload its shape.
    ///
    /// # Errors
    /// `INVALID_MESSAGE`, with all that is wrong with it.
    pub fn decode(&self, kind: CommandKind, payload: Value) -> Result<Decoded, ErrorBody> {
        Decoded::from_payload(kind, payload).map_err(invalid)
    }

    /// Makes a change that has passed the gates, and gives the reply. `origin` is the connection that gets this reply in
    /// place of the events.
    ///
    /// # Errors
    /// What the services refuse.
    pub async fn change(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        change: Change,
        origin: Option<Origin>,
    ) -> Result<Box<RawValue>, ErrorBody> {
        let applied = self.services.change(caller, request_id.clone(), change, origin).await;
        let applied = applied.map_err(|fault| self.fault(&fault))?;
        Ok(success(request_id.as_ref(), applied.seq(), &applied.result))
    }

    /// Answers a query that has passed the gates.
    ///
    /// # Errors
    /// What the services refuse.
    pub async fn query(
        &self,
        caller: &Caller,
        request_id: Option<&RequestId>,
        query: Query,
    ) -> Result<Box<RawValue>, ErrorBody> {
        let result = self.services.query(caller, query).await.map_err(|fault| self.fault(&fault))?;
        Ok(success(request_id, None, &result))
    }

    /// Executes a change or a query that comes from no connection: its shape, then what the services say. The gates of
    /// [`admit`](Self::admit) come first.
    ///
    /// # Errors
    /// What is wrong with it, and what the services refuse.
    pub async fn execute(
        &self,
        caller: &Caller,
        kind: CommandKind,
        payload: Value,
        request_id: Option<RequestId>,
    ) -> Result<Box<RawValue>, ErrorBody> {
        let begun = self.clock().monotonic();
        let outcome = self.run(caller, kind, payload, request_id).await;
        self.count(Some(kind), begun, outcome.as_ref());
        outcome
    }

    async fn run(
        &self,
        caller: &Caller,
        kind: CommandKind,
        payload: Value,
        request_id: Option<RequestId>,
    ) -> Result<Box<RawValue>, ErrorBody> {
        let decoded = self.decode(kind, payload)?;
        let request_id = decoded.request_id.or(request_id);
        match decoded.command {
            Command::Change(change) => self.change(caller, request_id, change, None).await,
            Command::Query(query) => self.query(caller, request_id.as_ref(), query).await,
            Command::Session(_) => Err(ErrorBody::new(Code::UnknownEvent, "this command needs a Socket.IO connection")),
        }
    }
}

/// Commands that are counted apart: they come with every move of a user, and change nothing.
fn is_activity(kind: CommandKind) -> bool {
    use CommandKind::{PresenceList, PresenceUpdate, TypingStart, TypingStop, ViewBoard, ViewLeave, ViewTask};
    matches!(kind, ViewBoard | ViewTask | ViewLeave | PresenceUpdate | PresenceList | TypingStart | TypingStop)
}

fn invalid(invalid: Invalid) -> ErrorBody {
    let sentence = invalid.violations.iter().map(|violation| match violation.path.as_str() {
        "" => violation.message.clone(),
        path => format!("{path}: {}", violation.message),
    });
    let message = sentence.collect::<Vec<_>>().join("; ");
    ErrorBody::new(Code::InvalidMessage, message).with_details(json!(invalid.violations))
}
