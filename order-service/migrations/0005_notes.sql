-- A client's notes on an order and on its lines, as far as given. No mode is a delivery, which is what every order was
-- before, and what an older version still writes. A line keeps what was said about its dish's allergens, as it keeps the
-- name and the price.

ALTER TABLE orders ADD COLUMN comment TEXT;
ALTER TABLE orders ADD COLUMN guests BIGINT;
ALTER TABLE orders ADD COLUMN mode TEXT;
ALTER TABLE orders ADD COLUMN wished_for BIGINT;
ALTER TABLE order_lines ADD COLUMN comment TEXT;
ALTER TABLE order_lines ADD COLUMN allergens TEXT;
