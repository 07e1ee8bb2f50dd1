-- Long reports made in the background, and their results in chunks. Both go with their person.

CREATE TABLE report_jobs (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    kind        TEXT    NOT NULL,
    format      TEXT    NOT NULL,
    from_day    INTEGER,            -- NULL, as the two below, for an export: it is of everything
    to_day      INTEGER,
    timezone    TEXT,
    created_ms  INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    until_ms    INTEGER,            -- when another worker may take over one that runs
    ended_ms    INTEGER,
    failure     TEXT,
    attempt     INTEGER NOT NULL,
    days_done   INTEGER NOT NULL,
    days_all    INTEGER NOT NULL,
    chunks      INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    CONSTRAINT a_job_is_about_days_or_everything
        CHECK ((from_day IS NULL) = (to_day IS NULL) AND (from_day IS NULL) = (timezone IS NULL)),
    CONSTRAINT a_job_that_runs_has_a_lease CHECK ((state = 'running') = (until_ms IS NOT NULL)),
    CONSTRAINT a_job_that_ended_did_so_some_time
        CHECK ((state IN ('done', 'failed', 'cancelled')) = (ended_ms IS NOT NULL)),
    CONSTRAINT a_job_that_failed_says_why CHECK ((state = 'failed') = (failure IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX report_jobs_by_user ON report_jobs (user_number, created_ms);
CREATE INDEX report_jobs_unfinished ON report_jobs (created_ms) WHERE state IN ('queued', 'running');
CREATE INDEX report_jobs_by_end ON report_jobs (ended_ms) WHERE ended_ms IS NOT NULL;

-- Of which job a chunk is part is no foreign key: a job is deleted at once, its chunks a few at a time.
CREATE TABLE report_chunks (
    rowid       INTEGER PRIMARY KEY,
    user_number INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    job_id      BLOB    NOT NULL,
    attempt     INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    bytes       BLOB    NOT NULL,
    UNIQUE (job_id, attempt, number)
) STRICT;

CREATE INDEX report_chunks_by_user ON report_chunks (user_number);
