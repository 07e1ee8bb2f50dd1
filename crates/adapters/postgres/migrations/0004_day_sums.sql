-- What the counted pieces of a day sum up to, for long reports, and the version of the day that the sums are of: of any
-- other version they say nothing, so that a program which does not know them may move a day on.
ALTER TABLE ledger_days ADD COLUMN sums bytea, ADD COLUMN sums_version bigint;
-- In the row as long as a page has room, and not in a table beside it: they are written and read with the version.
ALTER TABLE ledger_days ALTER COLUMN sums SET STORAGE MAIN;
