-- A token that was made for one run, and is deleted when that is over. The next one of its technical user looks for those
-- that have expired.
ALTER TABLE access_tokens ADD COLUMN ephemeral BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX access_tokens_ephemeral ON access_tokens (technical_user_id, secret_ends_at) WHERE ephemeral;
