-- The instant of arrival is that of the last byte, by the database's clock: what the submission then
-- waited for here (a connection, others of its kind) is measured and taken off, so that it makes no
-- bid late (R1, R7). The lock is shared, so that submissions do not wait for each other; an opening
-- takes it for itself and thereby waits for arrivals that are stamped and not yet committed (T-3b).
CREATE FUNCTION note_arrivals(
    ids uuid[], tenders uuid[], packages uuid[], orgs uuid[], people uuid[], took_us bigint[],
    waits_us bigint[], sizes bigint[]
) RETURNS TABLE (noted_id uuid, noted_at timestamptz)
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    stamped timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(key) FROM (
        SELECT DISTINCT hashtextextended('arrival ' || one::text, 0) AS key
          FROM unnest(tenders) one ORDER BY 1) AS locks;
    stamped := app_now();
    RETURN QUERY
    INSERT INTO arrival (id, tender, package_id, provider_org, person, began_at, arrived_at,
                         waited_us, size_bytes)
        SELECT n.id, t.id, n.package, n.org, n.person,
               stamped - make_interval(secs => (n.waited + n.took) / 1000000.0),
               stamped - make_interval(secs => n.waited / 1000000.0), n.waited, n.size
          FROM unnest(ids, tenders, packages, orgs, people, took_us, waits_us, sizes)
               AS n(id, tender, package, org, person, took, waited, size)
          JOIN tender t ON t.id = n.tender AND t.published_at IS NOT NULL
        RETURNING id, arrived_at;
END $$;

CREATE FUNCTION arrival_stays() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.refused_at IS NULL
       AND (NEW.id, NEW.tender, NEW.package_id, NEW.began_at, NEW.arrived_at, NEW.waited_us,
            NEW.size_bytes)
           IS NOT DISTINCT FROM
           (OLD.id, OLD.tender, OLD.package_id, OLD.began_at, OLD.arrived_at, OLD.waited_us,
            OLD.size_bytes)
       AND (OLD.person IS NULL
            OR (NEW.provider_org, NEW.person) = (OLD.provider_org, OLD.person)) THEN
        RETURN NEW;  -- whose it is, or that it is refused; each is said once
    END IF;
    IF TG_OP = 'INSERT' AND current_user = (SELECT tableowner FROM pg_tables
                                             WHERE schemaname = 'public' AND tablename = 'arrival')
    THEN
        RETURN NEW;  -- inside note_arrivals, which runs as the owner
    END IF;
    RAISE EXCEPTION 'an arrival is noted by note_arrivals and stays as it is'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'arrival_stays';
END $$;

CREATE TRIGGER arrival_stays BEFORE INSERT OR UPDATE OR DELETE ON arrival
    FOR EACH ROW EXECUTE FUNCTION arrival_stays();

CREATE INDEX arrival_of_tender ON arrival (tender, arrived_at);
CREATE INDEX arrival_of_package ON arrival (package_id) WHERE package_id IS NOT NULL;

-- What is prepared stays as it was encrypted; it goes when the bid of that id is there in its place.
CREATE FUNCTION package_is_sealed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM bid WHERE id = OLD.id
                                       AND ciphertext_sha256 = OLD.ciphertext_sha256) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'what was prepared stays as it was encrypted'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'package_is_sealed';
END $$;

CREATE TRIGGER package_is_sealed BEFORE UPDATE OR DELETE ON bid_package
    FOR EACH ROW EXECUTE FUNCTION package_is_sealed();

