-- Of what a report is, and when its person's days and weeks began. A job of before is of everything, and of days from
-- midnight to midnight.

ALTER TABLE report_jobs ADD COLUMN day_start_minutes INTEGER NOT NULL DEFAULT 0
    CHECK (day_start_minutes BETWEEN 0 AND 720);
ALTER TABLE report_jobs ADD COLUMN week_start TEXT NOT NULL DEFAULT 'monday'
    CHECK (week_start IN ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'));
-- NULL: of all of them. '' as domain or project: of what has none.
ALTER TABLE report_jobs ADD COLUMN app_name TEXT;
ALTER TABLE report_jobs ADD COLUMN domain TEXT;
ALTER TABLE report_jobs ADD COLUMN project TEXT;
ALTER TABLE report_jobs ADD COLUMN device_id TEXT;
