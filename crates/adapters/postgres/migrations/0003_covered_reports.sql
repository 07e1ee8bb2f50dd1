-- A person's pieces lie scattered over a month's pages, between everybody else's. The key carries what a report reads, so
-- that a long report reads one stretch of an index instead of a page for each piece.
ALTER TABLE app_usage DROP CONSTRAINT app_usage_pkey;
ALTER TABLE app_usage ADD PRIMARY KEY (user_id, start_time) INCLUDE (end_time, device_id, app_name, domain);
