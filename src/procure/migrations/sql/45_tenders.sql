-- One row holds the deadline (R8), and once published it can only move forward, and only while it
-- has not passed. The key that bids are encrypted to never changes.
CREATE FUNCTION tender_keeps_its_word() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public
    AS $$
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN NEW;
    END IF;
    IF (NEW.recipient, NEW.published_at, NEW.started_on, NEW.buyer, NEW.opening_quorum_count,
        NEW.rule_set, NEW.procedure, NEW.parent_lot_id, NEW.scoring_rule)
       IS DISTINCT FROM
       (OLD.recipient, OLD.published_at, OLD.started_on, OLD.buyer, OLD.opening_quorum_count,
        OLD.rule_set, OLD.procedure, OLD.parent_lot_id, OLD.scoring_rule) THEN
        RAISE EXCEPTION 'a published tender keeps its key, its rules and its day'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'tender_keeps_its_word';
    END IF;
    IF NEW.deadline_at < OLD.deadline_at
       OR (NEW.deadline_at > OLD.deadline_at AND app_now() >= OLD.deadline_at) THEN
        RAISE EXCEPTION 'a deadline moves forward only, and only before it has passed'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'tender_keeps_its_word';
    END IF;
    IF NEW.state IN ('closed', 'opened') AND OLD.state = 'published'
       AND app_now() < OLD.deadline_at THEN
        RAISE EXCEPTION 'bids may still come in until the deadline'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'tender_keeps_its_word';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER tender_keeps_its_word BEFORE UPDATE ON tender
    FOR EACH ROW EXECUTE FUNCTION tender_keeps_its_word();

-- What bidders read when they bid is what is scored later.
CREATE FUNCTION published_tender_is_fixed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public
    AS $$
DECLARE
    named uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.tender ELSE NEW.tender END;
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'lot'
       AND (to_jsonb(OLD) - 'state' - 'ground') = (to_jsonb(NEW) - 'state' - 'ground') THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM tender WHERE id = named AND published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a published tender keeps its lots, criteria, keyholders and invitations'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'published_tender_is_fixed';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER published_tender_is_fixed BEFORE INSERT OR UPDATE OR DELETE ON lot
    FOR EACH ROW EXECUTE FUNCTION published_tender_is_fixed();
CREATE TRIGGER published_tender_is_fixed BEFORE INSERT OR UPDATE OR DELETE ON criterion
    FOR EACH ROW EXECUTE FUNCTION published_tender_is_fixed();
CREATE TRIGGER published_tender_is_fixed BEFORE INSERT OR UPDATE OR DELETE ON keyholder
    FOR EACH ROW EXECUTE FUNCTION published_tender_is_fixed();
CREATE TRIGGER published_tender_is_fixed BEFORE INSERT OR UPDATE OR DELETE ON invitation
    FOR EACH ROW EXECUTE FUNCTION published_tender_is_fixed();

CREATE INDEX tender_open ON tender (deadline_at) WHERE state = 'published';
CREATE INDEX lot_of_tender ON lot (tender);
CREATE INDEX criterion_of_tender ON criterion (tender);
CREATE INDEX keyholder_of_tender ON keyholder (tender);
CREATE INDEX invitation_of_provider ON invitation (provider_org);
