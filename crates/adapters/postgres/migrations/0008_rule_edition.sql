-- The edition of the timeline rule that all programs which write here must have: one row. `dayline migrate` of a program
-- that has a later one raises it, and from then on no earlier program commits anything.
CREATE TABLE rule_edition (
    edition     smallint NOT NULL CHECK (edition > 0),
    is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row)
);
INSERT INTO rule_edition (edition) VALUES (2);
