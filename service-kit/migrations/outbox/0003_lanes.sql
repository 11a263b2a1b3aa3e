-- What was never refused and what was are claimed apart, so that neither holds up the other. Each row is in one of the two
-- indexes, so that writing a message costs what it did.

DROP INDEX outbox_by_due;

CREATE INDEX outbox_fresh ON outbox (recipient, due_at) WHERE attempts = 0;
CREATE INDEX outbox_refused ON outbox (recipient, due_at) WHERE attempts > 0;
