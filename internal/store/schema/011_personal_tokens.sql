-- A personal token belongs to a member: it has member_id in the place of technical_user_id. A release that does not know
-- the column finds nobody to whom such a token belongs, and refuses it.
ALTER TABLE access_tokens ADD COLUMN member_id TEXT REFERENCES members (id);
CREATE INDEX access_tokens_of_member ON access_tokens (member_id, name, id) WHERE member_id IS NOT NULL;
