//! `task:attachment:*`: payloads and results. Files come in over HTTP.

use crate::{Attachment, AttachmentId};

payloads! {
    "camelCase":
    /// `task:attachment:remove`.
    pub struct Remove {
        /// The attachment.
        pub attachment_id: AttachmentId,
    }
}

results! {
    /// The attachment as it is now: the answer to an upload.
    pub struct AttachmentResult {
        /// The attachment.
        pub attachment: Attachment,
    }

    /// The attachment is gone.
    pub struct Removed {
        /// Its id.
        pub attachment_id: AttachmentId,
    }
}
