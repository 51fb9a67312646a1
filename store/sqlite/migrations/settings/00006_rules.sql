-- What is set for all at run time, over what the configuration says. body is JSON; one row.

-- +goose Up
CREATE TABLE rules (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    at    INTEGER NOT NULL,
    actor TEXT    NOT NULL,
    note  TEXT    NOT NULL,
    body  TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;
