-- Custom roles and visibility. Permissions are separated by spaces.

CREATE TABLE roles (
	id          TEXT NOT NULL PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE,
	description TEXT NOT NULL,
	permissions TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL
);

ALTER TABLE access_tokens ADD COLUMN visibility TEXT NOT NULL DEFAULT 'organization';
ALTER TABLE access_tokens ADD COLUMN creator_id TEXT NOT NULL DEFAULT '';
