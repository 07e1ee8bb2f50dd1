-- What people call their devices.

CREATE TABLE device_names (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    device_id   TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    PRIMARY KEY (user_number, device_id)
) STRICT, WITHOUT ROWID;
