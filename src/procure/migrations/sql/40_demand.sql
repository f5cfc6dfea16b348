-- Numbers of requests that have no reference from the case system. Gaps are allowed.
CREATE SEQUENCE request_no;

-- The list of requests, newest first; what waits to be analysed; the latest verdict on a request.
CREATE INDEX request_newest ON request (buyer, id DESC);
CREATE INDEX request_waiting ON request (buyer, service_code) WHERE state = 'recorded';
CREATE INDEX basis_newest ON basis (buyer, id DESC);
CREATE INDEX basis_request_latest ON basis_request (request, id DESC);

-- A basis is what a tender rests on: once made it is never changed, so a decision can be taken again.
CREATE FUNCTION basis_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'A basis of demand is never changed; make another one.'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_TABLE_NAME || '_stays';
END $$;

CREATE TRIGGER basis_stays BEFORE UPDATE OR DELETE ON basis
  FOR EACH ROW EXECUTE FUNCTION basis_stays();
CREATE TRIGGER basis_request_stays BEFORE UPDATE OR DELETE ON basis_request
  FOR EACH ROW EXECUTE FUNCTION basis_stays();
