//! Work that takes several units of work: sending announcements page by page, bringing memberships in line with teams,
//! and ending expired leases.

use std::sync::Arc;

use boardwire_auth::{Account, CredentialId, Permission, Permissions, Principal};
use boardwire_protocol::{RequestId, TeamId, UserId};
use tracing::Instrument as _;

use crate::{
    Caller, ChangeOutcome, ServiceError, Services,
    change::Work,
    notification::{self, Announced, Announcement, Page},
    storage::{ExpiredLease, StorageError},
};

/// How many expired leases one statement reads.
const LEASES_PER_PAGE: u32 = 500;
/// When storage has been unavailable for this many units of work in a row, [`Services::expire_leases`] gives up.
const MAX_UNAVAILABLE: u32 = 3;

impl Services {
    /// Sends a system notification. The result is `{"notified": N}`. Works like [`change`](Self::change), but page by
    /// page: if a page fails, the earlier ones have been sent, and sending the same request id again continues after
    /// them.
    ///
    /// # Errors
    /// Returns the same errors as [`change`](Self::change).
    pub async fn announce(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        announcement: Announcement,
    ) -> Result<ChangeOutcome, ServiceError> {
        caller.require_permission(Permission::Admin, "a system notification")?;
        let (services, caller) = (self.clone(), caller.clone());
        let pages = async move { services.announce_pages(&caller, request_id, announcement).await };
        self.running.spawn(pages.in_current_span()).await.unwrap_or(Err(ServiceError::BrokenOff))
    }

    async fn announce_pages(
        &self,
        caller: &Caller,
        request_id: Option<RequestId>,
        announcement: Announcement,
    ) -> Result<ChangeOutcome, ServiceError> {
        let (mut after, mut id, mut notified) = (None, request_id.clone(), 0);
        loop {
            let page = Page { announcement: announcement.clone(), after };
            let outcome = self.run(caller, id.take(), Work::Announce(page), None).await?;
            let page: Announced = serde_json::from_str(outcome.result.get())?;
            notified += page.notified;
            let Some(last) = page.last else {
                return ChangeOutcome::without_board(&Announced { notified, last: None });
            };
            id = request_id.as_ref().map(|request| notification::id_of_page(request, &last)).transpose()?;
            after = Some(last);
        }
    }

    /// Brings a user's memberships in line with the user's teams; call this when the teams have changed. The user is
    /// the actor of the events.
    ///
    /// # Errors
    /// Returns an error of storage. Calling this again continues where it stopped.
    pub async fn sync_teams(&self, user: &UserId) -> Result<(), ServiceError> {
        let boards = self.store.team_boards(user).await?;
        if boards.is_empty() {
            return Ok(());
        }
        let Some(caller) = self.on_behalf_of(user).await? else { return Ok(()) };
        for board in boards {
            self.run(&caller, None, Work::SyncTeams(board, user.clone()), None).await?;
        }
        Ok(())
    }

    /// Ends the leases that have expired. Call this regularly, on every node.
    ///
    /// # Errors
    /// Returns the last error of storage. All other expired leases have been ended, unless storage is down.
    pub async fn expire_leases(&self) -> Result<(), ServiceError> {
        let (now, nobody) = (self.clock.now(), caller_without_permissions("nobody", "Nobody".to_owned(), &[])?);
        let (mut ended, mut after, mut unavailable) = (Ok(()), None, 0);
        loop {
            let expired = self.store.expired_leases(now, after.as_ref(), LEASES_PER_PAGE).await?;
            let Some(last) = expired.last().cloned() else { return ended };
            after = Some(last);
            for ExpiredLease { task, .. } in expired {
                let error = match self.run(&nobody, None, Work::ExpireLease(task), None).await {
                    // If the task is gone, so is its lease.
                    Ok(_) | Err(ServiceError::NotFound(_)) => {
                        unavailable = 0;
                        continue;
                    }
                    Err(error) => error,
                };
                let is_unavailable = matches!(error, ServiceError::Storage(StorageError::Unavailable(_)));
                unavailable = if is_unavailable { unavailable + 1 } else { 0 };
                // If one lease can't be ended, the others still are.
                ended = Err(error);
                if unavailable == MAX_UNAVAILABLE {
                    return ended;
                }
            }
        }
    }

    /// Returns a caller for work that the program does on behalf of a user; `None` if there is no such user.
    async fn on_behalf_of(&self, user: &UserId) -> Result<Option<Caller>, ServiceError> {
        let Some(stored) = self.store.user(user).await? else { return Ok(None) };
        caller_without_permissions(stored.id.as_str(), stored.name, &stored.teams).map(Some)
    }
}

/// Returns a caller without any permission, for work that the program does on its own.
fn caller_without_permissions(id: &str, name: String, teams: &[TeamId]) -> Result<Caller, ServiceError> {
    let teams = teams.iter().map(TeamId::to_string).collect();
    let account = Account { id: id.to_owned(), name, permissions: Permissions::NONE, teams };
    let principal = Principal::of(account, None, None, CredentialId::Token { id: None });
    Caller::new(Arc::new(principal)).map_err(|_| ServiceError::BrokenOff)
}
