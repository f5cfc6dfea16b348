-- A lot has one award that stands; an award is annulled, never changed.

CREATE UNIQUE INDEX award_one_live ON award (lot) WHERE state <> 'annulled';

CREATE FUNCTION award_stays_as_decided() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    may_change CONSTANT text[] := ARRAY['state', 'annulled_reason'];
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'annulled'
       OR to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change
       OR NOT (OLD.state, NEW.state) IN
          (('standstill', 'final'), ('standstill', 'annulled'), ('final', 'annulled'))
    THEN
        RAISE EXCEPTION 'an award does not change; it ends its standstill, or is annulled'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'award_stays_as_decided';
    END IF;
    RETURN NEW;
END $$;

-- What was signed on an award stays signed: it is ended by the contract's own rules, not by this.
CREATE FUNCTION award_without_contract() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF EXISTS (SELECT FROM contract c JOIN award_supplier s ON s.id = c.award_supplier
                WHERE s.award = NEW.id AND c.state <> 'drafted') THEN
        RAISE EXCEPTION 'a contract of this award was signed, so it is not annulled'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'award_without_contract';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER award_without_contract BEFORE UPDATE ON award
    FOR EACH ROW WHEN (NEW.state = 'annulled') EXECUTE FUNCTION award_without_contract();

CREATE TRIGGER award_stays_as_decided BEFORE UPDATE OR DELETE ON award
    FOR EACH ROW EXECUTE FUNCTION award_stays_as_decided();

CREATE FUNCTION award_part_never_changes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        RAISE EXCEPTION 'winners and letters of an award are only ever added'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'award_stays_as_decided';
    END $$;

CREATE TRIGGER award_supplier_never_changes BEFORE UPDATE OR DELETE ON award_supplier
    FOR EACH ROW EXECUTE FUNCTION award_part_never_changes();
CREATE TRIGGER letter_never_changes BEFORE UPDATE OR DELETE ON letter
    FOR EACH ROW EXECUTE FUNCTION award_part_never_changes();

-- An award rests on the newest ranking of its own lot.
CREATE FUNCTION award_rests_on_newest_ranking() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF NEW.evaluation IS DISTINCT FROM
       (SELECT id FROM evaluation WHERE lot = NEW.lot ORDER BY version DESC LIMIT 1)
    THEN
        RAISE EXCEPTION 'an award rests on the newest ranking of its lot'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'award_rests_on_newest_ranking';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER award_rests_on_newest_ranking BEFORE INSERT ON award
    FOR EACH ROW EXECUTE FUNCTION award_rests_on_newest_ranking();

-- Whether the contract of a winner may not be signed on a day: inside the standstill, its last day
-- included, or because the award was annulled, or because there is no such winner (RHS §§ 120-121).
CREATE FUNCTION award_blocks_signing(award_supplier uuid, day date) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT coalesce(
            (SELECT a.state = 'annulled' OR coalesce(day <= a.last_blocked_on, false)
               FROM award_supplier s JOIN award a ON a.id = s.award
              WHERE s.id = award_blocks_signing.award_supplier), true)
    $$;

CREATE UNIQUE INDEX letter_no_award ON letter (lot, bid) WHERE award IS NULL;
CREATE INDEX letter_provider ON letter (provider_org, id);
CREATE INDEX award_standstill ON award (last_blocked_on) WHERE state = 'standstill';
