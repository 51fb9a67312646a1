-- Who registered from where with which device, and what was turned away, by half hours. A view of the journal as calls are.

-- +goose Up
CREATE TABLE accesses (
    slot     INTEGER NOT NULL, -- seconds of Unix time / 1800
    what     TEXT    NOT NULL, -- "registered", or a kind of refusal
    customer TEXT    NOT NULL,
    source   TEXT    NOT NULL,
    agent    TEXT    NOT NULL,
    count    INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    PRIMARY KEY (slot, what, customer, source, agent)
) STRICT, WITHOUT ROWID;
CREATE INDEX accesses_seen ON accesses (customer, what, source, agent, slot);
