-- Since when an operator lets a person in no more; NULL for everybody else.
ALTER TABLE users ADD COLUMN disabled_at timestamptz;

-- One-time links to a new password, made by an operator. A person has at most one.
CREATE TABLE reset_links (
    user_id    bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    hash       bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    expires_at timestamptz NOT NULL
);
