-- One row holds the deadline (R8), and once published it can only move forward, and only while it
-- has not passed. Nothing else of what was published changes: neither the key that bids are
-- encrypted to, nor what the notice says.
CREATE FUNCTION tender_keeps_its_word() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    may_change CONSTANT text[] := ARRAY['state', 'state_ground', 'deadline_at'];
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change
       OR (OLD.state_ground IS NOT NULL AND NEW.state_ground IS DISTINCT FROM OLD.state_ground) THEN
        RAISE EXCEPTION 'a published tender keeps its key, its rules and its words'
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
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    named uuid[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.tender]
                               WHEN 'DELETE' THEN ARRAY[OLD.tender]
                               ELSE ARRAY[NEW.tender, OLD.tender] END;  -- nor is it moved elsewhere
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'lot'
       AND (to_jsonb(OLD) - 'state' - 'ground') = (to_jsonb(NEW) - 'state' - 'ground') THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM tender WHERE id = ANY (named) AND published_at IS NOT NULL) THEN
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
