-- The clock: real, except in a database that was made as a demo and whose clock was moved.
CREATE FUNCTION app_now() RETURNS timestamptz
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT coalesce(
            (SELECT clock_at + (clock_timestamp() - clock_set_at)
               FROM installation WHERE id = 1 AND is_demo AND clock_at IS NOT NULL),
            clock_timestamp())
    $$;

-- The legal day in the country's zone.
CREATE FUNCTION app_today() RETURNS date
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT (app_now() AT TIME ZONE 'Europe/Tallinn')::date $$;

-- A database is a demo from its first row on, or never.
CREATE FUNCTION installation_stays_what_it_is() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.is_demo <> OLD.is_demo OR NEW.created_at <> OLD.created_at THEN
        RAISE EXCEPTION 'an installation does not change what it is'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.clock_at IS NOT NULL AND OLD.clock_at IS NOT NULL
       AND NEW.clock_at < OLD.clock_at + (NEW.clock_set_at - OLD.clock_set_at) THEN
        RAISE EXCEPTION 'the clock goes forward only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER installation_stays_what_it_is BEFORE UPDATE OR DELETE ON installation
    FOR EACH ROW EXECUTE FUNCTION installation_stays_what_it_is();

CREATE INDEX login_failure_recent ON login_failure (bucket, failed_at);

-- What ended does not come back to life: a retired key, a session or token that was ended.
CREATE FUNCTION what_ended_stays_ended() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        RAISE EXCEPTION 'a % that ended stays as it was', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END $$;

CREATE TRIGGER opening_key_stays_retired BEFORE UPDATE ON opening_key
    FOR EACH ROW WHEN (OLD.retired_at IS NOT NULL) EXECUTE FUNCTION what_ended_stays_ended();
CREATE TRIGGER session_stays_ended BEFORE UPDATE ON session
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at)
    EXECUTE FUNCTION what_ended_stays_ended();
CREATE TRIGGER api_token_stays_ended BEFORE UPDATE ON api_token
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at)
    EXECUTE FUNCTION what_ended_stays_ended();

-- A person has one opening key at a time.
CREATE UNIQUE INDEX opening_key_one ON opening_key (person) WHERE retired_at IS NULL;

CREATE INDEX login_failure_old ON login_failure (failed_at);
CREATE INDEX session_of_person ON session (person) WHERE ended_at IS NULL;
CREATE INDEX api_token_of_person ON api_token (person, created_at);
CREATE INDEX account_link_open ON account_link (org, email) WHERE used_at IS NULL AND ended_at IS NULL;

-- Roles that one person does not hold together (promise R9), in whatever organisations. The pairs
-- are those of identity.rules, which a test compares.
CREATE FUNCTION roles_exclude(one text, other text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT one <> other AND (
            'auditor' IN (one, other)
            OR 'administrator' IN (one, other)
               AND (one IN ('coordinator', 'opening-officer', 'evaluator', 'contract-manager',
                            'finance-officer')
                    OR other IN ('coordinator', 'opening-officer', 'evaluator', 'contract-manager',
                                 'finance-officer'))
            OR 'finance-officer' IN (one, other)
               AND (one IN ('coordinator', 'contract-manager')
                    OR other IN ('coordinator', 'contract-manager'))
            OR 'opening-officer' IN (one, other) AND 'coordinator' IN (one, other)
            OR (one IN ('provider-manager', 'facilitator'))
               <> (other IN ('provider-manager', 'facilitator')))
    $$;

CREATE FUNCTION membership_keeps_roles_apart() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    found text;
BEGIN
    PERFORM FROM person WHERE id = NEW.person FOR UPDATE;
    SELECT m.role INTO found FROM membership m
        WHERE m.person = NEW.person AND m.id <> NEW.id AND roles_exclude(m.role, NEW.role)
          AND daterange(m.from_on, m.until_on) && daterange(NEW.from_on, NEW.until_on)
        LIMIT 1;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION '% and % are not held by one person', found, NEW.role
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER membership_keeps_roles_apart BEFORE INSERT OR UPDATE ON membership
    FOR EACH ROW EXECUTE FUNCTION membership_keeps_roles_apart();

-- A link is used once, and is what it was made as.
CREATE FUNCTION account_link_is_used_once() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF TG_OP = 'DELETE' OR OLD.used_at IS NOT NULL OR OLD.ended_at IS NOT NULL
            OR (NEW.secret_sha256, NEW.org, NEW.email, NEW.roles, NEW.expires_at, NEW.invited_by)
               IS DISTINCT FROM
               (OLD.secret_sha256, OLD.org, OLD.email, OLD.roles, OLD.expires_at, OLD.invited_by)
        THEN
            RAISE EXCEPTION 'an invitation is used once' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;

CREATE TRIGGER account_link_is_used_once BEFORE UPDATE OR DELETE ON account_link
    FOR EACH ROW EXECUTE FUNCTION account_link_is_used_once();

-- Who a person is stays: an account cannot become another's.
CREATE FUNCTION person_stays_who_they_are() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF OLD.natural_key IS NOT NULL AND NEW.natural_key IS DISTINCT FROM OLD.natural_key THEN
            RAISE EXCEPTION 'an account stays the person''s' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;

CREATE TRIGGER person_stays_who_they_are BEFORE UPDATE OF natural_key ON person
    FOR EACH ROW EXECUTE FUNCTION person_stays_who_they_are();
