-- Onboarding screens: what was answered, which rules fitted, what came of it; and by what applications belong together.

-- +goose Up
CREATE TABLE screenings (
    holder  INTEGER NOT NULL REFERENCES holders (key),
    entry   INTEGER NOT NULL REFERENCES entries (id),
    outcome TEXT    NOT NULL,
    body    TEXT    NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (holder, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
    field  TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    holder INTEGER NOT NULL,
    PRIMARY KEY (field, value, at, holder)
) STRICT, WITHOUT ROWID;
