-- A view folded from the journal: it can be deleted and rebuilt. Money is in micro-yen,
-- times in microseconds of Unix time (UTC), numbers in E.164 with '+' (local ones without),
-- sets by the codes that journals use.

-- +goose Up
CREATE TABLE calls (
    id         INTEGER PRIMARY KEY,
    start      INTEGER NOT NULL,
    answered   INTEGER,
    ended      INTEGER,
    direction  TEXT    NOT NULL,
    customer   TEXT    NOT NULL,
    trunk      TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    presented  TEXT    NOT NULL,
    dialled    TEXT    NOT NULL,
    caller     TEXT    NOT NULL,
    callee     TEXT    NOT NULL,
    withheld   INTEGER NOT NULL,
    scope      TEXT    NOT NULL,
    class      TEXT    NOT NULL,
    code       INTEGER NOT NULL,
    iso        TEXT    NOT NULL,
    verdict    TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    rule       TEXT    NOT NULL,
    weight     REAL    NOT NULL,
    why        TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    talk_ms    INTEGER NOT NULL,
    charge     INTEGER NOT NULL,
    cut        TEXT    NOT NULL,
    party      TEXT    NOT NULL,
    carrier    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    sip_call_id TEXT   NOT NULL
) STRICT;
CREATE INDEX calls_start ON calls (start);
CREATE INDEX calls_customer ON calls (customer, start);
CREATE INDEX calls_caller ON calls (caller, start) WHERE caller <> '';
CREATE INDEX calls_callee ON calls (callee, start) WHERE callee <> '';
CREATE INDEX calls_held ON calls (start) WHERE verdict <> 'allow';
CREATE INDEX calls_held_customer ON calls (customer, start) WHERE verdict <> 'allow';
CREATE INDEX calls_open ON calls (start) WHERE ended IS NULL;

-- The journal's number of the last event that is folded in; one row.
CREATE TABLE position (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq  INTEGER NOT NULL
) STRICT;
INSERT INTO position (only, seq) VALUES (1, 0);
