-- How long they talked stands in the indexes of numbers: of all calls of a busy number only those of the right length are read. The id stands
-- before it, because listings go by start and id.

-- +goose Up
DROP INDEX calls_caller;
DROP INDEX calls_callee;
CREATE INDEX calls_caller ON calls (caller, start, id, talk_ms) WHERE caller <> '';
CREATE INDEX calls_callee ON calls (callee, start, id, talk_ms) WHERE callee <> '';
