-- The clock: real, except in a database that was made as a demo and whose clock was moved.
CREATE FUNCTION app_now() RETURNS timestamptz
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, public
    AS $$
        SELECT coalesce(
            (SELECT clock_at + (clock_timestamp() - clock_set_at)
               FROM installation WHERE id = 1 AND is_demo AND clock_at IS NOT NULL),
            clock_timestamp())
    $$;

-- The legal day in the country's zone.
CREATE FUNCTION app_today() RETURNS date
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, public
    AS $$ SELECT (app_now() AT TIME ZONE 'Europe/Tallinn')::date $$;

-- A database is a demo from its first row on, or never.
CREATE FUNCTION installation_stays_what_it_is() RETURNS trigger
    LANGUAGE plpgsql
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

-- A person has one opening key at a time.
CREATE UNIQUE INDEX opening_key_one ON opening_key (person) WHERE retired_at IS NULL;
