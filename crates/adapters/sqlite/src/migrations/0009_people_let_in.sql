-- Since when an operator lets a person in no more; NULL for everybody else.
ALTER TABLE users ADD COLUMN disabled_ms INTEGER;

-- One-time links to a new password, made by an operator. A person has at most one.
CREATE TABLE reset_links (
    user_number INTEGER NOT NULL PRIMARY KEY REFERENCES users (number) ON DELETE CASCADE,
    hash        BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    expires_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
