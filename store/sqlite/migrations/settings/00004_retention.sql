-- What is kept beyond its term and for how long; entries of the journal that outlive their segment, byte for byte, so that
-- the tree still proves them; when retention was enforced last (negative: since when it is to be). Times are microseconds of Unix time (UTC).

-- +goose Up
CREATE TABLE holds (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    number      TEXT    NOT NULL,
    customer    TEXT    NOT NULL,
    start       INTEGER,
    finish      INTEGER,
    ground      TEXT    NOT NULL,
    document    TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    released    INTEGER,
    released_by TEXT    NOT NULL DEFAULT '',
    note        TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE kept_entries (
    seq  INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    line TEXT    NOT NULL
) STRICT;
CREATE INDEX kept_entries_at ON kept_entries (at);

CREATE TABLE retention (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    ran  INTEGER NOT NULL
) STRICT;
INSERT INTO retention (only, ran) VALUES (1, 0);
