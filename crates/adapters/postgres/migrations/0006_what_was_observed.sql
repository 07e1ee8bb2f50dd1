-- The second edition of the timeline rule: what was observed is the state of a day, and what counts follows from it.
-- Nothing is rewritten here, however many rows there are. What the first edition kept stays where it is, under other
-- names, until its day is written the next time.

ALTER TABLE app_usage RENAME TO first_pieces;
ALTER TABLE outranked_usage RENAME TO first_outranked;
DO $$
DECLARE
    partition record;
BEGIN
    FOR partition IN
        SELECT child.relname AS name, parent.relname AS parent, right(child.relname, 8) AS month
        FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid JOIN pg_class AS parent ON parent.oid = inhparent
        WHERE parent.oid IN ('first_pieces'::regclass, 'first_outranked'::regclass, 'ledger_days'::regclass)
    LOOP
        IF partition.parent = 'ledger_days' THEN
            EXECUTE format('ALTER TABLE %I SET (fillfactor = 50)', partition.name);
        ELSE
            EXECUTE format('ALTER TABLE %I RENAME TO %I', partition.name, partition.parent || partition.month);
        END IF;
    END LOOP;
END $$;

-- What people prefer; and two numbers of their ledger. Defaults are those of the rule.
ALTER TABLE users
    ADD COLUMN beat_hold_minutes  smallint NOT NULL DEFAULT 15 CHECK (beat_hold_minutes BETWEEN 1 AND 60),
    ADD COLUMN audible_counts     boolean  NOT NULL DEFAULT true,
    ADD COLUMN week_start         text     NOT NULL DEFAULT 'monday',
    ADD COLUMN day_start_minutes  smallint NOT NULL DEFAULT 0 CHECK (day_start_minutes BETWEEN 0 AND 720),
    -- The greatest version of a correction so far, in ms since 1970.
    ADD COLUMN correction_version bigint   NOT NULL DEFAULT 0,
    -- How often names were taken out of `names`: what a program knows of the numbers there holds as long as this.
    ADD COLUMN names_epoch        integer  NOT NULL DEFAULT 0;

-- Each person's own numbers for what has long names. Kind 0: a source, the device and activity of a piece. Others: a
-- subject, the device and what was seen on it: 1 use, 2 page, 3 page that can be heard, 4 beat, 5 away, 6 here.
CREATE TABLE names (
    user_id   bigint NOT NULL,
    number    integer NOT NULL CHECK (number > 0),
    kind      smallint NOT NULL CHECK (kind BETWEEN 0 AND 6),
    -- The first half of a SHA-256 of all that follows and the kind: the texts together are too long for an index, and
    -- null equals nothing there.
    key       uuid NOT NULL,
    device_id text COLLATE "C" NOT NULL,
    app_name  text COLLATE "C",
    domain    text COLLATE "C",
    project   text COLLATE "C",
    language  text COLLATE "C",
    CONSTRAINT names_app CHECK ((app_name IS NULL) = (kind IN (5, 6))),
    PRIMARY KEY (user_id, number),
    UNIQUE (user_id, key)
);

