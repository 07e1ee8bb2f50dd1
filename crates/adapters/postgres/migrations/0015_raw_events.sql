-- Foreign trackers' events as they came, for people who choose to keep them, and what those trackers' pages remember.
ALTER TABLE users ADD COLUMN raw_event_days integer NOT NULL DEFAULT 0;

-- The number of the event that the last heartbeat became, unless others came since; it may be gone.
ALTER TABLE buckets ADD COLUMN last_beat bigint;

-- Of people who have kept any. Who writes events has this row's lock, and before it the person's.
CREATE TABLE raw_totals (
    user_id     bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- Of an event, ever.
    last_number bigint NOT NULL,
    -- What is there now takes so much room.
    bytes       bigint NOT NULL
);

CREATE TABLE raw_events (
    user_id    bigint NOT NULL,
    number     bigint NOT NULL,
    bucket     text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL,
    data       text NOT NULL,
    PRIMARY KEY (user_id, number),
    FOREIGN KEY (user_id, bucket) REFERENCES buckets (user_id, id) ON DELETE CASCADE,
    CHECK (started_at <= ended_at)
);
CREATE INDEX raw_events_by_start ON raw_events (user_id, bucket, started_at DESC, number);
CREATE INDEX raw_events_by_end ON raw_events (user_id, ended_at);

CREATE TABLE tracker_settings (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    name    text COLLATE "C" NOT NULL,
    value   text NOT NULL,
    PRIMARY KEY (user_id, name)
);
