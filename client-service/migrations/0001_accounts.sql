-- Portable on purpose: SQLite today, PostgreSQL next. Ids are UUIDs as text, times are milliseconds since 1970.
-- A `…_key` column holds the spelling that makes two values the same (lower case, digits only); what was typed
-- stands beside it.

CREATE TABLE clients (
    id            TEXT    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL,
    email_key     TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    first_name    TEXT    NOT NULL,
    last_name     TEXT    NOT NULL,
    phone         TEXT,
    phone_key     TEXT,
    address       TEXT,
    city          TEXT,
    postal_code   TEXT,
    role          TEXT    NOT NULL,
    is_active     BOOLEAN NOT NULL,
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL,
    CONSTRAINT clients_email_key UNIQUE (email_key),
    CONSTRAINT clients_phone_key UNIQUE (phone_key)
);

-- The list is answered oldest first.
CREATE INDEX clients_by_age ON clients (created_at, id);

CREATE TABLE sessions (
    id           TEXT   NOT NULL PRIMARY KEY,
    client_id    TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    ip_address   TEXT,
    user_agent   TEXT
);

CREATE INDEX sessions_by_client ON sessions (client_id, created_at, id);
