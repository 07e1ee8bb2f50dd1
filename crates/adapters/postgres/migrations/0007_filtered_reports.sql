-- Of what a report is, and when its person's days and weeks began. A job of before is of everything, and of days from
-- midnight to midnight.
ALTER TABLE report_jobs
    ADD COLUMN day_start_minutes smallint NOT NULL DEFAULT 0 CHECK (day_start_minutes BETWEEN 0 AND 720),
    ADD COLUMN week_start        text     NOT NULL DEFAULT 'monday',
    -- Null: of all of them. '' as domain or project: of what has none.
    ADD COLUMN app_name          text,
    ADD COLUMN domain            text,
    ADD COLUMN project           text,
    ADD COLUMN device_id         text;
