-- Which numbers a publication of designation tables spoke of: one that is found later must not speak over it.

-- +goose Up
CREATE TABLE publications (
    published INTEGER NOT NULL,
    low       INTEGER NOT NULL,
    high      INTEGER NOT NULL,
    entry     INTEGER NOT NULL REFERENCES entries (id),
    PRIMARY KEY (published, entry, low)
) STRICT, WITHOUT ROWID;
