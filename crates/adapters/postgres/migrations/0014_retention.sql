-- How long timelines are kept, and from which day on.
ALTER TABLE users
    -- What the person chose, as 400d, 18mo or 3y; NULL for as long as the installation keeps any.
    ADD COLUMN keep text,
    -- The first day that is kept; NULL if all are. What comes of days before it is forgotten.
    ADD COLUMN kept_from date;
CREATE INDEX users_with_a_border ON users (id) WHERE keep IS NOT NULL OR kept_from IS NOT NULL;

-- For how long the processes keep timelines, in words, and when each said so last. The first of them that is there
-- removes what is past, if all say the same.
CREATE TABLE retention_nodes (
    node    uuid PRIMARY KEY,
    keep    text NOT NULL,
    told_at timestamptz NOT NULL
);
