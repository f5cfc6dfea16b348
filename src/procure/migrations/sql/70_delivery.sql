-- A person in one group at a time, a place for each person, marks only on days that may have one.

-- Stands in for btree_gist, which the embedded server does not have: a value as a range of one.
CREATE TYPE uuidrange AS RANGE (subtype = uuid);
CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");

-- Two buyers may both have a client CL-1, who is not one person.
ALTER TABLE participant ADD CONSTRAINT participant_one_group_at_a_time EXCLUDE USING gist (
    uuidrange(buyer, buyer, '[]') WITH &&,
    textrange(client_ref, client_ref, '[]') WITH &&,
    daterange(joins_on, stays_until) WITH &&
);

CREATE UNIQUE INDEX participant_replaces_one ON participant (replaces_id)
    WHERE replaces_id IS NOT NULL;

-- Who was referred, from which request and in which risk band, is frozen at referral.
CREATE FUNCTION participant_stays_who_it_is() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF (NEW.buyer, NEW."group", NEW.request, NEW.client_ref, NEW.risk_band, NEW.referred_at,
        NEW.referred_by, NEW.joins_on, NEW.replaces_id)
       IS DISTINCT FROM
       (OLD.buyer, OLD."group", OLD.request, OLD.client_ref, OLD.risk_band, OLD.referred_at,
        OLD.referred_by, OLD.joins_on, OLD.replaces_id) THEN
        RAISE EXCEPTION 'what was decided at referral does not change'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'participant_frozen';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER participant_stays_who_it_is BEFORE UPDATE ON participant
    FOR EACH ROW EXECUTE FUNCTION participant_stays_who_it_is();

CREATE FUNCTION participant_has_a_place() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    place service_group%ROWTYPE;
    full_on date;
BEGIN
    SELECT * INTO STRICT place FROM service_group WHERE id = NEW."group" FOR UPDATE;
    SELECT d.held_on INTO full_on
      FROM training_day d
      JOIN participant p ON p."group" = d."group" AND d.held_on >= p.joins_on
                        AND d.held_on < p.stays_until
     WHERE d."group" = NEW."group"
     GROUP BY d.held_on HAVING count(*) > place.places_count
     ORDER BY d.held_on LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'group % has more people than places on %', place.code, full_on
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'participant_has_a_place';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER participant_has_a_place AFTER INSERT OR UPDATE ON participant
    FOR EACH ROW EXECUTE FUNCTION participant_has_a_place();

CREATE FUNCTION attendance_is_of_a_stay() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    stay participant%ROWTYPE;
    held training_day%ROWTYPE;
    is_in_group boolean;
BEGIN
    SELECT * INTO STRICT stay FROM participant WHERE id = NEW.participant;
    SELECT * INTO STRICT held FROM training_day WHERE id = NEW.day;
    is_in_group := held.held_on >= stay.joins_on AND held.held_on < stay.stays_until;
    IF held."group" <> stay."group" OR held.held_on < stay.joins_on
       OR is_in_group = (NEW.mark = 'success-vacancy')
       OR (NOT is_in_group AND coalesce(stay.exit_reason, '') NOT IN ('JOB', 'EDUCATION')) THEN
        RAISE EXCEPTION 'a mark % of % on % does not go with the stay in the group',
            NEW.mark, stay.client_ref, held.held_on
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'attendance_is_of_a_stay';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER attendance_is_of_a_stay BEFORE INSERT OR UPDATE ON attendance
    FOR EACH ROW EXECUTE FUNCTION attendance_is_of_a_stay();

CREATE FUNCTION visitor_is_of_the_group() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF (SELECT "group" FROM participant WHERE id = NEW.participant)
       IS DISTINCT FROM (SELECT "group" FROM employer_visit WHERE id = NEW.visit) THEN
        RAISE EXCEPTION 'only participants of the group are at its visits'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'visitor_is_of_the_group';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER visitor_is_of_the_group BEFORE INSERT OR UPDATE ON visit_participant
    FOR EACH ROW EXECUTE FUNCTION visitor_is_of_the_group();

-- One plan of a kind at a time; those withdrawn stay in the history.
CREATE UNIQUE INDEX plan_uq ON plan (participant, kind) WHERE withdrawn_at IS NULL;

CREATE FUNCTION plan_keeps_what_was_recorded() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'DELETE'
       OR (NEW.id, NEW.participant, NEW.kind, NEW.agreed_on, NEW.goal, NEW.recorded_at,
           NEW.recorded_by, NEW.needs_confirmation)
          IS DISTINCT FROM
          (OLD.id, OLD.participant, OLD.kind, OLD.agreed_on, OLD.goal, OLD.recorded_at,
           OLD.recorded_by, OLD.needs_confirmation)
       OR (OLD.withdrawn_at IS NOT NULL)
       OR (OLD.confirmed_at IS NOT NULL
           AND (NEW.confirmed_at, NEW.confirmed_by, NEW.confirmation)
               IS DISTINCT FROM (OLD.confirmed_at, OLD.confirmed_by, OLD.confirmation)) THEN
        RAISE EXCEPTION 'a plan is kept as it was recorded, and withdrawn once'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'plan_kept';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER plan_keeps_what_was_recorded BEFORE UPDATE OR DELETE ON plan
    FOR EACH ROW EXECUTE FUNCTION plan_keeps_what_was_recorded();

CREATE INDEX service_group_contract ON service_group (contract);
CREATE INDEX training_day_day ON training_day ("group", held_on);
CREATE INDEX participant_group ON participant ("group");
CREATE INDEX attendance_day ON attendance (day);
CREATE INDEX visit_group ON employer_visit ("group");
CREATE INDEX visit_participant_participant ON visit_participant (participant);
