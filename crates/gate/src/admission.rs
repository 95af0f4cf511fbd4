//! Admission: the checks that come before anything is executed for a caller, and the permit that they result in. Only a
//! permit executes commands, so every executed command has been checked and counted.
//!
//! The checks come in this order: valid credentials, rate limit, shape of the payload. The services do the rest: the
//! request id, access, and the rules of boards.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use boardwire_protocol::{
    Change, Code, Command, CommandGroup, CommandKind, ConnectionCommand, Decoded, ErrorBody, RequestId, UserId, success,
};
use boardwire_rate_limit::{RateLimitInfo, Refused};
use boardwire_services::{Caller, Origin};
use serde_json::{Value, value::RawValue};

use crate::Gate;

/// What a caller asks for, for the rate limit and the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// A command of the catalog, at the weight of its group. Views, presence and typing have a limit of their own.
    Command(CommandKind),
    /// A request that is not a command, at the weight of this group.
    Request(CommandGroup),
    /// A command whose name does not exist. It costs 1.
    UnknownCommand,
}

impl Charge {
    /// Returns the charge for a command; `None` stands for a name that does not exist.
    #[must_use]
    pub fn of(kind: Option<CommandKind>) -> Self {
        kind.map_or(Self::UnknownCommand, Self::Command)
    }

    /// Returns its name in the metrics.
    fn name(self) -> &'static str {
        match self {
            Self::Command(kind) => kind.name(),
            Self::Request(group) => group.name(),
            Self::UnknownCommand => "unknown",
        }
    }
}

/// The permit of an admitted caller: it executes the charged command, or queries for the charged request.
pub struct Admitted {
    gate: Arc<Gate>,
    caller: Caller,
    charge: Charge,
    renewed: bool,
}

/// The contents of a command, apart from its name.
pub struct Call {
    /// The command's only argument.
    pub payload: Value,
    /// The request id, if it is not in the payload.
    pub request_id: Option<RequestId>,
    /// The connection that gets the reply instead of the events.
    pub origin: Option<Origin>,
}

impl Call {
    /// Creates a call that comes without a connection.
    #[must_use]
    pub fn new(payload: Value, request_id: Option<RequestId>) -> Self {
        Self { payload, request_id, origin: None }
    }
}

/// The `on_connection` of [`Admitted::run`] for callers without a connection: refuses the command.
///
/// # Errors
/// `UNKNOWN_EVENT`, always.
pub async fn no_connection(_: ConnectionCommand) -> Result<Box<RawValue>, ErrorBody> {
    Err(ErrorBody::new(Code::UnknownEvent, "this command needs a Socket.IO connection"))
}

impl Gate {
    /// Admits a caller whose credentials are still valid and whose rate limit has room for this charge.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` and `RATE_LIMIT`.
    pub async fn admit(self: &Arc<Self>, caller: Caller, charge: Charge) -> Result<Admitted, ErrorBody> {
        let now = self.clock().monotonic();
        self.metrics.record_call(caller.user(), now);
        let checked = self.still_valid(&caller).and_then(|()| self.debit(&caller, charge, now));
        checked.inspect_err(|error| self.metrics.record_outcome(charge.name(), Some(error)))?;
        // Using a session extends it. If the use can't be recorded, the session keeps its previous end.
        let used = self.session_use.used(caller.principal(), self.clock().now().0).await;
        let renewed = used.ok().flatten().and_then(|principal| Caller::new(Arc::new(principal)).ok());
        let (caller, renewed) = renewed.map_or((caller, false), |caller| (caller, true));
        Ok(Admitted { gate: Arc::clone(self), caller, charge, renewed })
    }

    /// Returns the limit that binds a user's next command.
    #[must_use]
    pub fn limit(&self, user: &UserId) -> RateLimitInfo {
        self.commands.info(&user.to_string(), self.clock().monotonic())
    }

    fn still_valid(&self, caller: &Caller) -> Result<(), ErrorBody> {
        if caller.principal().expired_at(self.clock().now().0) {
            return Err(ErrorBody::new(Code::Unauthenticated, "the credentials have expired; connect again"));
        }
        Ok(())
    }

    fn debit(&self, caller: &Caller, charge: Charge, now: Instant) -> Result<(), ErrorBody> {
        let user = &caller.principal().user;
        let debited = match charge {
            Charge::Command(kind) if is_activity(kind) => self.activity.check(user, 1, now),
            Charge::Command(kind) => self.commands.check(user, self.weights.of(kind.group().name()), now),
            Charge::Request(group) => self.commands.check(user, self.weights.of(group.name()), now),
            Charge::UnknownCommand => self.commands.check(user, 1, now),
        };
        debited.map(drop).map_err(|Refused { info, retry_after }| {
            ErrorBody::rate_limited(retry_after, info.limit, info.remaining, info.reset, self.clock().now())
        })
    }

