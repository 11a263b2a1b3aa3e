-- The other services check tokens by themselves, and ask for the sessions that ended before their tokens expire.
CREATE TABLE ended_sessions (
    number     BIGINT NOT NULL PRIMARY KEY,
    id         TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX ended_sessions_by_expiry ON ended_sessions (expires_at);

-- One row. Whoever writes it holds it until the commit, so that no number appears after a higher one.
CREATE TABLE ended_sessions_counter (last BIGINT NOT NULL);

INSERT INTO ended_sessions_counter (last) VALUES (0);
