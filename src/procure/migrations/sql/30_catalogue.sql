-- A published version is what contracts point to: names may be corrected, nothing else, and no
-- version is taken away. A service may be given its end and its successors.
CREATE FUNCTION catalogue_version_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    may_change text[] := CASE TG_TABLE_NAME
        WHEN 'service' THEN ARRAY['name_en', 'name_et', 'name_ru', 'valid_until', 'successors']
        ELSE ARRAY['name_en', 'name_et', 'name_ru'] END;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% of the catalogue is not deleted', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change THEN
        RAISE EXCEPTION 'a published version of % is not edited', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER service_stays BEFORE UPDATE OR DELETE ON service
    FOR EACH ROW EXECUTE FUNCTION catalogue_version_stays();
CREATE TRIGGER outcome_definition_stays BEFORE UPDATE OR DELETE ON outcome_definition
    FOR EACH ROW EXECUTE FUNCTION catalogue_version_stays();
CREATE TRIGGER payment_scheme_stays BEFORE UPDATE OR DELETE ON payment_scheme
    FOR EACH ROW EXECUTE FUNCTION catalogue_version_stays();
