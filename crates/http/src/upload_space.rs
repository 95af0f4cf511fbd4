//! Checks whether quotas and disks have space for an upload.

use boardwire_protocol::{ErrorBody, UserId};
use boardwire_services::remove_leftovers;

use crate::{
    door::Door,
    problem::Problem,
    quota::{UploadPermit, storage_full},
};

impl Door {
    /// Checks that there is space for an upload. If there is none, removes the files of deleted attachments and checks
    /// again.
    pub(crate) async fn ensure_space_for(&self, permit: &UploadPermit, user: &UserId) -> Result<(), Problem> {
        if self.lack_of_space(permit, user).await?.is_none() {
            return Ok(());
        }
        if let Err(error) = remove_leftovers(&**self.services().store(), &*self.parts.files).await {
            tracing::warn!(%error, "can't remove the files of deleted attachments");
        }
        let Some(refused) = self.lack_of_space(permit, user).await? else { return Ok(()) };
        tracing::warn!(%user, reason = refused.message, "an upload was refused for want of room");
        Err(refused.into())
    }

    /// Returns why there is no space for an upload, or `None` if there is.
    async fn lack_of_space(&self, permit: &UploadPermit, user: &UserId) -> Result<Option<ErrorBody>, Problem> {
        let quotas = &self.settings().quotas;
        let held = self.services().store().held(user).await?;
        if let Some(refused) = quotas.used_up(held, permit.reserved) {
            return Ok(Some(refused));
        }
        let files = self.parts.files.room().await?;
        let database = self.services().store().room().await?;
        let is_short = [files, database].into_iter().flatten().any(|disk| !quotas.leaves_space(disk, permit.reserved));
        Ok(is_short.then(|| storage_full("disk", "the server's disk is nearly full; ask the operator")))
    }
}
