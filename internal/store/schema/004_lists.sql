-- Lists of access tokens are searched, ordered and cut by indexes of what lies in one row: the group of the technical user
-- (empty at organization level), the end of the current secret, and texts in lower case. The last are filled in for older
-- rows by the program, since databases differ in what they take for a letter.
ALTER TABLE access_tokens ADD COLUMN group_id TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN secret_ends_at BIGINT;
ALTER TABLE access_tokens ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN description_key TEXT NOT NULL DEFAULT '';
ALTER TABLE technical_users ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE technical_users ADD COLUMN email_key TEXT NOT NULL DEFAULT '';

UPDATE access_tokens SET
	group_id = coalesce((SELECT u.group_id FROM technical_users u WHERE u.id = technical_user_id), ''),
	secret_ends_at = CASE WHEN ttl_seconds > 0 THEN
		(SELECT s.created_at FROM secrets s WHERE s.access_token_id = access_tokens.id AND s.version = secret_version) + ttl_seconds * 1000000
		ELSE expires_at END;

CREATE INDEX access_tokens_by_creation ON access_tokens (visibility, created_at, id);
CREATE INDEX access_tokens_by_name ON access_tokens (visibility, name_key, name, created_at, id);
CREATE INDEX access_tokens_by_end ON access_tokens (visibility, secret_ends_at, created_at, id);
CREATE INDEX access_tokens_by_use ON access_tokens (visibility, last_used_at, created_at, id);
CREATE INDEX access_tokens_in_group_by_creation ON access_tokens (group_id, visibility, created_at, id);
CREATE INDEX access_tokens_in_group_by_name ON access_tokens (group_id, visibility, name_key, name, created_at, id);
CREATE INDEX access_tokens_in_group_by_end ON access_tokens (group_id, visibility, secret_ends_at, created_at, id);
CREATE INDEX access_tokens_in_group_by_use ON access_tokens (group_id, visibility, last_used_at, created_at, id);
CREATE INDEX access_tokens_of_creator ON access_tokens (creator_id, visibility);
