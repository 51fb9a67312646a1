-- Cases of suspicion, folded from the journal as the calls are: see package suspicion. body is the whole case as JSON, numbers in it are masked;
-- the columns are what lists go by. over tells that no event changes it any more.

-- +goose Up
CREATE TABLE suspicions (
    id       INTEGER PRIMARY KEY,
    customer TEXT    NOT NULL,
    opened   INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    closed   INTEGER,
    over     INTEGER NOT NULL,
    assigned TEXT    NOT NULL,
    body     TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE INDEX suspicions_customer ON suspicions (customer, id);
CREATE INDEX suspicions_open ON suspicions (id) WHERE closed IS NULL;
CREATE INDEX suspicions_rest ON suspicions (id) WHERE over = 0;
CREATE INDEX suspicions_closed ON suspicions (closed) WHERE closed IS NOT NULL;

-- What cases may have in common: the first digits called, a source, a device.
CREATE TABLE suspicion_keys (
    factor    TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    suspicion INTEGER NOT NULL,
    PRIMARY KEY (factor, value, suspicion)
) STRICT, WITHOUT ROWID;
CREATE INDEX suspicion_keys_suspicion ON suspicion_keys (suspicion);

