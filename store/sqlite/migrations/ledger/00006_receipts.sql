-- How many changes of this file the journal has a receipt of.

-- +goose Up
CREATE TABLE receipts (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    n    INTEGER NOT NULL
) STRICT;
INSERT INTO receipts (only, n) VALUES (1, 0);
