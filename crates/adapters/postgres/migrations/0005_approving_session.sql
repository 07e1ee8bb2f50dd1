-- A code that a person approved is worth no more than the session they did it in.
ALTER TABLE device_logins ADD COLUMN approved_in uuid REFERENCES sessions ON DELETE CASCADE;
CREATE INDEX device_logins_by_session ON device_logins (approved_in);

-- Nobody knows in which session these were approved. Their devices ask again.
DELETE FROM device_logins WHERE approved_by IS NOT NULL;
