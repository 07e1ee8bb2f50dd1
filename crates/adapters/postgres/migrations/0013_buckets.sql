-- What foreign trackers call their streams of events.
CREATE TABLE buckets (
    user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    id         text COLLATE "C" NOT NULL,
    kind       text NOT NULL,
    client     text NOT NULL,
    host       text NOT NULL,
    opened_by  uuid,  -- the key with which that was done last, which may be gone
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, id)
);
