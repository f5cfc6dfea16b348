-- Numbers of requests that have no reference from the case system. Gaps are allowed.
CREATE SEQUENCE request_no;

-- The list of requests, newest first; what waits to be analysed; the latest verdict on a request.
CREATE INDEX request_newest ON request (buyer, id DESC);
CREATE INDEX request_open_of ON request (buyer, client_ref)
  WHERE state IN ('recorded', 'planned', 'tendered');
CREATE INDEX request_waiting ON request
  (buyer, service_code, language, county, created_on, reference) WHERE state = 'recorded';
CREATE INDEX basis_newest ON basis (buyer, id DESC);
CREATE INDEX basis_request_latest ON basis_request (request, id DESC);

-- A basis is what a tender rests on: once made it is never changed, so a decision can be taken again.
CREATE FUNCTION basis_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'A basis of demand is never changed; make another one.'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_TABLE_NAME || '_stays';
END $$;

CREATE TRIGGER basis_stays BEFORE UPDATE OR DELETE ON basis
  FOR EACH ROW EXECUTE FUNCTION basis_stays();
CREATE TRIGGER basis_request_stays BEFORE UPDATE OR DELETE ON basis_request
  FOR EACH ROW EXECUTE FUNCTION basis_stays();

-- What a plan rests on and what the solver said stay; a plan that is final is not moved any more.
CREATE INDEX group_plan_newest ON group_plan (buyer, id DESC);

CREATE FUNCTION group_plan_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.facts <> OLD.facts OR NEW.draft <> OLD.draft OR NEW.buyer <> OLD.buyer
     OR (OLD.solved IS NOT NULL AND NEW.solved IS DISTINCT FROM OLD.solved)
     OR (OLD.state IN ('final', 'withdrawn')
         AND (NEW.state <> OLD.state OR NEW.groups IS DISTINCT FROM OLD.groups)) THEN
    RAISE EXCEPTION 'What a group plan rests on is never changed.'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'group_plan_stays';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER group_plan_stays BEFORE UPDATE ON group_plan
  FOR EACH ROW EXECUTE FUNCTION group_plan_stays();
CREATE TRIGGER plan_move_stays BEFORE UPDATE OR DELETE ON plan_move
  FOR EACH ROW EXECUTE FUNCTION basis_stays();

-- Requests are counted where they are written, in the same transaction, by differences: sums are
-- read in time that does not grow with the requests.
CREATE INDEX request_count_of ON request_count (buyer, service_code);

CREATE FUNCTION request_counted() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO request_count (buyer, service_code, county, language, risk_band, suitability, state,
                               month, requests_count)
    SELECT buyer, service_code, county, language, risk_band, suitability, state,
           date_trunc('month', created_on)::date, count(*)
      FROM now_there GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO request_count (buyer, service_code, county, language, risk_band, suitability, state,
                               month, requests_count)
    SELECT buyer, service_code, county, language, risk_band, suitability, state,
           date_trunc('month', created_on)::date, -count(*)
      FROM was_there GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
  ELSE
    INSERT INTO request_count (buyer, service_code, county, language, risk_band, suitability, state,
                               month, requests_count)
    SELECT buyer, service_code, county, language, risk_band, suitability, state,
           date_trunc('month', created_on)::date, sum(sign)
      FROM (SELECT *, 1 AS sign FROM now_there UNION ALL SELECT *, -1 FROM was_there) both_
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(sign) <> 0;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER request_counted_in AFTER INSERT ON request
  REFERENCING NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION request_counted();
CREATE TRIGGER request_counted_on AFTER UPDATE ON request
  REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there
  FOR EACH STATEMENT EXECUTE FUNCTION request_counted();
CREATE TRIGGER request_counted_out AFTER DELETE ON request
  REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION request_counted();

-- A forecast is kept as it was made, so that it can be compared with what came.
CREATE INDEX demand_forecast_newest ON demand_forecast (buyer, id DESC);

CREATE FUNCTION demand_forecast_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF OLD.result IS NOT NULL OR NEW.facts <> OLD.facts OR NEW.buyer <> OLD.buyer THEN
    RAISE EXCEPTION 'A forecast is never changed; make another one.'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'demand_forecast_stays';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER demand_forecast_stays BEFORE UPDATE ON demand_forecast
  FOR EACH ROW EXECUTE FUNCTION demand_forecast_stays();

-- An answer is given once, and a risk band is another one only for an appeal that was upheld.
CREATE TRIGGER objection_stays_answered BEFORE UPDATE ON objection
  FOR EACH ROW WHEN (OLD.state = 'answered') EXECUTE FUNCTION what_ended_stays_ended();

CREATE FUNCTION risk_band_was_appealed() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM objection WHERE request = NEW.id AND kind = 'band' AND is_upheld
                    AND wanted_band = NEW.risk_band) THEN
    RAISE EXCEPTION 'a risk band changes when an appeal of it is upheld'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'risk_band_was_appealed';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER risk_band_was_appealed AFTER UPDATE ON request
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.risk_band IS DISTINCT FROM OLD.risk_band)
  EXECUTE FUNCTION risk_band_was_appealed();

CREATE INDEX objection_of ON objection (request, id);
CREATE UNIQUE INDEX objection_open ON objection (request, kind) WHERE state = 'open';
CREATE INDEX request_read_of ON request_read (request, id DESC);

-- Who looked at a person's request is never taken back.
CREATE TRIGGER request_read_stays BEFORE UPDATE OR DELETE ON request_read
  FOR EACH ROW EXECUTE FUNCTION basis_stays();
