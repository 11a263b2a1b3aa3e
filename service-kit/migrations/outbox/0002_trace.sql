-- Which trace a message belongs to: the `traceparent` of the request that it tells of, or nothing.
ALTER TABLE outbox ADD COLUMN trace TEXT NOT NULL DEFAULT '';
