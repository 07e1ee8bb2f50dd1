-- How long a person wants their timeline kept, as `400d`, `18mo` or `3y`; NULL for as long as the installation keeps any.
ALTER TABLE users ADD COLUMN keep TEXT;

-- The first day that is kept, in days since 1970-01-01; NULL if all are. What comes of days before it is forgotten.
ALTER TABLE users ADD COLUMN kept_from INTEGER;
