-- Requests for a new password that wait for their mail. Whether the address has an account is only looked up later, so
-- that a request takes the same time for each address.
CREATE TABLE password_reset_requests (
    email_key    TEXT   NOT NULL PRIMARY KEY,
    email        TEXT   NOT NULL,
    lang         TEXT   NOT NULL,
    requested_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL
);

CREATE INDEX password_reset_requests_due ON password_reset_requests (due_at);

-- One row for each client: only its newest token is valid. The token itself is stored nowhere.
CREATE TABLE password_resets (
    client_id    TEXT   NOT NULL PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
    token_hash   TEXT   NOT NULL,
    expires_at   BIGINT NOT NULL,
    mails        BIGINT NOT NULL,
    counted_from BIGINT NOT NULL,
    CONSTRAINT password_resets_token UNIQUE (token_hash)
);

CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

-- With DEV_OUTBOX=on, mails are shown and not sent.
CREATE TABLE dev_mails (
    id        TEXT   NOT NULL PRIMARY KEY,
    recipient TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    body      TEXT   NOT NULL,
    sent_at   BIGINT NOT NULL
);

CREATE INDEX dev_mails_by_time ON dev_mails (sent_at);
