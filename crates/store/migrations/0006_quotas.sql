-- What attachments hold, each user's and all, is added up from this index alone.

CREATE INDEX attachments_by_uploader ON attachments (uploaded_by, size);
