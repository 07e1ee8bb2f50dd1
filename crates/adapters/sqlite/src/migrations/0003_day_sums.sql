-- What the counted pieces of a day sum up to, for long reports, and the version of the day that the sums are of: of any
-- other version they say nothing.
ALTER TABLE ledger_days ADD COLUMN sums BLOB;
ALTER TABLE ledger_days ADD COLUMN sums_version INTEGER;
