"""Fills the order service's database: so many orders of three lines, of which so many, spread over all of them, are open."""

import sqlite3
import sys
import uuid

path, orders, still_open = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
database = sqlite3.connect(path)
database.execute("PRAGMA synchronous = OFF")
# Long ago, so that nothing counts as just ended.
first = 1_700_000_000_000
every = max(orders // still_open, 1)


def order(number):
    status = "EN_PREPARATION" if number % every == 0 else "LIVREE"
    at = first + number * 10
    made = str(uuid.UUID(int=(at << 80) | (7 << 76) | (2 << 62) | number))
    client = str(uuid.UUID(int=(7 << 76) | (2 << 62) | number % 1000))
    return made, client, "12 rue des Lilas, 75011 Paris", "06 12 34 56 78", status, 3900, at, at


for begin in range(0, orders, 50_000):
    rows = [order(number) for number in range(begin, min(begin + 50_000, orders))]
    database.executemany(
        "INSERT INTO orders (id, client_id, address, phone, status, total_cents, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    lines = (
        (row[0], position, row[0], "Tarte aux pommes", 2, 650) for row in rows for position in range(3)
    )
    database.executemany("INSERT INTO order_lines VALUES (?, ?, ?, ?, ?, ?)", lines)
    database.commit()
database.close()
