//! Opens the gate and starts its background tasks.

use std::sync::Arc;

use boardwire_rate_limit::RateLimiter;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Gate, GateParts,
    connections::Connections,
    recheck,
    supervise::{Need, supervise},
    team_boards::TeamBoards,
};

impl Gate {
    /// Opens the gate, and starts the background tasks of the gate and the hub. Must be called in a runtime.
    #[must_use]
    pub fn open(parts: GateParts) -> Arc<Self> {
        let GateParts {
            services,
            hub,
            authenticators,
            session_use,
            commands,
            weights,
            activity,
            failures,
            connection_limits,
            metrics,
        } = parts;
        let gate = Arc::new(Self {
            services,
            hub,
            authenticators,
            session_use,
            commands: RateLimiter::new(commands),
            weights,
            activity: RateLimiter::new(activity),
            failures,
            connection_limits,
            connection_limiter: Arc::default(),
            connections: Connections::default(),
            metrics,
            team_boards: TeamBoards::default(),
            closing: CancellationToken::new(),
            failed: CancellationToken::new(),
            background: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        gate.keep("the hub", gate.vital(), |gate, stop| Arc::clone(&gate.hub).run(stop));
        let follower = Arc::default();
        gate.keep("the following of accounts", gate.vital(), move |gate, stop| {
            recheck::run(gate, Arc::clone(&follower), stop)
        });
        gate.keep("the following of teams", gate.vital(), recheck::follow_teams);
        gate.keep("the metrics", Need::Helpful, |gate, stop| Arc::clone(&gate.metrics).run(stop));
        gate.background.close();
        gate
    }

    /// Keeps one of the gate's tasks running until the gate has closed.
    fn keep<T>(
        self: &Arc<Self>,
        name: &'static str,
        need: Need,
        task: impl Fn(Arc<Self>, CancellationToken) -> T + Send + 'static,
    ) where
        T: Future<Output = ()> + Send + 'static,
    {
        let (gate, stop) = (Arc::clone(self), self.stop.clone());
        self.background.spawn(supervise(name, need, self.stop.clone(), move || task(Arc::clone(&gate), stop.clone())));
    }
}
