CREATE TRIGGER leftover_of_attachment AFTER DELETE ON attachments BEGIN
    INSERT INTO leftovers (id, uploaded_by, size) VALUES (old.id, old.uploaded_by, old.size) ON CONFLICT DO NOTHING;
END
