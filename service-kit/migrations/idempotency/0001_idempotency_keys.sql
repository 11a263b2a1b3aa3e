-- What was answered to a request that may be repeated. `made` is the id of what it made.

CREATE TABLE idempotency_keys (
    key         TEXT   NOT NULL PRIMARY KEY,
    fingerprint TEXT   NOT NULL,
    made        TEXT   NOT NULL,
    answer      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
CREATE INDEX idempotency_keys_by_made ON idempotency_keys (made);
