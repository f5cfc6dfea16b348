-- Nothing changes under a signature; no signature inside a standstill; no call-off over the ceiling.

-- What may still change once somebody has signed: where the contract stands, its printed paper and
-- what was spent under it.
CREATE FUNCTION contract_stays_as_signed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    may_change CONSTANT text[] := ARRAY['state', 'signed_at', 'paper_id', 'spent_amount'];
BEGIN
    IF NOT EXISTS (SELECT FROM signature WHERE contract = OLD.id) THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change THEN
        RAISE EXCEPTION 'contract % has a signature and does not change', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER contract_stays_as_signed BEFORE UPDATE OR DELETE ON contract
    FOR EACH ROW EXECUTE FUNCTION contract_stays_as_signed();

CREATE FUNCTION clause_stays_as_signed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    touched uuid[];
BEGIN
    touched := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.contract]
                          WHEN 'DELETE' THEN ARRAY[OLD.contract]
                          ELSE ARRAY[NEW.contract, OLD.contract] END;
    -- A signature takes this row FOR UPDATE, so one of the two comes first and is seen by the other.
    PERFORM FROM contract WHERE id = ANY (touched) FOR SHARE;
    IF EXISTS (SELECT FROM signature WHERE contract = ANY (touched)) THEN
        RAISE EXCEPTION 'a clause of a signed contract does not change'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER clause_stays_as_signed BEFORE INSERT OR UPDATE OR DELETE ON clause
    FOR EACH ROW EXECUTE FUNCTION clause_stays_as_signed();

-- RHS §§ 120-121: a contract signed inside the standstill is void, so it cannot be written.
CREATE FUNCTION signature_is_lawful() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    signed contract%ROWTYPE;
BEGIN
    SELECT * INTO STRICT signed FROM contract WHERE id = NEW.contract FOR UPDATE;
    IF signed.state <> 'drafted' THEN
        RAISE EXCEPTION 'contract % is %, not drafted', signed.number, signed.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.document_sha256 <> signed.document_sha256 THEN
        RAISE EXCEPTION 'a signature under another document than that of contract %', signed.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF signed.award_supplier IS NOT NULL
       AND award_blocks_signing(signed.award_supplier, app_today()) THEN
        RAISE EXCEPTION 'contract % cannot be signed in the standstill of its award', signed.number
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'contract_standstill';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER signature_is_lawful BEFORE INSERT ON signature
    FOR EACH ROW EXECUTE FUNCTION signature_is_lawful();

CREATE FUNCTION signature_never_changes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN RAISE EXCEPTION 'signatures are only ever added' USING ERRCODE = 'restrict_violation'; END $$;

CREATE TRIGGER signature_never_changes BEFORE UPDATE OR DELETE ON signature
    FOR EACH ROW EXECUTE FUNCTION signature_never_changes();

-- Signed is what both sides have signed, whoever writes the state.
CREATE FUNCTION contract_is_signed_by_both() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF NEW.state <> 'drafted'
       AND (SELECT count(*) FROM signature WHERE contract = NEW.id) <> 2 THEN
        RAISE EXCEPTION 'contract % is not signed by both sides', NEW.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER contract_is_signed_by_both AFTER INSERT OR UPDATE ON contract
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION contract_is_signed_by_both();

-- RHS § 30: what all partners of a lot are called off together stays within the framework's value.
CREATE FUNCTION call_off_within_ceiling() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    framework contract%ROWTYPE;
    committed numeric;
BEGIN
    SELECT * INTO framework FROM contract WHERE id = NEW.parent;
    IF framework.kind IS DISTINCT FROM 'framework' OR framework.buyer <> NEW.buyer
       OR framework.provider_org <> NEW.provider_org THEN
        RAISE EXCEPTION 'a call-off belongs to a framework of the same parties'
            USING ERRCODE = 'restrict_violation';
    END IF;
    -- Every partner's framework, in one order, so that two call-offs of one lot wait for each other.
    PERFORM FROM contract WHERE lot = framework.lot AND kind = 'framework' ORDER BY id FOR UPDATE;
    SELECT coalesce(sum(c.ceiling_amount), 0) INTO committed
      FROM contract c JOIN contract f ON f.id = c.parent
     WHERE f.lot = framework.lot AND c.id <> NEW.id;
    IF committed + NEW.ceiling_amount > framework.ceiling_amount THEN
        RAISE EXCEPTION 'call-off % exceeds the ceiling of framework %', NEW.number, framework.number
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'call_off_within_ceiling';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER call_off_within_ceiling BEFORE INSERT ON contract
    FOR EACH ROW WHEN (NEW.kind = 'call-off') EXECUTE FUNCTION call_off_within_ceiling();

CREATE INDEX contract_parent ON contract (parent) WHERE parent IS NOT NULL;
CREATE INDEX contract_lot ON contract (lot);
CREATE INDEX contract_provider ON contract (provider_org);
CREATE INDEX clause_contract ON clause (contract, position);
