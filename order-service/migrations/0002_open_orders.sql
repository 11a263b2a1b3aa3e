-- What keeps a list quick however many orders have ended: indexes that hold the open ones alone, and one that finds what
-- has ended lately.

CREATE INDEX orders_open ON orders (created_at, id) WHERE status NOT IN ('LIVREE', 'ANNULEE');
CREATE INDEX orders_open_by_client ON orders (client_id, created_at, id) WHERE status NOT IN ('LIVREE', 'ANNULEE');
-- Spelled so that no other index answers the same condition: SQLite would rather read all that have one of the statuses.
CREATE INDEX orders_ended ON orders (updated_at) WHERE status || '' IN ('LIVREE', 'ANNULEE');

-- Where an order came from, as the gateway tells: an IPv4 address or an IPv6 /64 network. It is forgotten when the order
-- ends, and bounds how many open orders one address may have.
ALTER TABLE orders ADD COLUMN origin TEXT;

CREATE INDEX orders_open_by_origin ON orders (origin) WHERE origin IS NOT NULL;
