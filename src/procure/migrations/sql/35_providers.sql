-- An account is paid to when a second person has confirmed it (promises R9, P-11). The rule stands
-- in the service, where it can explain itself; here it stands for whoever writes SQL.
CREATE FUNCTION provider_account_needs_two() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF NEW.iban <> OLD.iban
            AND (NEW.iban IS DISTINCT FROM OLD.new_iban
                 OR NEW.iban_confirmed_by IS NULL
                 OR NEW.iban_confirmed_by = OLD.new_iban_by)
        THEN
            RAISE EXCEPTION 'an account is changed by two people'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;

CREATE TRIGGER provider_account_needs_two BEFORE UPDATE OF iban ON provider
    FOR EACH ROW EXECUTE FUNCTION provider_account_needs_two();
