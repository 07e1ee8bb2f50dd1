-- Which devices count as others, in the order in which that was said.
CREATE TABLE device_merges (
    user_id   bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    number    integer NOT NULL,  -- of one person, from 1 on
    device_id text COLLATE "C" NOT NULL,
    into_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, number),
    UNIQUE (user_id, device_id)
);
-- By how many of them a day is settled, beside the choices.
ALTER TABLE ledger_days ADD COLUMN merges integer NOT NULL DEFAULT 0;
