-- What an event says for programs: the run in which the actor claimed to work, and a JSON object of facts. Both are empty
-- in older events.
ALTER TABLE events ADD COLUMN claimed_run TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN details TEXT NOT NULL DEFAULT '';
