-- A file is what its hash says, and a paper is what it was printed from.

CREATE FUNCTION file_never_changes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        RAISE EXCEPTION 'a stored file never changes' USING ERRCODE = 'restrict_violation';
    END $$;

CREATE TRIGGER file_never_changes BEFORE UPDATE ON file
    FOR EACH ROW EXECUTE FUNCTION file_never_changes();

CREATE FUNCTION paper_keeps_its_facts() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF OLD.state = 'printed' THEN
            RAISE EXCEPTION 'a printed paper never changes' USING ERRCODE = 'restrict_violation';
        END IF;
        IF (NEW.id, NEW.kind, NEW.template, NEW.title, NEW.language, NEW.subject_id, NEW.buyer_id,
            NEW.buyer_name, NEW.reader_org_id, NEW.reader_name, NEW.facts, NEW.ordered_at)
           IS DISTINCT FROM
           (OLD.id, OLD.kind, OLD.template, OLD.title, OLD.language, OLD.subject_id, OLD.buyer_id,
            OLD.buyer_name, OLD.reader_org_id, OLD.reader_name, OLD.facts, OLD.ordered_at)
        THEN
            RAISE EXCEPTION 'what a paper is printed from never changes'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;

CREATE TRIGGER paper_keeps_its_facts BEFORE UPDATE ON paper
    FOR EACH ROW EXECUTE FUNCTION paper_keeps_its_facts();

CREATE INDEX paper_subject ON paper (subject_id, id);
CREATE INDEX paper_queued ON paper (ordered_at, id) WHERE state = 'queued';
