-- A code that a person approved is worth no more than the session they did it in.

ALTER TABLE device_logins ADD COLUMN approved_in BLOB REFERENCES sessions (id) ON DELETE CASCADE;

CREATE INDEX device_logins_by_session ON device_logins (approved_in) WHERE approved_in IS NOT NULL;

-- Nobody knows in which session these were approved. Their devices ask again.
DELETE FROM device_logins WHERE approved_by IS NOT NULL;
