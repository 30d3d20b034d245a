-- Each index costs every new token a page. A list is put together level by level, so one index for each order is enough.
-- The one by name also finds unused namesakes, and requests to forget are found once an hour without any.
DROP INDEX access_tokens_by_creation;
DROP INDEX access_tokens_by_name;
DROP INDEX access_tokens_by_end;
DROP INDEX access_tokens_by_use;
DROP INDEX access_tokens_in_group_by_creation;
DROP INDEX access_tokens_in_group_by_name;
DROP INDEX access_tokens_in_group_by_end;
DROP INDEX access_tokens_in_group_by_use;
DROP INDEX access_tokens_of_creator;
DROP INDEX access_tokens_technical_user;
DROP INDEX access_tokens_unused;
DROP INDEX access_tokens_unused_name;
DROP INDEX requests_created;

CREATE INDEX access_tokens_at_level_by_creation ON access_tokens (group_id, visibility, created_at, id);
CREATE INDEX access_tokens_at_level_by_name ON access_tokens (group_id, visibility, name_key, name, created_at, id);
CREATE INDEX access_tokens_at_level_by_end ON access_tokens (group_id, visibility, secret_ends_at, created_at, id);
CREATE INDEX access_tokens_at_level_by_use ON access_tokens (group_id, visibility, last_used_at, created_at, id);
CREATE INDEX access_tokens_of_user ON access_tokens (technical_user_id, name, id);
CREATE INDEX access_tokens_restricted_of_creator ON access_tokens (creator_id) WHERE visibility = 'restricted';
