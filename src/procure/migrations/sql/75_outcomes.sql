-- Evidence is only ever added: what a source said stays said. An outcome keeps what was reported.

CREATE FUNCTION evidence_never_changes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
        RAISE EXCEPTION 'evidence is only ever added' USING ERRCODE = 'restrict_violation';
    END $$;

CREATE TRIGGER evidence_never_changes BEFORE UPDATE OR DELETE ON evidence
    FOR EACH ROW EXECUTE FUNCTION evidence_never_changes();

CREATE FUNCTION outcome_keeps_its_report() RETURNS trigger
    LANGUAGE plpgsql
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
