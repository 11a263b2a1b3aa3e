-- Who cancelled an order, by their role, and why, as far as they said.

ALTER TABLE orders ADD COLUMN cancelled_by TEXT;
ALTER TABLE orders ADD COLUMN cancelled_because TEXT;
