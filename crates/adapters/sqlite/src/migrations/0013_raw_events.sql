-- Foreign trackers' events as they came, for people who choose to keep them, and what those trackers' pages remember.

ALTER TABLE users ADD COLUMN raw_event_days INTEGER NOT NULL DEFAULT 0;

-- The number of the event that the last heartbeat became, unless others came since; it may be gone.
ALTER TABLE buckets ADD COLUMN last_beat INTEGER;

-- Of people who have kept any.
CREATE TABLE raw_totals (
    user_number INTEGER PRIMARY KEY REFERENCES users (number) ON DELETE CASCADE,
    last_number INTEGER NOT NULL,  -- of an event, ever
    bytes       INTEGER NOT NULL   -- what is there now takes so much room
) STRICT;

CREATE TABLE raw_events (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    bucket      TEXT    NOT NULL,
    start_ms    INTEGER NOT NULL,
    end_ms      INTEGER NOT NULL,
    data        TEXT    NOT NULL,
    PRIMARY KEY (user_number, number),
    FOREIGN KEY (user_number, bucket) REFERENCES buckets (user_number, id) ON DELETE CASCADE,
    CHECK (start_ms <= end_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX raw_events_by_start ON raw_events (user_number, bucket, start_ms DESC);
CREATE INDEX raw_events_by_end ON raw_events (user_number, end_ms);

CREATE TABLE tracker_settings (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    PRIMARY KEY (user_number, name)
) STRICT, WITHOUT ROWID;
