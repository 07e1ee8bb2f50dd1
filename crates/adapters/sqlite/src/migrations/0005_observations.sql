-- What was observed is the state of a day, from the second edition of the timeline rule on. Nothing that grows with the
-- time tracked is rewritten here, so that this takes no longer for a file of ten years: days of the first edition stay
-- in the tables they are in, under other names, until they are written the next time.

ALTER TABLE users ADD COLUMN beat_hold_minutes INTEGER NOT NULL DEFAULT 15 CHECK (beat_hold_minutes BETWEEN 1 AND 60);
ALTER TABLE users ADD COLUMN audible_counts INTEGER NOT NULL DEFAULT 1 CHECK (audible_counts IN (0, 1));
ALTER TABLE users ADD COLUMN week_start TEXT NOT NULL DEFAULT 'monday'
    CHECK (week_start IN ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'));
ALTER TABLE users ADD COLUMN day_start_minutes INTEGER NOT NULL DEFAULT 0 CHECK (day_start_minutes BETWEEN 0 AND 720);
-- The greatest version that a correction of theirs ever got.
ALTER TABLE users ADD COLUMN correction_version INTEGER NOT NULL DEFAULT 0;

-- A person's dictionary: what pieces are of, and what was observed. Numbers are a person's own. '' is none, so that
-- UNIQUE counts it.

ALTER TABLE sources RENAME TO first_sources;

CREATE TABLE sources (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    device_id   TEXT    NOT NULL,
    app_name    TEXT    NOT NULL,
    domain      TEXT    NOT NULL,
    project     TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    PRIMARY KEY (user_number, number),
    UNIQUE (user_number, device_id, app_name, domain, project, language)
) STRICT, WITHOUT ROWID;

INSERT INTO sources
SELECT user_number, number, device_id, app_name, domain, '', '' FROM first_sources ORDER BY user_number, number;

DROP TABLE first_sources;

CREATE TABLE subjects (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    device_id   TEXT    NOT NULL,
    kind        INTEGER NOT NULL,  -- 1 use, 2 page, 3 page that can be heard, 4 beat, 5 away, 6 here
    app_name    TEXT    NOT NULL,
    domain      TEXT    NOT NULL,
    project     TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    PRIMARY KEY (user_number, number),
    UNIQUE (user_number, device_id, kind, app_name, domain, project, language)
) STRICT, WITHOUT ROWID;

-- Days of the first edition: what they counted is in app_usage, as of all other days.

ALTER TABLE ledger_days RENAME TO first_days;
ALTER TABLE outranked_usage RENAME TO first_outranked;

-- Of it and what tells a day of the first edition from all others, the mark of that day is made.
CREATE TABLE first_mark (
    salt INTEGER NOT NULL
) STRICT;

INSERT INTO first_mark VALUES (random());

-- Days by time first: what is written with each flush lies together then, whosever it is.
CREATE TABLE ledger_days (
    day               INTEGER NOT NULL,  -- days since 1970-01-01
    user_number       INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    version           INTEGER NOT NULL,
    mark              INTEGER NOT NULL,  -- random, another for each version
    changed_ms        INTEGER NOT NULL,
    beat_hold_minutes INTEGER NOT NULL,  -- the choices by which it is settled
    audible_counts    INTEGER NOT NULL,
    tail_source       INTEGER,           -- the piece that still grows, if there is one; it is not in app_usage
    tail_start_ms     INTEGER,
    tail_end_ms       INTEGER,
    recent            BLOB,              -- observations since the last fold; NULL if there are none
    PRIMARY KEY (day, user_number),
    CONSTRAINT a_tail_is_whole
        CHECK ((tail_source IS NULL) = (tail_start_ms IS NULL) AND (tail_source IS NULL) = (tail_end_ms IS NULL)),
    CONSTRAINT a_tail_is_not_empty CHECK (tail_end_ms > tail_start_ms),
    CONSTRAINT a_tail_lies_in_its_day
        CHECK (tail_start_ms >= day * 86400000 AND tail_end_ms <= (day + 1) * 86400000)
) STRICT, WITHOUT ROWID;

CREATE INDEX ledger_days_by_user ON ledger_days (user_number, day);

-- What was observed in a day's window, up to the last fold, by the hour in which it begins. Hour 0 begins two hours
-- before the day.
CREATE TABLE observations (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    day         INTEGER NOT NULL,
    hour        INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 27),
    bytes       BLOB    NOT NULL,
    PRIMARY KEY (user_number, day, hour)
) STRICT, WITHOUT ROWID;

