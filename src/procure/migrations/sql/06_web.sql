-- Answers kept for the retries of programs (web/idempotency.py): one row a key and a person.
CREATE TABLE idempotency_key (
    actor_id uuid NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 8 AND 200),
    fingerprint text NOT NULL,          -- keyed SHA-256 of method, path and body
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status integer,                     -- null while the first request still runs
    media_type text,
    body bytea,
    PRIMARY KEY (actor_id, key),
    CHECK ((status IS NULL) = (body IS NULL))
);
