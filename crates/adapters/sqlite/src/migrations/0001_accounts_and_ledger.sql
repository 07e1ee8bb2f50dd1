-- Times are Unix milliseconds (…_ms). Identities are the 16 bytes of a UUID; people have a short number as well, since
-- it is part of every row of the ledger. All that belongs to a person goes with them, by ON DELETE CASCADE.

CREATE TABLE users (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    email         TEXT    NOT NULL,
    email_key     TEXT    NOT NULL UNIQUE,  -- the address without regard to case
    password_hash TEXT    NOT NULL,
    full_name     TEXT    NOT NULL,
    timezone      TEXT    NOT NULL,
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id                 BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_number        INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    device_id          TEXT    NOT NULL,
    device_name        TEXT,
    address            TEXT,
    created_ms         INTEGER NOT NULL,
    last_used_ms       INTEGER NOT NULL,
    generation         INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 4294967295),
    token_hash         BLOB    NOT NULL CHECK (length(token_hash) = 32),
    issued_ms          INTEGER NOT NULL,
    previous_issued_ms INTEGER NOT NULL,
    UNIQUE (user_number, device_id)
) STRICT, WITHOUT ROWID;

-- Sessions that ended while access tokens for them may still be out. Names nobody, so it outlives accounts.
CREATE TABLE ended_sessions (
    id       BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    ended_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_ms);

CREATE TABLE api_keys (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_number  INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    may_track    INTEGER NOT NULL CHECK (may_track IN (0, 1)),
    may_read     INTEGER NOT NULL CHECK (may_read IN (0, 1)),
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_ms   INTEGER NOT NULL,
    last_used_ms INTEGER,
    expires_ms   INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_user ON api_keys (user_number);

-- Devices that wait to be signed in by a code.
CREATE TABLE device_logins (
    device_code BLOB    NOT NULL PRIMARY KEY CHECK (length(device_code) = 32),
    user_code   TEXT    NOT NULL UNIQUE,
    device_id   TEXT    NOT NULL,
    device_name TEXT,
    address     TEXT,
    created_ms  INTEGER NOT NULL,
    denied      INTEGER NOT NULL CHECK (denied IN (0, 1)),
    approved_by INTEGER REFERENCES users (number) ON DELETE CASCADE,
    interval_s  INTEGER NOT NULL,
    polled_ms   INTEGER,
    revision    INTEGER NOT NULL,
    CONSTRAINT a_login_is_not_approved_and_denied CHECK (approved_by IS NULL OR NOT denied)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_logins_by_approver ON device_logins (approved_by) WHERE approved_by IS NOT NULL;
CREATE INDEX device_logins_by_time ON device_logins (created_ms);

CREATE TABLE audit_events (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    at_ms       INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    subject     TEXT,
    address     TEXT
) STRICT;

CREATE INDEX audit_events_by_user ON audit_events (user_number);  -- and, as in every index, by number
CREATE INDEX audit_events_by_time ON audit_events (at_ms);

-- What was ever observed of a person, once each: a number in a piece takes a fifth of the room of the names.
CREATE TABLE sources (
    number      INTEGER PRIMARY KEY,
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    device_id   TEXT    NOT NULL,
    app_name    TEXT    NOT NULL,
    domain      TEXT    NOT NULL,  -- '' is no domain, so that UNIQUE counts it
    UNIQUE (user_number, device_id, app_name, domain)
) STRICT;

CREATE TABLE ledger_days (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    day         INTEGER NOT NULL,  -- days since 1970-01-01
    version     INTEGER NOT NULL,
    changed_ms  INTEGER NOT NULL,
    PRIMARY KEY (user_number, day)
) STRICT, WITHOUT ROWID;

-- The counted pieces. That the source exists is not a foreign key: deleting a person would look for every one of their
-- sources in all of this table.
CREATE TABLE app_usage (
    user_number   INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    start_ms      INTEGER NOT NULL,
    end_ms        INTEGER NOT NULL,
    source_number INTEGER NOT NULL,
    PRIMARY KEY (user_number, start_ms),
    CONSTRAINT a_piece_is_not_empty CHECK (end_ms > start_ms),
    -- SQLite's % takes the sign of the dividend.
    CONSTRAINT a_piece_lies_in_one_utc_day
        CHECK (end_ms - start_ms <= 86400000 - ((start_ms % 86400000) + 86400000) % 86400000)
) STRICT, WITHOUT ROWID;

CREATE TABLE outranked_usage (
    user_number   INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    start_ms      INTEGER NOT NULL,
    source_number INTEGER NOT NULL,
    end_ms        INTEGER NOT NULL,
    PRIMARY KEY (user_number, start_ms, source_number),
    CONSTRAINT a_piece_is_not_empty CHECK (end_ms > start_ms),
    CONSTRAINT a_piece_lies_in_one_utc_day
        CHECK (end_ms - start_ms <= 86400000 - ((start_ms % 86400000) + 86400000) % 86400000)
) STRICT, WITHOUT ROWID;

-- The last line of defence: no two counted pieces of a person overlap. Only the neighbours need a look.
CREATE TRIGGER app_usage_added AFTER INSERT ON app_usage
BEGIN
    SELECT RAISE (ABORT, 'counted pieces would overlap')
    WHERE EXISTS (SELECT 1 FROM app_usage
                  WHERE user_number = NEW.user_number AND start_ms > NEW.start_ms AND start_ms < NEW.end_ms)
       OR NEW.start_ms < (SELECT end_ms FROM app_usage
                          WHERE user_number = NEW.user_number AND start_ms < NEW.start_ms
                          ORDER BY start_ms DESC LIMIT 1);
END;

CREATE TRIGGER app_usage_changed AFTER UPDATE OF user_number, start_ms, end_ms ON app_usage
BEGIN
    SELECT RAISE (ABORT, 'counted pieces would overlap')
    WHERE EXISTS (SELECT 1 FROM app_usage
                  WHERE user_number = NEW.user_number AND start_ms > NEW.start_ms AND start_ms < NEW.end_ms)
       OR NEW.start_ms < (SELECT end_ms FROM app_usage
                          WHERE user_number = NEW.user_number AND start_ms < NEW.start_ms
                          ORDER BY start_ms DESC LIMIT 1);
END;

-- Up to where the ledger contains each partition of the ping log.
CREATE TABLE log_positions (
    partition INTEGER NOT NULL PRIMARY KEY,
    major     INTEGER NOT NULL,
    minor     INTEGER NOT NULL
) STRICT;

CREATE TABLE dead_pings (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    user_number INTEGER REFERENCES users (number) ON DELETE CASCADE,  -- NULL if that much could not be read
    at_ms       INTEGER NOT NULL,
    partition   INTEGER NOT NULL,
    major       INTEGER NOT NULL,
    minor       INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    record      BLOB    NOT NULL
) STRICT;

CREATE INDEX dead_pings_by_user ON dead_pings (user_number);
