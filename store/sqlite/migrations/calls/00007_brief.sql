-- What an inquiry needs of a call stands in the indexes of numbers. They are not made here, for that takes minutes where there are many calls: see
-- store/sqlite/layout.go.

-- +goose Up
SELECT 1;
