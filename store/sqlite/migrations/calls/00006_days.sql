-- What customers' outgoing calls that are over came to, by day and destination: kept with the calls, so that a page that shows a month does not read through
-- a hundred thousand of them. Days are those of the zone that stands beside the position; empty: the sums are still to be made.

-- +goose Up
CREATE TABLE days (
    day      INTEGER NOT NULL, -- of the calendar, counted from 1 January 1970
    customer TEXT    NOT NULL,
    scope    TEXT    NOT NULL,
    class    TEXT    NOT NULL,
    code     INTEGER NOT NULL,
    iso      TEXT    NOT NULL,
    refused  TEXT    NOT NULL, -- the reason why they were refused; empty: they were not
    attempts INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    cut      INTEGER NOT NULL, -- answered, and ended by the guard
    night    INTEGER NOT NULL, -- asked for between 22:00 and 6:00
    talk_ms  INTEGER NOT NULL,
    charge   INTEGER NOT NULL,
    PRIMARY KEY (day, customer, scope, class, code, iso, refused)
) STRICT, WITHOUT ROWID;
ALTER TABLE position ADD COLUMN zone TEXT NOT NULL DEFAULT '';

-- What stands on customers' bills: calls of a month to one country and kind of number, and about as long, in one row. Rows of months
-- before the one that stands beside the position are not complete, because calls were erased: they are read from the calls that are left.
CREATE TABLE billed (
    month    INTEGER NOT NULL, -- twelve times the year, and the month from 0
    customer TEXT    NOT NULL,
    scope    TEXT    NOT NULL,
    class    TEXT    NOT NULL,
    iso      TEXT    NOT NULL,
    about    INTEGER NOT NULL, -- how long they were, by the fold of package bill
    calls    INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    talk_ms  INTEGER NOT NULL,
    least    INTEGER NOT NULL,
    most     INTEGER NOT NULL,
    charge   INTEGER NOT NULL,
    ids      TEXT    NOT NULL, -- of the calls, while they are so few that they are told singly
    PRIMARY KEY (month, customer, scope, class, iso, about)
) STRICT, WITHOUT ROWID;
ALTER TABLE position ADD COLUMN billed INTEGER NOT NULL DEFAULT 0;
