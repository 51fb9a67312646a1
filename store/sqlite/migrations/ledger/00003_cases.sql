-- The suspension scheme: requests, their steps, whom they were about, who gets no new numbers.

-- +goose Up
CREATE TABLE cases (
    id      INTEGER PRIMARY KEY,
    agency  TEXT    NOT NULL,
    request TEXT    NOT NULL,
    entry   INTEGER NOT NULL REFERENCES entries (id),
    lifted  INTEGER,
    body    TEXT    NOT NULL CHECK (json_valid(body)),
    UNIQUE (agency, request)
) STRICT;

CREATE TABLE case_steps (
    case_id INTEGER NOT NULL REFERENCES cases (id),
    n       INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    holder  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    note    TEXT    NOT NULL,
    until   INTEGER,
    due     INTEGER,
    done    INTEGER,
    done_by TEXT    NOT NULL DEFAULT '',
    told    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (case_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_steps_due ON case_steps (due) WHERE due IS NOT NULL AND done IS NULL;

-- Requests by whom they were about: reseller is 1 for those above the holder.
CREATE TABLE case_holders (
    holder   TEXT    NOT NULL,
    reseller INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    case_id  INTEGER NOT NULL REFERENCES cases (id),
    PRIMARY KEY (holder, reseller, at, case_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE bars (
    holder  TEXT    NOT NULL,
    until   INTEGER NOT NULL,
    case_id INTEGER NOT NULL REFERENCES cases (id),
    lifted  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (holder, case_id)
) STRICT, WITHOUT ROWID;
