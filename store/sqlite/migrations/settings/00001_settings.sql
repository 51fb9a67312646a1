-- What is set. Money is in micro-yen, times in microseconds of Unix time (UTC),
-- numbers in E.164 with '+', lists are JSON arrays of strings.

-- +goose Up
CREATE TABLE customers (
    id               TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    name             TEXT    NOT NULL,
    international    INTEGER NOT NULL CHECK (international IN (0, 1)),
    opened           INTEGER,
    contact          TEXT    NOT NULL,
    language         TEXT    NOT NULL,
    cap_call         INTEGER NOT NULL CHECK (cap_call >= 0),
    cap_day          INTEGER NOT NULL CHECK (cap_day >= 0),
    cap_month        INTEGER NOT NULL CHECK (cap_month >= 0),
    channels         INTEGER NOT NULL CHECK (channels >= 0),
    calls_per_second INTEGER NOT NULL CHECK (calls_per_second >= 0),
    longest_call_ms  INTEGER NOT NULL CHECK (longest_call_ms >= 0),
    allow_countries  TEXT    NOT NULL CHECK (json_valid(allow_countries)),
    bar_countries    TEXT    NOT NULL CHECK (json_valid(bar_countries)),
    bar_prefixes     TEXT    NOT NULL CHECK (json_valid(bar_prefixes)),
    allow_classes    TEXT    NOT NULL CHECK (json_valid(allow_classes)),
    hours            TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Who holds a number: one row per number or prefix, so that it has one holder.
CREATE TABLE numbers (
    pattern  TEXT NOT NULL PRIMARY KEY CHECK (pattern GLOB '+[0-9]*'),
    customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX numbers_customer ON numbers (customer);

CREATE TABLE trunks (
    id               TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    customer         TEXT NOT NULL REFERENCES customers (id),
    certificate_name TEXT NOT NULL,
    username         TEXT NOT NULL,
    realm            TEXT NOT NULL,
    ha1_md5          TEXT NOT NULL,
    ha1_sha256       TEXT NOT NULL,
    address          TEXT NOT NULL,
    transport        TEXT NOT NULL,
    registrar        TEXT NOT NULL,
    domain           TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trunks_customer ON trunks (customer);
CREATE UNIQUE INDEX trunks_digest ON trunks (username, realm) WHERE username <> '';
CREATE UNIQUE INDEX trunks_certificate ON trunks (certificate_name) WHERE certificate_name <> '';

-- The networks of a trunk. first is the lowest address as 16 bytes (IPv4 mapped into
-- IPv6), so that networks inside another one are a range of the index.
CREATE TABLE trunk_sources (
    trunk   TEXT NOT NULL REFERENCES trunks (id) ON DELETE CASCADE,
    network TEXT NOT NULL,
    first   BLOB NOT NULL CHECK (length(first) = 16),
    PRIMARY KEY (trunk, network)
) STRICT, WITHOUT ROWID;
CREATE INDEX trunk_sources_network ON trunk_sources (network);
CREATE INDEX trunk_sources_first ON trunk_sources (first);

-- What stands against customers. Not tied to customers: a restriction must hold also
-- when the customer is set again.
CREATE TABLE restrictions (
    customer TEXT    NOT NULL PRIMARY KEY,
    level    TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    actor    TEXT    NOT NULL,
    note     TEXT    NOT NULL,
    call     INTEGER NOT NULL,
    weight   REAL    NOT NULL,
    why      TEXT    NOT NULL CHECK (json_valid(why))
) STRICT, WITHOUT ROWID;

CREATE TABLE actions (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    actor    TEXT    NOT NULL,
    verb     TEXT    NOT NULL,
    customer TEXT    NOT NULL,
    object   TEXT    NOT NULL,
    note     TEXT    NOT NULL
) STRICT;
CREATE INDEX actions_customer ON actions (customer, id);
CREATE INDEX actions_actor ON actions (actor, id);
