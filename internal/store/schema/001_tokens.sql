-- Instants are microseconds since 1970, NULL for none. Hashes are hexadecimal. Roles in groups have a table of their own;
-- group_roles_set tells an empty set of them from one that was never set.
--
-- The rows of secrets outlive their token, so that a value that was used once never opens anything again.

CREATE TABLE database (
	id           TEXT NOT NULL PRIMARY KEY,
	organization TEXT NOT NULL,
	created_at   BIGINT NOT NULL
);

CREATE TABLE groups (
	id          TEXT NOT NULL PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE,
	description TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL
);

CREATE TABLE members (
	id              TEXT NOT NULL PRIMARY KEY,
	email           TEXT NOT NULL,
	name            TEXT NOT NULL,
	role            TEXT NOT NULL,
	group_roles_set BOOLEAN NOT NULL,
	created_at      BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX members_email ON members (lower(email));

CREATE TABLE technical_users (
	id              TEXT NOT NULL PRIMARY KEY,
	name            TEXT NOT NULL,
	description     TEXT NOT NULL,
	email           TEXT NOT NULL UNIQUE,
	group_id        TEXT REFERENCES groups (id),
	role            TEXT NOT NULL,
	group_roles_set BOOLEAN NOT NULL,
	enabled         BOOLEAN NOT NULL,
	disabled_by     TEXT,
	disabled_at     BIGINT,
	system_created  BOOLEAN NOT NULL,
	created_at      BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX technical_users_name ON technical_users (coalesce(group_id, ''), name);
CREATE INDEX technical_users_group ON technical_users (group_id);

CREATE TABLE access_tokens (
	id                TEXT NOT NULL PRIMARY KEY,
	name              TEXT NOT NULL,
	description       TEXT NOT NULL,
	technical_user_id TEXT REFERENCES technical_users (id),
	role              TEXT NOT NULL,
	group_roles_set   BOOLEAN NOT NULL,
	enabled           BOOLEAN NOT NULL,
	disabled_by       TEXT,
	disabled_at       BIGINT,
	held_by           TEXT,
	held_at           BIGINT,
	held_reason       TEXT,
	activates_at      BIGINT,
	expires_at        BIGINT,
	ttl_seconds       BIGINT NOT NULL,
	secret_version    BIGINT NOT NULL,
	created_at        BIGINT NOT NULL,
	updated_at        BIGINT NOT NULL,
	regenerated_at    BIGINT,
	last_used_at      BIGINT
);
CREATE INDEX access_tokens_technical_user ON access_tokens (technical_user_id, name);
CREATE INDEX access_tokens_unused ON access_tokens (technical_user_id, name, id) WHERE last_used_at IS NULL;
CREATE INDEX access_tokens_unused_name ON access_tokens (name, id) WHERE last_used_at IS NULL;

CREATE TABLE secrets (
	hash            TEXT NOT NULL PRIMARY KEY,
	access_token_id TEXT NOT NULL,
	version         BIGINT NOT NULL,
	preview         TEXT NOT NULL,
	created_at      BIGINT NOT NULL,
	ended_at        BIGINT
);
CREATE UNIQUE INDEX secrets_version ON secrets (access_token_id, version);

CREATE TABLE group_roles (
	holder_id TEXT NOT NULL,
	group_id  TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
	role      TEXT NOT NULL,
	PRIMARY KEY (holder_id, group_id)
);
CREATE INDEX group_roles_group ON group_roles (group_id);

CREATE TABLE token_shares (
	access_token_id TEXT NOT NULL REFERENCES access_tokens (id),
	member_id       TEXT NOT NULL REFERENCES members (id),
	role            TEXT NOT NULL,
	created_at      BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL,
	PRIMARY KEY (access_token_id, member_id)
);
CREATE INDEX token_shares_member ON token_shares (member_id);

CREATE TABLE requests (
	id         TEXT NOT NULL PRIMARY KEY,
	actor      TEXT NOT NULL,
	operation  TEXT NOT NULL,
	digest     TEXT NOT NULL,
	object_id  TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX requests_created ON requests (created_at);

CREATE TABLE events (
	number      SERIAL,
	id          TEXT NOT NULL,
	at          BIGINT NOT NULL,
	actor       TEXT NOT NULL,
	action      TEXT NOT NULL,
	object_id   TEXT NOT NULL,
	object_name TEXT NOT NULL,
	outcome     TEXT NOT NULL,
	detail      TEXT NOT NULL
);
CREATE INDEX events_object ON events (object_id, number);
