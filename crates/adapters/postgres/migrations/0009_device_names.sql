-- What people call their devices.
CREATE TABLE device_names (
    user_id   bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    device_id text COLLATE "C" NOT NULL,
    name      text NOT NULL,
    PRIMARY KEY (user_id, device_id)
);
