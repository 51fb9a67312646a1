-- What an inquiry needs of a call stands in the indexes of numbers: each call of a number lies on another page of the table, its entries in an index lie
-- side by side. They are kept short: the other party is a whole number where it is one (and what was dialled or presented, behind a space, where it is none), what is usual
-- is empty, times and entries of the journal count from the first. A call gets there when it is over, in one go; while it runs it stands in small indexes of
-- their own, so that nothing is moved about in the large ones.

-- +goose Up
DROP INDEX calls_caller;
DROP INDEX calls_callee;
CREATE INDEX calls_caller ON calls (caller, start, id, talk_ms, customer,
    iif(callee GLOB '+[1-9]*', CAST(callee AS INTEGER), iif(callee = '', ' ' || dialled, callee)),
    iif(direction = 'out', '', direction), iif(verdict = 'allow', '', verdict), iif(reason = 'none', '', reason), withheld, status,
    answered - start, ended - start, asked_entry, max(answered_entry - asked_entry, 0), max(ended_entry - asked_entry, 0)) WHERE caller <> '' AND ended - start IS NOT NULL;
CREATE INDEX calls_callee ON calls (callee, start, id, talk_ms, customer,
    iif(caller GLOB '+[1-9]*', CAST(caller AS INTEGER), iif(caller = '', ' ' || presented, caller)),
    iif(direction = 'out', '', direction), iif(verdict = 'allow', '', verdict), iif(reason = 'none', '', reason), withheld, status,
    answered - start, ended - start, asked_entry, max(answered_entry - asked_entry, 0), max(ended_entry - asked_entry, 0)) WHERE callee <> '' AND ended - start IS NOT NULL;
CREATE INDEX calls_running_caller ON calls (caller, start, id, talk_ms) WHERE caller <> '' AND ended IS NULL;
CREATE INDEX calls_running_callee ON calls (callee, start, id, talk_ms) WHERE callee <> '' AND ended IS NULL;
