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
        gate.keep_running("the hub", gate.vital(), |gate, stop| Arc::clone(&gate.hub).run(stop));
        let changes = Arc::default();
        gate.keep_running("the watch on accounts", gate.vital(), move |gate, stop| {
            recheck::watch_accounts(gate, Arc::clone(&changes), stop)
        });
        gate.keep_running("the update of team boards", gate.vital(), recheck::update_team_boards);
        gate.keep_running("the metrics", Need::Helpful, |gate, stop| Arc::clone(&gate.metrics).run(stop));
        gate.background.close();
        gate
    }

    /// Keeps one of the gate's tasks running until the gate has closed.
    fn keep_running<T>(
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
