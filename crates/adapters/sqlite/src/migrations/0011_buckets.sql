-- What foreign trackers call their streams of events.

CREATE TABLE buckets (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    id          TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    client      TEXT    NOT NULL,
    host        TEXT    NOT NULL,
    opened_by   BLOB,             -- the key with which that was done last; it may be deleted
    created_ms  INTEGER NOT NULL,
    PRIMARY KEY (user_number, id)
) STRICT, WITHOUT ROWID;
