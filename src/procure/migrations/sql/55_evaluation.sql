-- Scores are one evaluator's own until handed in, and nobody's to change afterwards.

-- Whether a person has declared a conflict of interest in a lot. For the stages before, too: their
-- pages show bids of the lot, and this person may read none (promises Z-7).
CREATE FUNCTION has_conflict(person_ uuid, lot_ uuid) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT EXISTS (SELECT FROM panel_member
                        WHERE person = person_ AND lot = lot_ AND has_conflict)
    $$;

CREATE FUNCTION score_is_lawful() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    touched uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.member ELSE NEW.member END;
    evaluator panel_member%ROWTYPE;
    scored criterion%ROWTYPE;
BEGIN
    -- Handing in takes this row FOR UPDATE, so one of the two comes first and is seen by the other.
    SELECT * INTO STRICT evaluator FROM panel_member WHERE id = touched FOR SHARE;
    IF evaluator.locked_at IS NOT NULL THEN
        RAISE EXCEPTION 'scores that were handed in do not change'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'score_stays_as_handed_in';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;  -- of a draft: its evaluator declared a conflict, or was released
    END IF;
    IF TG_OP = 'UPDATE'
       AND (NEW.member, NEW.bid, NEW.criterion) IS DISTINCT FROM (OLD.member, OLD.bid, OLD.criterion)
    THEN
        RAISE EXCEPTION 'a score stays with its evaluator, bid and criterion'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'score_stays_where_it_is';
    END IF;
    IF evaluator.has_conflict IS DISTINCT FROM false OR evaluator.released_at IS NOT NULL THEN
        RAISE EXCEPTION 'only an evaluator who declared to have no conflict may score'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'score_without_conflict';
    END IF;
    IF NOT EXISTS (SELECT FROM bid WHERE id = NEW.bid AND lot = evaluator.lot AND state = 'opened')
    THEN
        RAISE EXCEPTION 'only an opened bid of the evaluator''s lot is scored'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'score_of_own_lot';
    END IF;
    SELECT c.* INTO scored FROM criterion c JOIN lot l ON l.tender = c.tender
     WHERE c.id = NEW.criterion AND l.id = evaluator.lot;
    IF scored.kind IS DISTINCT FROM 'quality' OR NEW.points > scored.scale_max THEN
        RAISE EXCEPTION 'points are given on the scale of a quality criterion of this tender'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'score_on_scale';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER score_is_lawful BEFORE INSERT OR UPDATE OR DELETE ON score
    FOR EACH ROW EXECUTE FUNCTION score_is_lawful();

CREATE FUNCTION panel_member_keeps_its_word() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'who was appointed stays on record'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'panel_member_stays';
    END IF;
    IF (NEW.lot, NEW.person, NEW.appointed_at) IS DISTINCT FROM (OLD.lot, OLD.person, OLD.appointed_at)
       OR (OLD.has_conflict AND NEW.has_conflict IS DISTINCT FROM true)
       OR (OLD.declared_at IS NOT NULL AND NEW.declared_at IS NULL)
       OR (OLD.locked_at IS NOT NULL AND NEW.locked_at IS DISTINCT FROM OLD.locked_at)
       OR (OLD.released_at IS NOT NULL AND NEW.released_at IS DISTINCT FROM OLD.released_at)
    THEN
        RAISE EXCEPTION 'a conflict, scores handed in and a release are not taken back'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'panel_member_keeps_its_word';
    END IF;
    IF (NEW.has_conflict OR NEW.released_at IS NOT NULL)
       AND EXISTS (SELECT FROM score WHERE member = NEW.id)
    THEN
        RAISE EXCEPTION 'an evaluator with a conflict has no scores'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'conflicted_has_no_scores';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER panel_member_keeps_its_word BEFORE UPDATE OR DELETE ON panel_member
    FOR EACH ROW EXECUTE FUNCTION panel_member_keeps_its_word();

-- A question is asked once, answered once and decided once.
CREATE FUNCTION explanation_goes_forward() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'DELETE'
       OR (NEW.bid, NEW.facts, NEW.question, NEW.asked_at, NEW.due_on)
          IS DISTINCT FROM (OLD.bid, OLD.facts, OLD.question, OLD.asked_at, OLD.due_on)
       OR (OLD.answer IS NOT NULL
           AND (NEW.answer, NEW.answered_at) IS DISTINCT FROM (OLD.answer, OLD.answered_at))
       OR OLD.state IN ('accepted', 'rejected')
    THEN
        RAISE EXCEPTION 'a question about a price, its answer and its decision do not change'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'explanation_goes_forward';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER explanation_goes_forward BEFORE UPDATE OR DELETE ON explanation
    FOR EACH ROW EXECUTE FUNCTION explanation_goes_forward();

CREATE FUNCTION ranking_never_changes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        RAISE EXCEPTION 'a ranking and a drawing of lots are only ever added'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ranking_never_changes';
    END $$;

CREATE TRIGGER ranking_never_changes BEFORE UPDATE OR DELETE ON evaluation
    FOR EACH ROW EXECUTE FUNCTION ranking_never_changes();
CREATE TRIGGER drawing_never_changes BEFORE UPDATE OR DELETE ON drawing
    FOR EACH ROW EXECUTE FUNCTION ranking_never_changes();

CREATE INDEX panel_member_person ON panel_member (person);
CREATE INDEX drawing_of_lot ON drawing (lot, id);
