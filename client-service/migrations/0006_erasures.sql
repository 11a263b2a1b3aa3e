-- Clients whose orders are to be made anonymous. The row names its client only until that is done; it stays for a while,
-- for whoever asks how far it is.
CREATE TABLE erasures (
    id           TEXT   NOT NULL PRIMARY KEY,
    client_id    TEXT,
    requested_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    completed_at BIGINT,
    CONSTRAINT erasures_client UNIQUE (client_id)
);

CREATE INDEX erasures_due ON erasures (due_at);
CREATE INDEX erasures_by_completion ON erasures (completed_at);
