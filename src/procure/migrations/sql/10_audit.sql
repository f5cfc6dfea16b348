-- The audit chain. Only this function may insert an event; it runs as the owner of the table, and
-- the application's role has no right to write the table itself (promises A-1, A-2, A-6).

INSERT INTO event_head (id, seq, sha256) VALUES (1, 0, repeat('0', 64));

-- One instant as the chain writes it: UTC, microseconds.
CREATE FUNCTION event_instant(instant timestamptz) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

-- Two steps: first the hash of what the event says (with the hash of its facts in place of them),
-- then the hash of that and of the event before. So a chain can be checked to its head by one who
-- may not see every fact, and by one who may not even know that another's bid is there: of such an
-- event the dossier shows the hash of what it says, and nothing else.
CREATE FUNCTION event_hash(
    seq bigint, id uuid, kind text, subject_id uuid, org_id uuid, actor_id uuid,
    happened_at timestamptz, written_at timestamptz, facts text, previous text
) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT encode(sha256(convert_to(concat_ws(E'\n',
            encode(sha256(convert_to(concat_ws(E'\n',
                seq::text, id::text, kind, subject_id::text, coalesce(org_id::text, ''),
                coalesce(actor_id::text, ''), public.event_instant(happened_at),
                public.event_instant(written_at), encode(sha256(convert_to(facts, 'UTF8')), 'hex')),
            'UTF8')), 'hex'),
            previous), 'UTF8')), 'hex')
    $$;

CREATE FUNCTION record_event(
    id uuid, kind text, subject_id uuid, org_id uuid, actor_id uuid, happened_at timestamptz,
    facts text
) RETURNS bigint
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    head event_head%ROWTYPE;
    written timestamptz;
    hash text;
BEGIN
    IF position(E'\n' IN kind) > 0 OR position(E'\n' IN facts) > 0 THEN
        RAISE EXCEPTION 'an event holds no line break' USING ERRCODE = 'check_violation';
    END IF;
    -- Held until the transaction ends: no gap and no fork, whoever writes at the same time.
    SELECT * INTO STRICT head FROM event_head WHERE event_head.id = 1 FOR UPDATE;
    written := clock_timestamp();
    hash := event_hash(head.seq + 1, id, kind, subject_id, org_id, actor_id, happened_at, written,
                       facts, head.sha256);
    INSERT INTO event (seq, id, kind, subject_id, org_id, actor_id, happened_at, written_at, facts,
                       previous_sha256, sha256)
        VALUES (head.seq + 1, id, kind, subject_id, org_id, actor_id, happened_at, written, facts,
                head.sha256, hash);
    UPDATE event_head SET seq = head.seq + 1, sha256 = hash WHERE event_head.id = 1;
    RETURN head.seq + 1;
END $$;

-- The owner, too, is stopped from a slip of the hand; who means it is found by the chain.
CREATE FUNCTION event_never_changes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN RAISE EXCEPTION 'events are only ever added' USING ERRCODE = 'restrict_violation'; END $$;

CREATE TRIGGER event_never_changes BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION event_never_changes();

CREATE INDEX event_subject ON event (subject_id, seq);
