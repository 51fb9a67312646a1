-- Notices that wait to be told, were told, or could not be. facts is JSON; times are microseconds of Unix time (UTC).

-- +goose Up
CREATE TABLE outbox (
    n        INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL UNIQUE,
    kind     TEXT    NOT NULL,
    urgent   INTEGER NOT NULL CHECK (urgent IN (0, 1)),
    channel  TEXT    NOT NULL,
    recipient TEXT   NOT NULL,
    name     TEXT    NOT NULL,
    language TEXT    NOT NULL,
    staff    INTEGER NOT NULL CHECK (staff IN (0, 1)),
    customer TEXT    NOT NULL,
    facts    TEXT    NOT NULL CHECK (json_valid(facts)),
    made     INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    state    TEXT    NOT NULL,
    grouped  TEXT    NOT NULL DEFAULT '',
    tries    INTEGER NOT NULL DEFAULT 0,
    tried    INTEGER,
    reason   TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_due ON outbox (channel, urgent DESC, due) WHERE state = 'waiting';
CREATE INDEX outbox_next ON outbox (due) WHERE state = 'waiting';
CREATE INDEX outbox_sent ON outbox (channel, recipient, tried) WHERE state = 'sent';
CREATE INDEX outbox_state ON outbox (state, n);
CREATE INDEX outbox_customer ON outbox (customer, n);

-- How far the journal was read to make notices; no row when it never was.
CREATE TABLE outbox_position (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq  INTEGER NOT NULL
) STRICT;