-- What a day summed up to at its last fold. Of any other version of the day this says nothing.
CREATE TABLE day_sums (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    day         INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    bytes       BLOB    NOT NULL,
    PRIMARY KEY (user_number, day)
) STRICT, WITHOUT ROWID;

-- Each correction in its greatest version.
CREATE TABLE corrections (
    user_number   INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    id            BLOB    NOT NULL CHECK (length(id) = 16),
    version       INTEGER NOT NULL,
    kind          INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),  -- 0 deleted, 1 entry, 2 erasure
    start_ms      INTEGER,
    end_ms        INTEGER,
    source_number INTEGER,
    PRIMARY KEY (user_number, id),
    CONSTRAINT a_correction_that_says_something_says_when
        CHECK ((kind = 0) = (start_ms IS NULL) AND (kind = 0) = (end_ms IS NULL)),
    CONSTRAINT a_correction_is_not_empty CHECK (end_ms > start_ms),
    CONSTRAINT an_entry_says_what CHECK ((kind = 1) = (source_number IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX corrections_by_time ON corrections (user_number, start_ms, end_ms) WHERE kind <> 0;

-- Which corrections there are, known before they reach the ledger.
CREATE TABLE correction_ids (
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    is_final    INTEGER NOT NULL CHECK (is_final IN (0, 1)),  -- an erasure is
    PRIMARY KEY (user_number, id)
) STRICT, WITHOUT ROWID;

-- No tail overlaps a piece, either: it is the last piece of its day. A day's row is written after its pieces, since they may take over
-- where the tail before it lay.
CREATE TRIGGER tails_added AFTER INSERT ON ledger_days WHEN NEW.tail_start_ms IS NOT NULL
BEGIN
    SELECT RAISE (ABORT, 'a tail would not be the last piece of its day')
    WHERE NEW.tail_start_ms < (SELECT end_ms FROM app_usage
                               WHERE user_number = NEW.user_number AND start_ms < (NEW.day + 1) * 86400000
                               ORDER BY start_ms DESC LIMIT 1);
END;

CREATE TRIGGER tails_changed AFTER UPDATE ON ledger_days WHEN NEW.tail_start_ms IS NOT NULL
BEGIN
    SELECT RAISE (ABORT, 'a tail would not be the last piece of its day')
    WHERE NEW.tail_start_ms < (SELECT end_ms FROM app_usage
                               WHERE user_number = NEW.user_number AND start_ms < (NEW.day + 1) * 86400000
                               ORDER BY start_ms DESC LIMIT 1);
END;

-- For people who query: all that counts, spelled out. Times are Unix milliseconds. CROSS is for SQLite's planner: one
-- person after the other, so that a time is looked up by the key of app_usage.
CREATE VIEW usage (user_id, device_id, app_name, domain, project, language, start_time, end_time) AS
SELECT lower(substr(hex(u.id), 1, 8) || '-' || substr(hex(u.id), 9, 4) || '-' || substr(hex(u.id), 13, 4) || '-'
             || substr(hex(u.id), 17, 4) || '-' || substr(hex(u.id), 21)),
       s.device_id, s.app_name, nullif(s.domain, ''), nullif(s.project, ''), nullif(s.language, ''),
       p.start_ms, p.end_ms
FROM users u
CROSS JOIN app_usage p ON p.user_number = u.number
CROSS JOIN sources s ON s.user_number = u.number AND s.number = p.source_number
UNION ALL
SELECT lower(substr(hex(u.id), 1, 8) || '-' || substr(hex(u.id), 9, 4) || '-' || substr(hex(u.id), 13, 4) || '-'
             || substr(hex(u.id), 17, 4) || '-' || substr(hex(u.id), 21)),
       s.device_id, s.app_name, nullif(s.domain, ''), nullif(s.project, ''), nullif(s.language, ''),
       d.tail_start_ms, d.tail_end_ms
FROM users u
CROSS JOIN ledger_days d ON d.user_number = u.number AND d.tail_start_ms IS NOT NULL
CROSS JOIN sources s ON s.user_number = u.number AND s.number = d.tail_source;
