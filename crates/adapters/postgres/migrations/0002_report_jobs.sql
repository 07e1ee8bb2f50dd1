-- Long reports made in the background, and their results in chunks. Both go with their person.

CREATE TABLE report_jobs (
    id           uuid PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    kind         text NOT NULL,
    format       text NOT NULL,
    -- Null for an export, as the two below: it is of everything.
    from_day     date,
    to_day       date,
    timezone     text,
    created_at   timestamptz NOT NULL,
    state        text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    -- When another worker may take over one that runs.
    leased_until timestamptz,
    ended_at     timestamptz,
    failure      text,
    attempt      bigint NOT NULL,
    days_done    bigint NOT NULL,
    days_all     bigint NOT NULL,
    chunks       bigint NOT NULL,
    bytes        bigint NOT NULL,
    CONSTRAINT report_jobs_days CHECK ((from_day IS NULL) = (to_day IS NULL) AND (from_day IS NULL) = (timezone IS NULL)),
    CONSTRAINT report_jobs_lease CHECK ((state = 'running') = (leased_until IS NOT NULL)),
    CONSTRAINT report_jobs_end CHECK ((state IN ('done', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CONSTRAINT report_jobs_failure CHECK ((state = 'failed') = (failure IS NOT NULL))
) WITH (fillfactor = 50);
CREATE INDEX report_jobs_by_user ON report_jobs (user_id, created_at);
CREATE INDEX report_jobs_unfinished ON report_jobs (created_at, id) WHERE state IN ('queued', 'running');
CREATE INDEX report_jobs_by_end ON report_jobs (ended_at) WHERE ended_at IS NOT NULL;

-- Of which job a chunk is part is no foreign key: a job is deleted at once, its chunks a few at a time.
CREATE TABLE report_chunks (
    job_id  uuid NOT NULL,
    attempt bigint NOT NULL,
    number  bigint NOT NULL,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    bytes   bytea NOT NULL,
    PRIMARY KEY (job_id, attempt, number)
);
CREATE INDEX report_chunks_by_user ON report_chunks (user_id);
