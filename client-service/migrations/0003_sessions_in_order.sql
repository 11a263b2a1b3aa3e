-- Which of a client's sessions is the newest is counted and not timed: a clock that was wrong puts none before another.
ALTER TABLE sessions ADD COLUMN number BIGINT NOT NULL DEFAULT 0;

UPDATE sessions SET number = (
    SELECT COUNT(*) FROM sessions AS earlier
    WHERE earlier.client_id = sessions.client_id
      AND (earlier.created_at < sessions.created_at
           OR (earlier.created_at = sessions.created_at AND earlier.id <= sessions.id))
);

DROP INDEX sessions_by_client;
CREATE INDEX sessions_by_client ON sessions (client_id, number, id);
