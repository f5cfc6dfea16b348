-- Money: what is accepted is frozen, what is posted balances and stays, nobody acts twice
-- (promises R9, P-2, P-4, P-5, P-7, P-8, P-13). Each rule stands in the service, too, where it can
-- explain itself; here it stands for whoever writes SQL.

-- Claims ---------------------------------------------------------------------

CREATE UNIQUE INDEX claim_one_open_per_group ON claim ("group")
    WHERE state NOT IN ('posted', 'paid', 'withdrawn');

CREATE INDEX claim_of_group ON claim ("group", number);
CREATE INDEX claim_line_of_claim ON claim_line (claim, position);
CREATE INDEX claim_line_of_outcome ON claim_line (outcome) WHERE outcome IS NOT NULL;
CREATE INDEX claim_line_of_participant ON claim_line (participant) WHERE participant IS NOT NULL;

CREATE FUNCTION claim_is_frozen_once_accepted() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'a claim is never deleted' USING ERRCODE = 'restrict_violation';
        END IF;
        IF (NEW.id, NEW.contract, NEW."group", NEW.number)
            IS DISTINCT FROM (OLD.id, OLD.contract, OLD."group", OLD.number)
        THEN
            RAISE EXCEPTION 'a claim stays with its group and number'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.state IN ('accepted', 'attested', 'posted', 'paid', 'withdrawn')
            AND (NEW.id, NEW.contract, NEW."group", NEW.number, NEW.reason, NEW.changes,
                 NEW.known_until_at, NEW.total_amount, NEW.facts, NEW.result, NEW.content_sha256,
                 NEW.drafted_at, NEW.drafted_by)
            IS DISTINCT FROM
                (OLD.id, OLD.contract, OLD."group", OLD.number, OLD.reason, OLD.changes,
                 OLD.known_until_at, OLD.total_amount, OLD.facts, OLD.result, OLD.content_sha256,
                 OLD.drafted_at, OLD.drafted_by)
        THEN
            RAISE EXCEPTION 'the content of an accepted claim does not change'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.accepted_by IS NOT NULL AND NEW.state <> 'disputed'
            AND (NEW.accepted_by, NEW.accepted_at)
            IS DISTINCT FROM (OLD.accepted_by, OLD.accepted_at)
        THEN
            RAISE EXCEPTION 'who accepted a claim does not change'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.state IN ('posted', 'paid') AND NEW.state NOT IN ('posted', 'paid') THEN
            RAISE EXCEPTION 'a posted claim is corrected by another claim'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.state = 'paid' AND NEW.payment IS DISTINCT FROM OLD.payment THEN
            RAISE EXCEPTION 'a paid claim keeps its payment' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;

CREATE TRIGGER claim_is_frozen_once_accepted BEFORE UPDATE OR DELETE ON claim
    FOR EACH ROW EXECUTE FUNCTION claim_is_frozen_once_accepted();

CREATE FUNCTION claim_lines_are_frozen_once_accepted() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    found text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT state INTO found FROM claim WHERE id = NEW.claim;
    ELSE
        SELECT state INTO found FROM claim WHERE id = OLD.claim;
    END IF;
    IF found IS DISTINCT FROM 'drafted' AND found IS DISTINCT FROM 'disputed'
        OR TG_OP = 'UPDATE' AND NEW.claim IS DISTINCT FROM OLD.claim
    THEN
        RAISE EXCEPTION 'the lines of a claim that is % do not change', found
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER claim_lines_are_frozen_once_accepted BEFORE INSERT OR UPDATE OR DELETE ON claim_line
    FOR EACH ROW EXECUTE FUNCTION claim_lines_are_frozen_once_accepted();

-- Paid is what a released payment of its own contract pays; what is in a payment file leaves it only
-- when the file is cancelled (P-8).
CREATE FUNCTION claim_is_paid_by_its_payment() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.payment IS NOT NULL
        AND NEW.payment IS DISTINCT FROM OLD.payment
        AND NOT EXISTS (SELECT FROM payment p JOIN payment_run r ON r.id = p.run
                         WHERE p.id = OLD.payment AND r.state = 'cancelled')
    THEN
        RAISE EXCEPTION 'a claim leaves a payment file when the file is cancelled'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'claim_is_paid_by_its_payment';
    END IF;
    IF NEW.payment IS NOT NULL AND NOT EXISTS (
        SELECT FROM payment p JOIN payment_run r ON r.id = p.run
         WHERE p.id = NEW.payment AND p.contract = NEW.contract
           AND NEW.state IN ('posted', 'paid')
           AND r.state = (CASE WHEN NEW.state = 'paid' THEN 'released' ELSE 'prepared' END))
    THEN
        RAISE EXCEPTION 'a claim is paid by a released payment of its contract'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'claim_is_paid_by_its_payment';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER claim_is_paid_by_its_payment BEFORE INSERT OR UPDATE OF state, payment ON claim
    FOR EACH ROW EXECUTE FUNCTION claim_is_paid_by_its_payment();