-- What counts, but for each day's last piece while it grows: that is in ledger_days, where a change touches no index.
-- Each partition also has EXCLUDE USING gist (user_id WITH =, tstzrange(start_time, end_time) WITH &&).
CREATE TABLE pieces (
    user_id    bigint NOT NULL,
    start_time timestamptz NOT NULL,
    end_time   timestamptz NOT NULL,
    source     integer NOT NULL,
    PRIMARY KEY (user_id, start_time) INCLUDE (end_time, source),
    CONSTRAINT pieces_within_a_day CHECK (
        end_time > start_time
        AND end_time <= (date_trunc('day', start_time AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC'
    )
) PARTITION BY RANGE (start_time);

-- What was observed in the window of a day, by the window's hours; without what is still in ledger_days.recent.
CREATE TABLE observations (
    user_id bigint NOT NULL,
    day     date NOT NULL,
    hour    smallint NOT NULL CHECK (hour BETWEEN 0 AND 27),
    bytes   bytea NOT NULL,
    PRIMARY KEY (user_id, day, hour)
) PARTITION BY RANGE (day);
ALTER TABLE observations ALTER COLUMN bytes SET STORAGE MAIN;

-- Days of before share one mark, a random one, since giving each its own would rewrite them all: before they change
-- they get another.
DO $$
BEGIN
    EXECUTE format('ALTER TABLE ledger_days ADD COLUMN mark bigint NOT NULL DEFAULT %L',
        ('x' || left(replace(gen_random_uuid()::text, '-', ''), 16))::bit(64)::bigint);
END $$;
ALTER TABLE ledger_days ALTER COLUMN mark DROP DEFAULT;
-- Sums are of sources now; those of before are not read any more. What changes with each commit stands side by side,
-- since the log has all between the first and the last byte that changed; what is long stands last.
ALTER TABLE ledger_days
    DROP COLUMN sums,
    -- The piece that still grows.
    ADD COLUMN tail_start        timestamptz,
    ADD COLUMN tail_end          timestamptz,
    ADD COLUMN tail_source       integer,
    -- 1: nothing is known but pieces and what they outranked. 2: what was observed is known.
    ADD COLUMN edition           smallint NOT NULL DEFAULT 1 CHECK (edition IN (1, 2)),
    -- The choices by which the day is settled; a day of the first edition knows none.
    ADD COLUMN beat_hold_minutes smallint,
    ADD COLUMN audible_counts    boolean,
    -- What was observed since `observations` and `sums` were written last.
    ADD COLUMN recent            bytea,
    ADD COLUMN sums              bytea,
    ADD CONSTRAINT ledger_days_tail CHECK (
        CASE WHEN tail_start IS NULL THEN tail_end IS NULL AND tail_source IS NULL
        ELSE tail_source IS NOT NULL AND tail_end > tail_start
            AND tail_start >= day::timestamp AT TIME ZONE 'UTC'
            AND tail_end <= (day + 1)::timestamp AT TIME ZONE 'UTC'
        END
    ) NOT VALID;
ALTER TABLE ledger_days ALTER COLUMN edition DROP DEFAULT;
ALTER TABLE ledger_days ALTER COLUMN recent SET STORAGE MAIN, ALTER COLUMN sums SET STORAGE MAIN;
-- The person's own word, each in its greatest version. Outside of the months: what was erased stays erased when a
-- month comes back. Without times it says nothing any more; with times and without an app it is an erasure.
CREATE TABLE corrections (
    user_id    bigint NOT NULL,
    id         uuid NOT NULL,
    version    bigint NOT NULL,
    start_time timestamptz,
    end_time   timestamptz,
    device_id  text COLLATE "C",
    app_name   text COLLATE "C",
    domain     text COLLATE "C",
    project    text COLLATE "C",
    language   text COLLATE "C",
    PRIMARY KEY (user_id, id),
    CONSTRAINT corrections_times CHECK ((start_time IS NULL) = (end_time IS NULL) AND start_time < end_time),
    CONSTRAINT corrections_names CHECK (
        (device_id IS NULL) = (app_name IS NULL)
        AND (app_name IS NOT NULL AND start_time IS NOT NULL
            OR app_name IS NULL AND domain IS NULL AND project IS NULL AND language IS NULL)
    )
);
CREATE INDEX corrections_by_end ON corrections (user_id, end_time);

-- Which corrections a person has made, before the ledger has them. Kind 1: an entry, 2: an erasure, 3: an entry that
-- is deleted.
CREATE TABLE correction_numbers (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    id      uuid NOT NULL,
    kind    smallint NOT NULL CHECK (kind IN (1, 2, 3)),
    PRIMARY KEY (user_id, id)
);

-- Of which state of a month there is an archive: how many days it had, and a sum over their marks.
CREATE TABLE month_archives (
    month       date PRIMARY KEY,
    archived_at timestamptz NOT NULL DEFAULT now(),
    days        bigint NOT NULL,
    marks       numeric NOT NULL
);

-- All that counts, spelled out, for people who ask by SQL.
CREATE VIEW app_usage AS
SELECT users.uuid AS user_id, names.device_id, names.app_name, names.domain, names.project, names.language,
    piece.start_time, piece.end_time
FROM (
    SELECT user_id, source, start_time, end_time FROM pieces
    UNION ALL
    SELECT user_id, tail_source, tail_start, tail_end FROM ledger_days WHERE tail_start IS NOT NULL
) AS piece
JOIN users ON users.id = piece.user_id
JOIN names ON names.user_id = piece.user_id AND names.number = piece.source
UNION ALL
SELECT users.uuid, device_id, app_name, domain, NULL, NULL, start_time, end_time
FROM first_pieces JOIN users ON users.id = first_pieces.user_id;
