-- Made from the packages' states.py by `make migration`; do not edit. The table of moves that the
-- services ask is here for whoever writes SQL: where a row may begin, and where it goes from there.

CREATE FUNCTION state_is_not_in_its_life() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN
            RAISE EXCEPTION 'no % begins as %', TG_TABLE_NAME, NEW.state
                USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
        END IF;
        RAISE EXCEPTION 'no % that is % becomes %', TG_TABLE_NAME, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END $$;

CREATE TRIGGER state_begins BEFORE INSERT ON award FOR EACH ROW
    WHEN (NEW.state NOT IN ('final', 'standstill')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON award FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('final', 'annulled'),
        ('standstill', 'annulled'),
        ('standstill', 'final')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON bid FOR EACH ROW
    WHEN (NEW.state NOT IN ('late', 'sealed')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON bid FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('sealed', 'opened'),
        ('sealed', 'replaced'),
        ('sealed', 'withdrawn')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON bid_file FOR EACH ROW
    WHEN (NEW.state NOT IN ('receiving')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON bid_file FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('receiving', 'refused'),
        ('receiving', 'sealed')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON claim FOR EACH ROW
    WHEN (NEW.state NOT IN ('drafted')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON claim FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('accepted', 'attested'),
        ('accepted', 'disputed'),
        ('attested', 'disputed'),
        ('attested', 'posted'),
        ('disputed', 'drafted'),
        ('disputed', 'withdrawn'),
        ('drafted', 'accepted'),
        ('drafted', 'disputed'),
        ('drafted', 'withdrawn'),
        ('posted', 'paid')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON contract FOR EACH ROW
    WHEN (NEW.state NOT IN ('drafted')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON contract FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('drafted', 'signed'),
        ('running', 'ended'),
        ('signed', 'running')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON explanation FOR EACH ROW
    WHEN (NEW.state NOT IN ('asked')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON explanation FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('answered', 'accepted'),
        ('answered', 'rejected'),
        ('asked', 'answered'),
        ('asked', 'rejected')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON group_plan FOR EACH ROW
    WHEN (NEW.state NOT IN ('asked')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON group_plan FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('asked', 'drafted'),
        ('asked', 'failed'),
        ('asked', 'withdrawn'),
        ('drafted', 'final'),
        ('drafted', 'withdrawn'),
        ('failed', 'withdrawn')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON lot FOR EACH ROW
    WHEN (NEW.state NOT IN ('open')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON lot FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('awarded', 'open'),
        ('open', 'awarded'),
        ('open', 'cancelled'),
        ('open', 'unsuccessful')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON objection FOR EACH ROW
    WHEN (NEW.state NOT IN ('open')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON objection FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('open', 'answered')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON outcome FOR EACH ROW
    WHEN (NEW.state NOT IN ('claimed')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON outcome FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('claimed', 'rejected'),
        ('claimed', 'verified'),
        ('claimed', 'withdrawn'),
        ('rejected', 'verified'),
        ('verified', 'rejected')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON paper FOR EACH ROW
    WHEN (NEW.state NOT IN ('queued')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON paper FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('failed', 'queued'),
        ('queued', 'failed'),
        ('queued', 'printed')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON participant FOR EACH ROW
    WHEN (NEW.state NOT IN ('referred')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON participant FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('attending', 'completed'),
        ('attending', 'left'),
        ('referred', 'attending'),
        ('referred', 'left')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON payment_run FOR EACH ROW
    WHEN (NEW.state NOT IN ('prepared')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON payment_run FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('prepared', 'cancelled'),
        ('prepared', 'released')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON provider FOR EACH ROW
    WHEN (NEW.state NOT IN ('admitted', 'applied')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON provider FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('admitted', 'suspended'),
        ('applied', 'admitted'),
        ('suspended', 'admitted')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON request FOR EACH ROW
    WHEN (NEW.state NOT IN ('recorded')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON request FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('planned', 'placed'),
        ('planned', 'recorded'),
        ('planned', 'refused'),
        ('planned', 'tendered'),
        ('recorded', 'placed'),
        ('recorded', 'planned'),
        ('recorded', 'referred-out'),
        ('recorded', 'refused'),
        ('tendered', 'placed'),
        ('tendered', 'recorded'),
        ('tendered', 'refused')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON service_group FOR EACH ROW
    WHEN (NEW.state NOT IN ('planned')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON service_group FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('planned', 'running'),
        ('running', 'completed')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON task FOR EACH ROW
    WHEN (NEW.state NOT IN ('open')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON task FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('open', 'done'),
        ('open', 'dropped')))
    EXECUTE FUNCTION state_is_not_in_its_life();

CREATE TRIGGER state_begins BEFORE INSERT ON tender FOR EACH ROW
    WHEN (NEW.state NOT IN ('draft')) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON tender FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('closed', 'cancelled'),
        ('closed', 'opened'),
        ('concluded', 'evaluated'),
        ('draft', 'cancelled'),
        ('draft', 'published'),
        ('evaluated', 'cancelled'),
        ('evaluated', 'concluded'),
        ('opened', 'cancelled'),
        ('opened', 'concluded'),
        ('opened', 'evaluated'),
        ('published', 'cancelled'),
        ('published', 'closed')))
    EXECUTE FUNCTION state_is_not_in_its_life();
