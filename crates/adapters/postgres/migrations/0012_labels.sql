-- What people call their apps, and how they sort their time: lines of text, as a whole.
CREATE TABLE labels (
    user_id bigint PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- Of this version alone; random.
    mark    bigint NOT NULL,
    said    text   NOT NULL
);