-- Four eyes, by natural person -----------------------------------------------

CREATE FUNCTION attestation_needs_other_eyes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    attested claim%ROWTYPE;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'an attestation stays as it was given' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT * INTO STRICT attested FROM claim WHERE id = NEW.claim FOR UPDATE;
    IF attested.state NOT IN ('accepted', 'attested') THEN
        RAISE EXCEPTION 'a claim that is % cannot be attested', attested.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.person IN (attested.drafted_by, attested.accepted_by) THEN
        RAISE EXCEPTION 'who drafted or accepted a claim may not attest it'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.content_sha256 <> attested.content_sha256 THEN
        RAISE EXCEPTION 'an attestation is for the content as it is'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER attestation_needs_other_eyes BEFORE INSERT OR UPDATE OR DELETE ON attestation
    FOR EACH ROW EXECUTE FUNCTION attestation_needs_other_eyes();

CREATE FUNCTION claim_is_posted_once_and_attested() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    people integer;
    wrong text;
BEGIN
    SELECT count(DISTINCT person) INTO people FROM attestation
        WHERE claim = NEW.id AND content_sha256 = NEW.content_sha256;
    IF people < 2 THEN
        RAISE EXCEPTION 'a claim is posted after two people attested it'
            USING ERRCODE = 'check_violation';
    END IF;
    -- The obligation is the key: what earlier claims posted for it must be what this one knew of.
    SELECT key INTO wrong FROM claim_line l
        WHERE l.claim = NEW.id AND l.posted_amount <> coalesce((
            SELECT sum(e.line_amount) FROM claim_line e JOIN claim c ON c.id = e.claim
                WHERE c."group" = NEW."group" AND e.key = l.key AND c.id <> NEW.id
                    AND c.state IN ('posted', 'paid')), 0)
        LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'what was posted for % is not what the claim says', wrong
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER claim_is_posted_once_and_attested BEFORE UPDATE ON claim
    FOR EACH ROW WHEN (NEW.state = 'posted' AND OLD.state <> 'posted')
    EXECUTE FUNCTION claim_is_posted_once_and_attested();

-- What was said stays said ----------------------------------------------------

CREATE INDEX claim_remark_of_claim ON claim_remark (claim, said_at);

CREATE FUNCTION claim_remark_stays() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        RAISE EXCEPTION 'what was said of a claim stays' USING ERRCODE = 'restrict_violation';
    END $$;

CREATE TRIGGER claim_remark_stays BEFORE UPDATE OR DELETE ON claim_remark
    FOR EACH ROW EXECUTE FUNCTION claim_remark_stays();

-- The ledger -----------------------------------------------------------------

CREATE UNIQUE INDEX ledger_transaction_of_run ON ledger_transaction (run_id)
    WHERE run_id IS NOT NULL;
CREATE INDEX entry_of_transaction ON entry (transaction);
CREATE INDEX entry_of_contract ON entry (contract, account);

CREATE FUNCTION ledger_never_changes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        RAISE EXCEPTION 'the ledger is only ever added to' USING ERRCODE = 'restrict_violation';
    END $$;

CREATE TRIGGER entry_never_changes BEFORE UPDATE OR DELETE ON entry
    FOR EACH ROW EXECUTE FUNCTION ledger_never_changes();
CREATE TRIGGER ledger_transaction_never_changes BEFORE UPDATE OR DELETE ON ledger_transaction
    FOR EACH ROW EXECUTE FUNCTION ledger_never_changes();

-- At the commit: whole (as many entries as it says), balanced, and true to what caused it.
CREATE FUNCTION ledger_transaction_balances() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    posted ledger_transaction%ROWTYPE;
    total numeric;
    number integer;
    cost numeric;
    paid numeric;
