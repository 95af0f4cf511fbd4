CREATE FUNCTION note_leftover() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO leftovers (id, uploaded_by, size) VALUES (old.id, old.uploaded_by, old.size) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER leftover_of_attachment AFTER DELETE ON attachments FOR EACH ROW EXECUTE FUNCTION note_leftover()
