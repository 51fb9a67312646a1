-- Who holds which number. Times are microseconds of Unix time (UTC), 9223372036854775807 is for ever. Nothing is
-- ever changed but "closed": the entry from which on a row is no longer believed, likewise for ever at first. "entry" is
-- the one from which on it is believed, "said" the one that said so, which differ when a later entry cut the row in pieces.

-- +goose Up
CREATE TABLE entries (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL UNIQUE,
    actor  TEXT    NOT NULL,
    verb   TEXT    NOT NULL,
    ground TEXT    NOT NULL,
    note   TEXT    NOT NULL,
    undoes INTEGER NOT NULL DEFAULT 0,
    undone INTEGER NOT NULL DEFAULT 0,
    file   TEXT    NOT NULL DEFAULT '',
    sha256 TEXT    NOT NULL DEFAULT '',
    -- The blocks that it touched lie in here, so that undoing it need not read all.
    low    INTEGER NOT NULL DEFAULT 0,
    high   INTEGER NOT NULL DEFAULT -1
) STRICT;

-- Short numbers for names that stand in many rows.
CREATE TABLE holders (
    key INTEGER PRIMARY KEY,
    id  TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE carriers (
    key  INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- block is first number * 16 + count of free digits. A number is found by the blocks around it.
CREATE TABLE numbers (
    block      INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    finish     INTEGER NOT NULL CHECK (finish > start),
    state      TEXT    NOT NULL,
    holder     INTEGER NOT NULL,
    source     INTEGER NOT NULL,
    peer       INTEGER NOT NULL,
    forwarding INTEGER NOT NULL CHECK (forwarding IN (0, 1)),
    said       INTEGER NOT NULL,
    entry      INTEGER NOT NULL,
    closed     INTEGER NOT NULL,
    PRIMARY KEY (block, start, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX numbers_holder ON numbers (holder, block) WHERE holder > 0;
CREATE INDEX numbers_unusable ON numbers (block) WHERE state IN ('suspended', 'ageing', 'ported-out', 'returned');

-- What is true of a holder; body is JSON.
CREATE TABLE holder_versions (
    holder INTEGER NOT NULL REFERENCES holders (key),
    start  INTEGER NOT NULL,
    finish INTEGER NOT NULL CHECK (finish > start),
    parent INTEGER NOT NULL,
    body   TEXT    NOT NULL CHECK (json_valid(body)),
    said   INTEGER NOT NULL,
    entry  INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    PRIMARY KEY (holder, start, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX holder_versions_parent ON holder_versions (parent) WHERE parent > 0;

-- The ministry's tables: carrier 0 is "nobody, says the table".
CREATE TABLE designations (
    block     INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    finish    INTEGER NOT NULL CHECK (finish > start),
    carrier   INTEGER NOT NULL,
    published INTEGER NOT NULL,
    said      INTEGER NOT NULL,
    entry     INTEGER NOT NULL,
    closed    INTEGER NOT NULL,
    PRIMARY KEY (block, start, entry)
) STRICT, WITHOUT ROWID;
