-- Each event is a link of a chain: its hash covers what it says and the hash before it. The row of database holds number and
-- hash of the last one, and of the one behind which the chain begins, since what was before was pruned, or was written
-- before events had hashes. Those that the hash of the checkpoint covers, earlier_events of them, have none of their own.
ALTER TABLE events ADD COLUMN hash TEXT NOT NULL DEFAULT '';
ALTER TABLE database ADD COLUMN event_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE database ADD COLUMN event_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE database ADD COLUMN checkpoint_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE database ADD COLUMN checkpoint_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE database ADD COLUMN earlier_events BIGINT NOT NULL DEFAULT 0;
