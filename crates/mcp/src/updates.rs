//! Resources that announce their changes. Sessions of older revisions and streams of newer ones work the same way: a
//! listener at the gate, and one task that collects the changes and sends them as fast as the client reads. A slow
//! client never delays the boards.

use std::{
    collections::{BTreeSet, HashMap},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use boardwire_gate::{Charge, Gate, Listener, ListenerEvent};
use boardwire_metrics::TransportKind;
use boardwire_protocol::{Code, CommandGroup, CommandKind, ErrorBody, Pattern, SubscriptionId, connection::Filters};
use boardwire_services::Caller;
use boardwire_subscriptions::Frame;
use rmcp::{
    RoleServer,
    model::{ResourceUpdatedNotificationParam, SubscriptionFilter},
    service::{Peer, SubscriptionContext},
};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    front::CallerContext,
    resources::{Target, unknown_resource},
};

/// The most resources that one session or stream may subscribe to.
const MAX_RESOURCES: usize = 64;
/// Several changes of a resource within this time are announced as one.
const GATHER_TIME: Duration = Duration::from_millis(20);

/// A listener and the resources that it listens for.
struct FollowedResources {
    listener: Listener,
    wanted: Mutex<HashMap<Target, SubscriptionId>>,
}

impl FollowedResources {
    fn new(gate: &Arc<Gate>, CallerContext { caller, address }: CallerContext) -> Result<Self, ErrorBody> {
        let permit = gate.connection_permit(&caller, address);
        let permit = permit.ok_or_else(|| ErrorBody::new(Code::Unavailable, "too many connections"))?;
        Ok(Self { listener: gate.listen(caller, permit, TransportKind::Mcp), wanted: Mutex::default() })
    }

    fn wanted(&self) -> MutexGuard<'_, HashMap<Target, SubscriptionId>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens for one more resource. One that the caller may not read counts as nonexistent.
    async fn add(&self, gate: &Gate, caller: &Caller, target: Target) -> Result<(), ErrorBody> {
        {
            let wanted = self.wanted();
            if wanted.contains_key(&target) {
                return Ok(());
            }
            if wanted.len() >= MAX_RESOURCES {
                let message = format!("at most {MAX_RESOURCES} resources at the same time");
                return Err(ErrorBody::new(Code::SubscriptionLimit, message));
            }
        }
        caller.require(CommandKind::Subscribe)?;
        let (board, task_id) = match &target {
            Target::Board(board) => {
                gate.services().readable_board(caller, board).await?;
                (board.clone(), None)
            }
            Target::Task(task) => (gate.services().readable_task(caller, task).await?, Some(task.clone())),
        };
        let everything = Pattern::try_from("*").map_err(|error| ErrorBody::new(Code::Internal, error.to_string()))?;
        let filters = Filters { board_id: Some(board.clone()), task_id, user_id: None };
        let (id, _) = gate.subscribe(self.listener.socket(), &board, everything, filters, None).await?;
        self.wanted().insert(target, id);
        Ok(())
    }

    fn remove(&self, gate: &Gate, target: &Target) {
        let removed = self.wanted().remove(target);
        if let Some(id) = removed {
            gate.hub().unsubscribe(self.listener.socket(), &id);
        }
    }

    /// Returns the resources that an event changes.
    fn changed(&self, frame: &Frame) -> Vec<String> {
        let Frame::Durable(entry) = frame else { return Vec::new() };
        let targets = [Some(Target::Board(entry.board_id.clone())), entry.task_id.clone().map(Target::Task)];
        let wanted = self.wanted();
        targets.into_iter().flatten().filter(|target| wanted.contains_key(target)).map(|target| target.uri()).collect()
    }

