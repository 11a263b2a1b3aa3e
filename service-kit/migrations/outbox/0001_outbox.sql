-- What is still to be told to others: one row a message and recipient, deleted once it has been taken.
--
-- Of one topic, a recipient gets the lowest step first and the next only after it. `due_at` is when a message may be
-- tried (again); whoever tries it moves `due_at` on first, so that nobody else does meanwhile.

CREATE TABLE outbox (
    recipient  TEXT    NOT NULL,
    topic      TEXT    NOT NULL,
    step       INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    due_at     BIGINT  NOT NULL,
    attempts   INTEGER NOT NULL,
    PRIMARY KEY (recipient, topic, step)
);

CREATE INDEX outbox_by_due ON outbox (recipient, due_at);
