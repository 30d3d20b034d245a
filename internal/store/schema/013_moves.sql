-- Where the database was moved to, as people may read it; empty unless it was. Then nothing writes it any more.
ALTER TABLE database ADD COLUMN moved_to TEXT NOT NULL DEFAULT '';
