-- What people call their apps, and how they sort their time: lines of text, as a whole.

CREATE TABLE labels (
    user_number INTEGER PRIMARY KEY REFERENCES users (number) ON DELETE CASCADE,
    mark        INTEGER NOT NULL,  -- of this version alone; random
    said        TEXT    NOT NULL
) STRICT;
