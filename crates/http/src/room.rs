//! Checks whether quotas and disks have room for an upload.

use boardwire_protocol::{ErrorBody, UserId};
use boardwire_services::remove_leftovers;

use crate::{
    door::Door,
    problem::Problem,
    quota::{Turn, full},
};

impl Door {
    /// Refuses an upload for which there is no room even after the files of deleted attachments have been removed.
    pub(crate) async fn has_room_for(&self, turn: &Turn, user: &UserId) -> Result<(), Problem> {
        if self.lacks_room_for(turn, user).await?.is_none() {
            return Ok(());
        }
        if let Err(error) = remove_leftovers(&**self.services().store(), &*self.parts.files).await {
            tracing::warn!(%error, "can't remove the files of deleted attachments");
        }
        let Some(refused) = self.lacks_room_for(turn, user).await? else { return Ok(()) };
        tracing::warn!(%user, reason = refused.message, "an upload was refused for want of room");
        Err(refused.into())
    }

    /// Returns why there is no room for an upload, if there is none.
    async fn lacks_room_for(&self, turn: &Turn, user: &UserId) -> Result<Option<ErrorBody>, Problem> {
        let quotas = &self.settings().quotas;
        let held = self.services().store().held(user).await?;
        if let Some(refused) = quotas.used_up(held, turn.promised) {
            return Ok(Some(refused));
        }
        let files = self.parts.files.room().await?;
        let database = self.services().store().room().await?;
        let short = [files, database].into_iter().flatten().any(|room| !quotas.leaves_room(room, turn.promised));
        Ok(short.then(|| full("disk", "the server's disk is nearly full; ask the operator")))
    }
}