    /// Announces `changed` and later changes until the client stops listening (`Ok`), the credentials end or the server
    /// closes.
    async fn announce<F>(&self, mut changed: BTreeSet<String>, notify: impl Fn(String) -> F) -> Result<(), ErrorBody>
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let mut sending: Option<Pin<Box<dyn Future<Output = bool> + Send>>> = None;
        let mut gathered = false;
        loop {
            if sending.is_none() && !changed.is_empty() {
                sending = match gathered.then(|| changed.pop_first()).flatten() {
                    Some(uri) => Some(Box::pin(notify(uri))),
                    None => Some(Box::pin(async {
                        tokio::time::sleep(GATHER_TIME).await;
                        true
                    })),
                };
                gathered = true;
            } else if sending.is_none() {
                gathered = false;
            }
            let sent = async {
                match sending.as_mut() {
                    Some(sending) => sending.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = self.listener.next() => match event {
                    ListenerEvent::Frame(frame) => changed.extend(self.changed(&frame)),
                    // The other resources may still be readable, and this one again later.
                    ListenerEvent::Lost(_) => {}
                    ListenerEvent::Unauthenticated(reason) => return Err(ErrorBody::new(Code::Unauthenticated, reason)),
                    ListenerEvent::Overrun => return Err(ErrorBody::new(Code::Unavailable, "too much changed; subscribe again")),
                    ListenerEvent::Closing => return Err(ErrorBody::new(Code::Unavailable, "the server closes")),
                },
                is_listening = sent => {
                    sending = None;
                    if !is_listening {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// The resources that a session has subscribed to.
#[derive(Default)]
pub(crate) struct SessionSubscriptions(tokio::sync::Mutex<Option<Announcer>>);

/// The task that announces the changes of the followed resources.
struct Announcer {
    followed: Arc<FollowedResources>,
    task: AbortOnDropHandle<()>,
}

impl SessionSubscriptions {
    /// Subscribes to one more resource. The session's first subscription starts its task; if the task has ended, for
    /// example with the caller's credentials, it is started again.
    ///
    /// # Errors
    /// The gate's, `NOT_FOUND`, `SUBSCRIPTION_LIMIT`.
    pub(crate) async fn subscribe(
        &self,
        gate: &Arc<Gate>,
        caller_context: CallerContext,
        uri: &str,
        peer: Peer<RoleServer>,
    ) -> Result<(), ErrorBody> {
        let caller =
            gate.admit(caller_context.caller.clone(), Charge::Request(CommandGroup::Connection)).await?.into_caller();
        let target = Target::parse(uri).ok_or_else(|| unknown_resource(uri))?;
        let mut announcer = self.0.lock().await;
        let alive = announcer.as_ref().filter(|announcer| !announcer.task.is_finished());
        let followed = match alive {
            Some(announcer) => Arc::clone(&announcer.followed),
            None => {
                let followed = Arc::new(FollowedResources::new(gate, caller_context)?);
                let task = {
                    let followed = Arc::clone(&followed);
                    AbortOnDropHandle::new(tokio::spawn(async move {
                        let notify = |uri| {
                            let peer = peer.clone();
                            async move {
                                peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await.is_ok()
                            }
                        };
                        if let Err(error) = followed.announce(BTreeSet::new(), notify).await {
                            tracing::debug!(error = error.message, "a session's subscriptions ended");
                        }
                    }))
                };
                *announcer = Some(Announcer { followed: Arc::clone(&followed), task });
                followed
            }
        };
        followed.add(gate, &caller, target).await
    }

    /// Ends the subscription, if there is one.
    pub(crate) async fn unsubscribe(&self, gate: &Gate, uri: &str) {
        let announcer = self.0.lock().await;
        if let (Some(announcer), Some(target)) = (announcer.as_ref(), Target::parse(uri)) {
            announcer.followed.remove(gate, &target);
        }
    }
}

/// Returns the part of a stream's request that can be met: updates of resources that could exist.
pub(crate) fn accepted(requested: &SubscriptionFilter) -> SubscriptionFilter {
    let mut filter = SubscriptionFilter::new();
    filter.resource_subscriptions = requested
        .resource_subscriptions
        .as_ref()
        .map(|uris| uris.iter().filter(|uri| Target::parse(uri).is_some()).take(MAX_RESOURCES).cloned().collect());
    filter
}

/// Serves a stream until it is cancelled. The library acknowledges a stream before it calls this, and changes made in
/// between would be missed; so each resource is announced once at the beginning.
///
/// # Errors
/// The gate's, `NOT_FOUND`; `UNAUTHENTICATED` when the credentials end.
pub(crate) async fn listen(
    gate: &Arc<Gate>,
    caller_context: CallerContext,
    context: &SubscriptionContext,
) -> Result<(), ErrorBody> {
    let caller =
        gate.admit(caller_context.caller.clone(), Charge::Request(CommandGroup::Connection)).await?.into_caller();
    let followed = FollowedResources::new(gate, caller_context)?;
    let mut changed = BTreeSet::new();
    for uri in context.accepted().resource_subscriptions.iter().flatten() {
        let target = Target::parse(uri).ok_or_else(|| unknown_resource(uri))?;
        changed.insert(target.uri());
        followed.add(gate, &caller, target).await?;
    }
    let notify = |uri| {
        let sink = context.sink().clone();
        async move { sink.notify_resource_updated(uri).await.is_ok() }
    };
    tokio::select! {
        ended = followed.announce(changed, notify) => ended,
        () = context.cancelled() => Ok(()),
    }
}
