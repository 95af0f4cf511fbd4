-- The files of attachments that are gone, until they are removed too: as long as they take up room, they count.

CREATE TABLE leftovers (
    id {ordered_text} NOT NULL PRIMARY KEY,
    uploaded_by {ordered_text} NOT NULL,
    size BIGINT NOT NULL
);
CREATE INDEX leftovers_by_uploader ON leftovers (uploaded_by, size);
{note_leftovers}
