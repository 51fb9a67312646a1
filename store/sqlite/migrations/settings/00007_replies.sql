-- What was answered to requests of the API that carry an Idempotency-Key, so that one that comes twice is not carried out twice.
-- A row without a status was begun: if the program stops then, nobody knows how it ended. Times are microseconds of Unix time (UTC).

-- +goose Up
CREATE TABLE replies (
    person TEXT    NOT NULL,
    key    TEXT    NOT NULL,
    hash   BLOB    NOT NULL CHECK (length(hash) = 32),
    at     INTEGER NOT NULL,
    status INTEGER NOT NULL DEFAULT 0,
    header TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(header)),
    body   BLOB    NOT NULL DEFAULT x'',
    gone   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (person, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX replies_at ON replies (at);
