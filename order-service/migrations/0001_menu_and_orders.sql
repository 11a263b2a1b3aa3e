-- The menu, the orders and their lines.
--
-- Only what SQLite and PostgreSQL read alike: ids are UUIDs as TEXT, times BIGINT milliseconds since 1970 (UTC), money
-- BIGINT cents, enumerations the wire's spelling. What a value may be is decided by the types of the code, once.

CREATE TABLE dishes (
    id          TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    description TEXT,
    price_cents BIGINT  NOT NULL CHECK (price_cents >= 0),
    category    TEXT    NOT NULL,
    available   BOOLEAN NOT NULL
);

CREATE INDEX dishes_by_category ON dishes (category);

CREATE TABLE orders (
    id          TEXT   NOT NULL PRIMARY KEY,
    client_id   TEXT   NOT NULL,
    address     TEXT,
    phone       TEXT,
    status      TEXT   NOT NULL,
    total_cents BIGINT NOT NULL CHECK (total_cents >= 0),
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

-- One for each way of listing: all orders, those of a client, those in a status, each the newest first.
CREATE INDEX orders_by_time ON orders (created_at, id);
CREATE INDEX orders_by_client ON orders (client_id, created_at, id);
CREATE INDEX orders_by_status ON orders (status, created_at, id);

-- A line keeps the dish's name and price as they were. `dish_id` is no foreign key on purpose: an order outlives the
-- dish it was made of.
CREATE TABLE order_lines (
    order_id         TEXT    NOT NULL REFERENCES orders (id),
    position         INTEGER NOT NULL,
    dish_id          TEXT    NOT NULL,
    name             TEXT    NOT NULL,
    quantity         INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    unit_price_cents BIGINT  NOT NULL CHECK (unit_price_cents >= 0),
    PRIMARY KEY (order_id, position)
);
