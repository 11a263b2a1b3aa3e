-- The requests that wait, and those that have ended, for as long as clients may ask for them.
--
-- Only what SQLite and PostgreSQL read alike. `request` holds the method's fields and body, encrypted; it is empty once
-- the entry has ended. `not_before` is the end of planned work on the upstream. `position` orders the entries of a client. `leased_until` is above 0 while an entry is being
-- delivered, and after a crash until it is found. `unsure` is 1 once an answer was lost.

CREATE TABLE entries (
    id              TEXT   NOT NULL PRIMARY KEY,
    upstream        TEXT   NOT NULL,
    client          TEXT   NOT NULL,
    owner           TEXT,
    position        BIGINT NOT NULL,
    idempotency_key TEXT   NOT NULL,
    fingerprint     TEXT   NOT NULL,
    method          TEXT   NOT NULL,
    target          TEXT   NOT NULL,
    request         TEXT   NOT NULL,
    bytes           BIGINT NOT NULL,
    state           TEXT   NOT NULL,
    answer          TEXT,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    attempts        BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    not_before      BIGINT NOT NULL,
    leased_until    BIGINT NOT NULL,
    unsure          BIGINT NOT NULL
);

CREATE UNIQUE INDEX entries_by_key ON entries (upstream, client, idempotency_key);
CREATE INDEX entries_waiting ON entries (upstream, client, position, id) WHERE state = 'pending';
CREATE INDEX entries_waiting_sizes ON entries (client, bytes) WHERE state = 'pending';
CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE state = 'pending';
CREATE INDEX entries_by_end ON entries (ended_at) WHERE ended_at IS NOT NULL;