-- Holds a tender against its opening, not against other bidders; and this bidder for itself.
CREATE FUNCTION hold_bidder(tender_id uuid, org_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    PERFORM 1 FROM tender WHERE id = tender_id FOR SHARE;
    PERFORM pg_advisory_xact_lock(
        hashtextextended('bidder ' || tender_id::text || org_id::text, 0));
END $$;

-- Holds the tenders against their openings, and each bidder for itself, in one order for everyone.
CREATE FUNCTION hold_submissions(packages uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    PERFORM 1 FROM tender WHERE id IN (SELECT tender FROM bid_package WHERE id = ANY (packages))
      ORDER BY id FOR SHARE;
    PERFORM pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT hashtextextended('bidder ' || tender::text || provider_org::text, 0) AS key
          FROM bid_package WHERE id = ANY (packages) ORDER BY 1) AS locks;
END $$;

-- One live bid of a bidder for a lot.
CREATE UNIQUE INDEX bid_live_uq ON bid (lot, provider_org) WHERE state = 'sealed';
CREATE INDEX bid_of_tender ON bid (tender);
CREATE INDEX bid_of_provider ON bid (provider_org);

CREATE FUNCTION bid_is_sealed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    held tender%ROWTYPE;
    noted arrival%ROWTYPE;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a bid is never deleted'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bid_is_sealed';
    END IF;
    SELECT * INTO STRICT held FROM tender WHERE id = NEW.tender;
    IF TG_OP = 'INSERT' THEN
        SELECT * INTO STRICT noted FROM arrival WHERE id = NEW.arrival;
        IF (noted.tender, noted.provider_org, noted.arrived_at)
           IS DISTINCT FROM (NEW.tender, NEW.provider_org, NEW.received_at)
           OR noted.refused_at IS NOT NULL THEN
            RAISE EXCEPTION 'a bid is received when its submission arrived'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'bid_received_on_arrival';
        END IF;
        IF NOT EXISTS (SELECT FROM lot WHERE id = NEW.lot AND tender = NEW.tender) THEN
            RAISE EXCEPTION 'the lot is of another tender'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'bid_lot_of_tender';
        END IF;
        -- On time is before the deadline, up to and without its very instant (R2).
        IF NEW.state <> (CASE WHEN NEW.received_at < held.deadline_at
                              THEN 'sealed' ELSE 'late' END) THEN
            RAISE EXCEPTION 'on time is what arrived before the deadline, late is what did not'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'bid_on_time_or_late';
        END IF;
        IF NEW.state = 'sealed' AND held.state NOT IN ('published', 'closed') THEN
            RAISE EXCEPTION 'the bids of this tender are opened'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bid_on_time_or_late';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.tender, NEW.lot, NEW.provider_org, NEW.arrival, NEW.version, NEW.ciphertext,
        NEW.ciphertext_sha256, NEW.parts, NEW.received_at,
        NEW.submitted_by, NEW.receipt)
       IS DISTINCT FROM
       (OLD.id, OLD.tender, OLD.lot, OLD.provider_org, OLD.arrival, OLD.version, OLD.ciphertext,
        OLD.ciphertext_sha256, OLD.parts, OLD.received_at,
        OLD.submitted_by, OLD.receipt)
       OR OLD.content IS NOT NULL THEN
        RAISE EXCEPTION 'a received bid does not change'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bid_is_sealed';
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF OLD.state <> 'sealed' THEN
        RAISE EXCEPTION 'what was replaced, withdrawn or late is never opened'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bid_is_sealed';
    END IF;
    IF NEW.state IN ('replaced', 'withdrawn') AND held.state NOT IN ('published', 'closed') THEN
        RAISE EXCEPTION 'an opened tender keeps its bids'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bid_is_sealed';
    END IF;
    IF NEW.state = 'opened'
       AND (app_now() < held.deadline_at
            OR held.state NOT IN ('published', 'closed')
            OR (SELECT count(*) FROM opening_share WHERE tender = NEW.tender)
               < held.opening_quorum_count) THEN
        RAISE EXCEPTION 'bids are opened after the deadline by enough people together'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bid_opened_by_quorum';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER bid_is_sealed BEFORE INSERT OR UPDATE OR DELETE ON bid
    FOR EACH ROW EXECUTE FUNCTION bid_is_sealed();

-- A share is taken from a keyholder, after the deadline, and with the words of that very share.
CREATE FUNCTION share_is_given_in_time() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE'
       AND ((to_jsonb(OLD) - 'share') <> (to_jsonb(NEW) - 'share') OR NEW.share IS NOT NULL)) THEN
        RAISE EXCEPTION 'a share that was given is only forgotten'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'share_is_given_in_time';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT FROM tender WHERE id = NEW.tender AND deadline_at <= app_now()
                      AND state IN ('published', 'closed')) THEN
        RAISE EXCEPTION 'no share before the deadline'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'share_is_given_in_time';
    END IF;
    IF NOT EXISTS (SELECT FROM keyholder WHERE tender = NEW.tender AND person = NEW.person
                      AND share_sha256 = NEW.share_sha256)
       OR encode(sha256(convert_to(NEW.share, 'UTF8')), 'hex') IS DISTINCT FROM NEW.share_sha256
    THEN
        RAISE EXCEPTION 'this person holds no such share'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'share_of_keyholder';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER share_is_given_in_time BEFORE INSERT OR UPDATE OR DELETE ON opening_share
    FOR EACH ROW EXECUTE FUNCTION share_is_given_in_time();

-- What the chain of events says of a tender's bids is found by the tender in their facts.
CREATE INDEX event_of_bids ON event (((facts::jsonb) ->> 'tender_id'))
    WHERE kind IN ('bid:sealed', 'bid:replaced', 'bid:withdrawn', 'bid:late');
