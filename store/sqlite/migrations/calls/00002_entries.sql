-- The journal's entries of a call: what is handed over of it is proven by them. 0 for what was folded before they were kept.

-- +goose Up
ALTER TABLE calls ADD COLUMN asked_entry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN answered_entry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN ended_entry INTEGER NOT NULL DEFAULT 0;
