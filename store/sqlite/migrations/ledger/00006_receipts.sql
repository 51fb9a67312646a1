-- How many changes of this file the journal has a receipt of, and the key of the sums in them: without it nobody finds out by trying what a row said.

-- +goose Up
CREATE TABLE receipts (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    n    INTEGER NOT NULL,
    key  BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;
INSERT INTO receipts (only, n, key) VALUES (1, 0, randomblob(32));