BEGIN
    IF TG_TABLE_NAME = 'entry' THEN
        SELECT * INTO STRICT posted FROM ledger_transaction WHERE id = NEW.transaction;
    ELSE
        posted := NEW;
    END IF;
    SELECT coalesce(sum(entry_amount), 0), count(*),
           coalesce(sum(entry_amount) FILTER (WHERE account = 'service-cost'), 0),
           coalesce(-sum(entry_amount) FILTER (WHERE account = 'bank'), 0)
        INTO total, number, cost, paid FROM entry WHERE transaction = posted.id;
    IF total <> 0 OR number < 2 OR number <> posted.entries_count THEN
        RAISE EXCEPTION 'a ledger transaction must balance: % entries of %, sum %',
            number, posted.entries_count, total USING ERRCODE = 'check_violation';
    END IF;
    IF posted.claim IS NOT NULL AND NOT EXISTS (
        SELECT FROM claim WHERE id = posted.claim AND state IN ('posted', 'paid')
            AND total_amount = cost)
    THEN
        RAISE EXCEPTION 'what is posted must be what was attested' USING ERRCODE = 'check_violation';
    END IF;
    IF posted.run_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM payment_run WHERE id = posted.run_id AND state = 'released'
            AND total_amount = paid)
    THEN
        RAISE EXCEPTION 'what is paid must be what was released' USING ERRCODE = 'check_violation';
    END IF;
    -- The payable is a credit, so a debit balance after a payment was paid without being owed.
    IF posted.run_id IS NOT NULL AND EXISTS (
        SELECT FROM entry WHERE account = 'provider-payable'
            AND contract IN (SELECT contract FROM entry WHERE transaction = posted.id)
            GROUP BY contract HAVING sum(entry_amount) > 0)
    THEN
        RAISE EXCEPTION 'more was paid than is owed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_transaction_balances AFTER INSERT ON ledger_transaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_transaction_balances();
CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_transaction_balances();

CREATE FUNCTION posted_claim_is_in_the_ledger() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF NOT EXISTS (SELECT FROM ledger_transaction WHERE claim = NEW.id) THEN
            RAISE EXCEPTION 'a posted claim is in the ledger' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$;

CREATE CONSTRAINT TRIGGER posted_claim_is_in_the_ledger AFTER INSERT OR UPDATE ON claim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state IN ('posted', 'paid'))
    EXECUTE FUNCTION posted_claim_is_in_the_ledger();

-- Payment runs ---------------------------------------------------------------

CREATE FUNCTION payment_run_is_made_once() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'a payment run is never deleted' USING ERRCODE = 'restrict_violation';
        END IF;
        IF (NEW.id, NEW.buyer, NEW.message_id, NEW.pay_on, NEW.currency, NEW.total_amount,
            NEW.file_sha256, NEW.prepared_at, NEW.prepared_by)
            IS DISTINCT FROM
            (OLD.id, OLD.buyer, OLD.message_id, OLD.pay_on, OLD.currency, OLD.total_amount,
             OLD.file_sha256, OLD.prepared_at, OLD.prepared_by)
        THEN
            RAISE EXCEPTION 'a payment file is made once' USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.state <> 'prepared'
            OR OLD.first_released_by IS NOT NULL
                AND NEW.first_released_by IS DISTINCT FROM OLD.first_released_by
        THEN
            RAISE EXCEPTION 'a release stays as it was given' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;

CREATE TRIGGER payment_run_is_made_once BEFORE UPDATE OR DELETE ON payment_run
    FOR EACH ROW EXECUTE FUNCTION payment_run_is_made_once();

CREATE FUNCTION payment_never_changes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF TG_OP = 'INSERT' AND EXISTS (
            SELECT FROM payment_run WHERE id = NEW.run AND state = 'prepared'
                AND first_released_by IS NULL)
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a payment stays as it is in the file' USING ERRCODE = 'restrict_violation';
    END $$;

CREATE TRIGGER payment_never_changes BEFORE INSERT OR UPDATE OR DELETE ON payment
    FOR EACH ROW EXECUTE FUNCTION payment_never_changes();

-- Nobody releases a payment to an account that they changed themselves (P-11).
CREATE FUNCTION release_needs_other_hands() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF EXISTS (
            SELECT FROM payment p JOIN provider v ON v.org = p.provider_org
                WHERE p.run = NEW.id AND v.iban_changed_by
                    IN (NEW.first_released_by, NEW.second_released_by))
        THEN
            RAISE EXCEPTION 'who changed a payee''s account may not release payment to it'
                USING ERRCODE = 'check_violation';
        END IF;
        -- Who vouched for what is owed does not also send it (R9).
        IF EXISTS (
            SELECT FROM payment p JOIN claim c ON c.payment = p.id
                JOIN attestation a ON a.claim = c.id AND a.content_sha256 = c.content_sha256
                WHERE p.run = NEW.id
                    AND a.person IN (NEW.first_released_by, NEW.second_released_by))
        THEN
            RAISE EXCEPTION 'who attested a claim may not release its payment'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;

CREATE TRIGGER release_needs_other_hands BEFORE UPDATE ON payment_run
    FOR EACH ROW EXECUTE FUNCTION release_needs_other_hands();