    /// Checks the shape of a payload, and decodes it.
    ///
    /// # Errors
    /// `INVALID_MESSAGE`, with everything that is wrong.
    pub(crate) fn decode(kind: CommandKind, payload: Value) -> Result<Decoded, ErrorBody> {
        Decoded::from_payload(kind, payload).map_err(|error| ErrorBody::invalid(&error.violations))
    }
}

impl Admitted {
    /// Returns the caller, whose session may have been extended.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Returns the caller without the permit.
    #[must_use]
    pub fn into_caller(self) -> Caller {
        self.caller
    }

    /// Returns whether the caller's session was extended.
    #[must_use]
    pub fn renewed(&self) -> bool {
        self.renewed
    }

    /// Replaces the caller by one of the same user, whose credentials may have changed since.
    #[must_use]
    pub fn acting_as(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

    /// Executes the command that was charged, and returns the reply. `on_connection` executes the commands that
    /// concern the connection itself; see [`no_connection`].
    ///
    /// # Errors
    /// `UNKNOWN_EVENT`, `INVALID_MESSAGE`, and what the services refuse.
    pub async fn run<F>(
        &self,
        call: Call,
        on_connection: impl FnOnce(ConnectionCommand) -> F,
    ) -> Result<Box<RawValue>, ErrorBody>
    where
        F: Future<Output = Result<Box<RawValue>, ErrorBody>>,
    {
        match self.charge {
            Charge::Command(kind) => self.execute(kind, call, on_connection).await,
            Charge::Request(_) | Charge::UnknownCommand => {
                Err(self.refuse(ErrorBody::new(Code::UnknownEvent, "there is no command of this name")))
            }
        }
    }

    /// Answers a query that belongs to the charged request.
    ///
    /// # Errors
    /// `UNKNOWN_EVENT` if the command is not a query, `INVALID_MESSAGE`, and what the services refuse.
    pub async fn query(&self, kind: CommandKind, payload: Value) -> Result<Box<RawValue>, ErrorBody> {
        match kind.group() {
            CommandGroup::Query => self.execute(kind, Call::new(payload, None), no_connection).await,
            CommandGroup::Change | CommandGroup::Connection => {
                Err(self.refuse(ErrorBody::new(Code::UnknownEvent, "there is no query of this name")))
            }
        }
    }

    /// Counts the charged request as refused with this error, which it returns: for requests that can't be read.
    #[must_use]
    pub fn refuse(&self, error: ErrorBody) -> ErrorBody {
        match self.charge {
            Charge::Command(kind) => self.gate.metrics.record_command(kind, Duration::ZERO, Some(&error)),
            charge => self.gate.metrics.record_outcome(charge.name(), Some(&error)),
        }
        error
    }

    /// Executes a command, and counts it with its outcome.
    async fn execute<F>(
        &self,
        kind: CommandKind,
        call: Call,
        on_connection: impl FnOnce(ConnectionCommand) -> F,
    ) -> Result<Box<RawValue>, ErrorBody>
    where
        F: Future<Output = Result<Box<RawValue>, ErrorBody>>,
    {
        let begun = self.gate.clock().monotonic();
        let outcome = self.dispatch(kind, call, on_connection).await;
        let took = self.gate.clock().monotonic().duration_since(begun);
        self.gate.metrics.record_command(kind, took, outcome.as_ref().err());
        outcome
    }

    async fn dispatch<F>(
        &self,
        kind: CommandKind,
        call: Call,
        on_connection: impl FnOnce(ConnectionCommand) -> F,
    ) -> Result<Box<RawValue>, ErrorBody>
    where
        F: Future<Output = Result<Box<RawValue>, ErrorBody>>,
    {
        let Call { payload, request_id, origin } = call;
        let decoded = Gate::decode(kind, payload)?;
        let request_id = decoded.request_id.or(request_id);
        match decoded.command {
            Command::Change(change) => self.change(request_id, change, origin).await,
            Command::Query(query) => {
                let result = self.gate.services.query(&self.caller, query).await?;
                Ok(success(request_id.as_ref(), None, &result))
            }
            Command::Connection(command) => Ok(success(request_id.as_ref(), None, &on_connection(command).await?)),
        }
    }

    async fn change(
        &self,
        request_id: Option<RequestId>,
        change: Change,
        origin: Option<Origin>,
    ) -> Result<Box<RawValue>, ErrorBody> {
        let applied = self.gate.services.change(&self.caller, request_id.clone(), change, origin).await?;
        Ok(success(request_id.as_ref(), applied.seq(), &applied.result))
    }
}

/// Returns whether a command is about views, presence or typing.
fn is_activity(kind: CommandKind) -> bool {
    use CommandKind::{PresenceList, PresenceUpdate, TypingStart, TypingStop, ViewBoard, ViewLeave, ViewTask};
    matches!(kind, ViewBoard | ViewTask | ViewLeave | PresenceUpdate | PresenceList | TypingStart | TypingStop)
}
