-- Accounts, sessions, keys and the ledger. The three ledger tables are partitioned by month; their partitions
-- are made by the program (src/partitions), which also gives each the constraints that a parent can't have.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE users (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid          uuid NOT NULL UNIQUE,
    email         text NOT NULL,
    -- The address in lower case, as the program folds it; the collation of the server has no say.
    email_key     text COLLATE "C" NOT NULL UNIQUE,
    password_hash text NOT NULL,
    full_name     text NOT NULL,
    timezone      text NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE sessions (
    id                 uuid PRIMARY KEY,
    user_id            bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    device_id          text COLLATE "C" NOT NULL,
    device_name        text,
    address            text,
    created_at         timestamptz NOT NULL,
    last_used_at       timestamptz NOT NULL,
    generation         bigint NOT NULL CHECK (generation >= 0),
    token_hash         bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    issued_at          timestamptz NOT NULL,
    previous_issued_at timestamptz NOT NULL,
    UNIQUE (user_id, device_id)
) WITH (fillfactor = 80);

-- Outlives its account on purpose: the tokens of a deleted person must stay refused.
CREATE TABLE ended_sessions (
    id       uuid PRIMARY KEY,
    ended_at timestamptz NOT NULL
);
CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_at);

CREATE TABLE api_keys (
    id           uuid PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text NOT NULL,
    scopes       smallint NOT NULL,
    hash         bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    expires_at   timestamptz
) WITH (fillfactor = 80);
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at);

CREATE TABLE device_logins (
    device_code bytea PRIMARY KEY CHECK (octet_length(device_code) = 32),
    user_code   text COLLATE "C" NOT NULL UNIQUE,
    device_id   text NOT NULL,
    device_name text,
    address     text,
    created_at  timestamptz NOT NULL,
    denied      boolean NOT NULL,
    approved_by bigint REFERENCES users ON DELETE CASCADE,
    interval_s  bigint NOT NULL,
    polled_at   timestamptz,
    revision    bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX device_logins_by_user ON device_logins (approved_by);

CREATE TABLE audit_events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    at      timestamptz NOT NULL,
    kind    text NOT NULL,
    subject text,
    address text
);
CREATE INDEX audit_events_by_user ON audit_events (user_id, id);
CREATE INDEX audit_events_by_time ON audit_events USING brin (at);

-- How far the ledger contains each partition of the ping log. Moves in the same transaction as the data.
CREATE TABLE log_positions (
    partition bigint PRIMARY KEY,
    -- Both are unsigned in the program and kept here by their bits; nothing compares them but for equality.
    major     bigint NOT NULL,
    minor     bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE dead_pings (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    partition bigint NOT NULL,
    major     bigint NOT NULL,
    minor     bigint NOT NULL,
    user_uuid uuid,
    reason    text NOT NULL,
    record    bytea NOT NULL
);
CREATE INDEX dead_pings_by_user ON dead_pings (user_uuid);

-- No foreign key from the ledger to users: the check would lock a row of users for each row written, and dropping
-- a month would lock all of users. A new ledger day locks its person instead, and deleting a person takes that
-- lock first and then removes the days, then the pieces.
CREATE TABLE ledger_days (
    user_id    bigint NOT NULL,
    day        date NOT NULL,
    version    bigint NOT NULL CHECK (version > 0),
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, day)
) PARTITION BY RANGE (day);

-- Each partition also has EXCLUDE USING gist (user_id WITH =, tstzrange(start_time, end_time) WITH &&): PostgreSQL
-- below 17 refuses that on the parent. Rows never cross midnight, so the partitions together hold the whole rule.
CREATE TABLE app_usage (
    user_id    bigint NOT NULL,
    start_time timestamptz NOT NULL,
    end_time   timestamptz NOT NULL,
    device_id  text COLLATE "C" NOT NULL,
    app_name   text COLLATE "C" NOT NULL,
    domain     text COLLATE "C",
    PRIMARY KEY (user_id, start_time),
    CONSTRAINT app_usage_within_a_day CHECK (
        end_time > start_time
        AND end_time <= (date_trunc('day', start_time AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC'
    )
) PARTITION BY RANGE (start_time);

CREATE TABLE outranked_usage (
    user_id    bigint NOT NULL,
    start_time timestamptz NOT NULL,
    end_time   timestamptz NOT NULL,
    device_id  text COLLATE "C" NOT NULL,
    app_name   text COLLATE "C" NOT NULL,
    domain     text COLLATE "C",
    CONSTRAINT outranked_usage_within_a_day CHECK (
        end_time > start_time
        AND end_time <= (date_trunc('day', start_time AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC'
    )
) PARTITION BY RANGE (start_time);
CREATE INDEX outranked_usage_by_start ON outranked_usage (user_id, start_time);
