//! What an operator may see and do on this node.

use boardwire_auth::Permission;
use boardwire_metrics::Overview;
use boardwire_protocol::{ErrorBody, UserId};
use boardwire_services::Caller;

use crate::Gate;

impl Gate {
    /// Returns the metrics in the text format of OpenMetrics. They name no user and no board.
    #[must_use]
    pub fn to_open_metrics(&self) -> String {
        self.metrics.to_open_metrics(&self.connections.by_transport())
    }

    /// Returns the overview of this node. For admins.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn overview(&self, caller: &Caller) -> Result<Overview, ErrorBody> {
        Self::require_operator(caller)?;
        let mut overview = self.metrics.overview(self.connections.users());
        for board in &mut overview.boards {
            // Operators need the rest most when storage does not answer, so the name may be missing.
            let found = self.services.store().board(&board.id).await.ok().flatten();
            board.name = found.map(|board| board.name);
        }
        Ok(overview)
    }

    /// Ends all connections of a user to this node, and returns how many there were. The user may connect again. For
    /// admins.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn disconnect(&self, caller: &Caller, user: &UserId) -> Result<usize, ErrorBody> {
        Self::require_operator(caller)?;
        let ended = self.connections.end(user);
        tracing::info!(operator = %caller.user(), %user, ended, "an operator has ended a user's connections");
        Ok(ended)
    }

    fn require_operator(caller: &Caller) -> Result<(), ErrorBody> {
        Ok(caller.require_permission(Permission::Admin, "an operator")?)
    }
}
