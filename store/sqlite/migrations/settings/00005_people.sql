-- People: who may sign in, with what, who is and who did; what waits for a second person.
-- Of tokens there are only hashes; one-time secrets are sealed with a key that lies
-- beside the store. Times are microseconds of Unix time (UTC).

-- +goose Up
CREATE TABLE persons (
    id        TEXT    PRIMARY KEY,
    login     TEXT    NOT NULL UNIQUE,
    name      TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    language  TEXT    NOT NULL,
    customers TEXT    NOT NULL CHECK (json_valid(customers)),
    created   INTEGER NOT NULL,
    disabled  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE person_secrets (
    person    TEXT    PRIMARY KEY REFERENCES persons (id),
    handle    BLOB    NOT NULL UNIQUE,
    epoch     INTEGER NOT NULL,
    password  TEXT    NOT NULL,
    totp      BLOB    NOT NULL,
    totp_step INTEGER NOT NULL,
    oidc      TEXT    UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
    id     BLOB    PRIMARY KEY,
    person TEXT    NOT NULL REFERENCES persons (id),
    name   TEXT    NOT NULL,
    added  INTEGER NOT NULL,
    used   INTEGER,
    data   BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_person ON passkeys (person, added);

CREATE TABLE recovery_codes (
    person TEXT NOT NULL REFERENCES persons (id),
    hash   BLOB NOT NULL,
    PRIMARY KEY (person, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    hash    BLOB    PRIMARY KEY,
    id      TEXT    NOT NULL UNIQUE,
    person  TEXT    NOT NULL REFERENCES persons (id),
    began   INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    proved  INTEGER NOT NULL,
    method  TEXT    NOT NULL,
    address TEXT    NOT NULL,
    agent   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_person ON sessions (person, began);

CREATE TABLE sign_ins (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    person  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    method  TEXT    NOT NULL,
    address TEXT    NOT NULL,
    agent   TEXT    NOT NULL,
    note    TEXT    NOT NULL
) STRICT;
CREATE INDEX sign_ins_person ON sign_ins (person, id);
CREATE INDEX sign_ins_at ON sign_ins (at);

CREATE TABLE strikes (
    lane  TEXT    PRIMARY KEY,
    count INTEGER NOT NULL,
    last  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id      TEXT    PRIMARY KEY,
    hash    BLOB    NOT NULL UNIQUE,
    person  TEXT    NOT NULL REFERENCES persons (id),
    name    TEXT    NOT NULL,
    scopes  TEXT    NOT NULL CHECK (json_valid(scopes)),
    created INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    used    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_person ON tokens (person, created);

CREATE TABLE used_links (
    id    TEXT    PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE proposals (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    act     TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    method  TEXT    NOT NULL,
    path    TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    note    TEXT    NOT NULL,
    actor   TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    state   TEXT    NOT NULL,
    second  TEXT    NOT NULL,
    decided INTEGER,
    answer  TEXT    NOT NULL,
    outcome TEXT    NOT NULL
) STRICT;
CREATE INDEX proposals_waiting ON proposals (state, until) WHERE state = 'waiting';

CREATE TABLE notices (
    person     TEXT    PRIMARY KEY REFERENCES persons (id),
    mail       TEXT    NOT NULL,
    language   TEXT    NOT NULL,
    quiet_from INTEGER NOT NULL,
    quiet_to   INTEGER NOT NULL,
    kinds      TEXT    NOT NULL CHECK (json_valid(kinds))
) STRICT, WITHOUT ROWID;
