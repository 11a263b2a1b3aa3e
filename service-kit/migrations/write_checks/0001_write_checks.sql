-- What is written now and then to find out whether anything can be written. At most one row is left.

CREATE TABLE write_checks (
    id     TEXT NOT NULL PRIMARY KEY,
    filler TEXT NOT NULL
);
