-- What a restriction stands against, and what the customer's calls have in common with those of others.

-- +goose Up
ALTER TABLE restrictions ADD COLUMN reach TEXT NOT NULL DEFAULT 'abroad';
ALTER TABLE restrictions ADD COLUMN factor TEXT NOT NULL DEFAULT 'none';
ALTER TABLE restrictions ADD COLUMN customers INTEGER NOT NULL DEFAULT 0 CHECK (customers >= 0);
