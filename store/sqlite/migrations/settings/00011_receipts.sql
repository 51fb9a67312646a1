-- How many changes of this file the journal has a receipt of.

-- +goose Up
CREATE TABLE receipts (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    n    INTEGER NOT NULL
) STRICT;
INSERT INTO receipts (only, n) VALUES (1, 0);

-- Entries that hold receipts have no term: what they say of is in the store.
ALTER TABLE kept_entries ADD COLUMN lasting INTEGER NOT NULL DEFAULT 0;
