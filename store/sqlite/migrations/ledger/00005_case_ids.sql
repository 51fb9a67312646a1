-- The journal names cases by their numbers: one that is erased at the end of its term must not lend its number to another.

-- +goose Up
CREATE TABLE last_case (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id   INTEGER NOT NULL
) STRICT;
INSERT INTO last_case (only, id) SELECT 1, ifnull(max(id), 0) FROM cases;
-- +goose StatementBegin
CREATE TRIGGER cases_last AFTER INSERT ON cases BEGIN
    UPDATE last_case SET id = max(id, new.id);
END;
-- +goose StatementEnd
