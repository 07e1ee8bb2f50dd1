-- Which devices count as others, in the order in which that was said.
CREATE TABLE device_merges (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    number      INTEGER NOT NULL,  -- of one person, from 1 on
    device_id   TEXT    NOT NULL,
    into_id     TEXT    NOT NULL,
    PRIMARY KEY (user_number, number),
    UNIQUE (user_number, device_id)
) STRICT, WITHOUT ROWID;

-- By how many of them a day is settled, beside the choices.
ALTER TABLE ledger_days ADD COLUMN merges INTEGER NOT NULL DEFAULT 0;
