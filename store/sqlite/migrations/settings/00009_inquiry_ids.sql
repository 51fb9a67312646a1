-- The journal names inquiries by their numbers: one that is erased at the end of its term must not lend its number to another.

-- +goose Up
CREATE TABLE last_inquiry (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id   INTEGER NOT NULL
) STRICT;
INSERT INTO last_inquiry (only, id) SELECT 1, ifnull(max(id), 0) FROM inquiries;
-- +goose StatementBegin
CREATE TRIGGER inquiries_last AFTER INSERT ON inquiries BEGIN
    UPDATE last_inquiry SET id = max(id, new.id);
END;
-- +goose StatementEnd
