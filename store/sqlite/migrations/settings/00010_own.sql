-- What a customer has set for itself, within what the operator allows. JSON; only what is set.

-- +goose Up
ALTER TABLE customers ADD COLUMN own TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(own));
