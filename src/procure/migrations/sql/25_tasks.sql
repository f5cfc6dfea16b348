-- A duty stands once while it is open; when it was done it may come up again (a second ranking).
-- Persons are told apart, and all tasks without a person are one: three evaluators, three tasks.
CREATE UNIQUE INDEX task_open_uq ON task (kind, subject_id, org_id, role, person_id)
    NULLS NOT DISTINCT WHERE state = 'open';

-- The first question of every first screen: what is open here, soonest first.
CREATE INDEX task_open_by_org ON task (org_id, due_on) WHERE state = 'open';

-- A duty that was closed, and when, stays on record.
CREATE TRIGGER task_stays_closed BEFORE UPDATE ON task
    FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION what_ended_stays_ended();
