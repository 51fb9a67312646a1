-- Inquiries: on what ground who asks, and every look that was made under it. body is JSON.

-- +goose Up
CREATE TABLE inquiries (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    agency   TEXT    NOT NULL,
    document TEXT    NOT NULL,
    until    INTEGER,
    closed   INTEGER,
    body     TEXT    NOT NULL CHECK (json_valid(body)),
    UNIQUE (agency, document)
) STRICT;
CREATE INDEX inquiries_until ON inquiries (until) WHERE until IS NOT NULL AND closed IS NULL;

CREATE TABLE looks (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    inquiry INTEGER NOT NULL REFERENCES inquiries (id),
    at      INTEGER NOT NULL,
    body    TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE INDEX looks_inquiry ON looks (inquiry, id);
