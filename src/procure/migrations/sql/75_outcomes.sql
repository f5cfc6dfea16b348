-- Evidence is only ever added: what a source said stays said. An outcome keeps what was reported.

CREATE FUNCTION evidence_never_changes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        RAISE EXCEPTION 'evidence is only ever added' USING ERRCODE = 'restrict_violation';
    END $$;

CREATE TRIGGER evidence_never_changes BEFORE UPDATE OR DELETE ON evidence
    FOR EACH ROW EXECUTE FUNCTION evidence_never_changes();

-- An outcome stands where its evidence puts it, whoever writes the state: the highest source
-- decides, and of its statements the newest; the provider's own word proves nothing
-- (outcomes.rules.verdict; a test compares the two).
CREATE FUNCTION outcome_stands_by_evidence() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    decides evidence%ROWTYPE;
BEGIN
    SELECT * INTO decides FROM evidence WHERE outcome = NEW.id
     ORDER BY array_position(
                ARRAY['register', 'case-system', 'caseworker', 'certificate', 'provider'],
                source::text),
              received_at DESC, id DESC
     LIMIT 1;
    IF NEW.state IS DISTINCT FROM (CASE WHEN decides.id IS NULL THEN NULL
                                        WHEN NOT decides.supports THEN 'rejected'
                                        WHEN decides.source = 'provider' THEN 'claimed'
                                        ELSE 'verified' END) THEN
        RAISE EXCEPTION 'an outcome stands where its evidence puts it'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'outcome_stands_by_evidence';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER outcome_stands_by_evidence BEFORE UPDATE ON outcome
    FOR EACH ROW
    WHEN (NEW.state IS DISTINCT FROM OLD.state AND NEW.state IN ('claimed', 'verified', 'rejected'))
    EXECUTE FUNCTION outcome_stands_by_evidence();

CREATE FUNCTION outcome_keeps_its_report() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF TG_OP = 'DELETE' OR (NEW.id, NEW.participant, NEW.definition, NEW.outcome_on,
                                NEW.reported_at, NEW.reported_by)
            IS DISTINCT FROM (OLD.id, OLD.participant, OLD.definition, OLD.outcome_on,
                              OLD.reported_at, OLD.reported_by)
        THEN
            RAISE EXCEPTION 'a reported outcome keeps what was reported'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;

CREATE TRIGGER outcome_keeps_its_report BEFORE UPDATE OR DELETE ON outcome
    FOR EACH ROW EXECUTE FUNCTION outcome_keeps_its_report();

CREATE UNIQUE INDEX outcome_once_uq ON outcome (participant, definition)
    WHERE state <> 'withdrawn';

CREATE INDEX evidence_of_outcome ON evidence (outcome, id);
