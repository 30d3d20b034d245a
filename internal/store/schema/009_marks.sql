-- Each change raises the serial in the one row of database, and leaves a random mark under it, for good: so a database can
-- be told from its older copies and from those that went their own way. serial is 0 until the first change that is
-- counted. Marks from before known_until count as known, since the database was put back on purpose then.
ALTER TABLE database ADD COLUMN serial BIGINT NOT NULL DEFAULT 0;
ALTER TABLE database ADD COLUMN changed_at BIGINT;
ALTER TABLE database ADD COLUMN known_until BIGINT;

CREATE TABLE marks (
	serial SERIAL,
	mark   TEXT NOT NULL
);
