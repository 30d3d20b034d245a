-- A custom role is held by its id, so that one made later under its name is another one. The name beside the id is what
-- the release before verifies by; here, a name without an id counts only where it is that of a built-in role. A name
-- that no role has by now grants nothing, and reads as none; an empty one on a token still means: not narrowed.
ALTER TABLE members ADD COLUMN role_id TEXT REFERENCES roles (id);
ALTER TABLE technical_users ADD COLUMN role_id TEXT REFERENCES roles (id);
ALTER TABLE access_tokens ADD COLUMN role_id TEXT REFERENCES roles (id);
ALTER TABLE group_roles ADD COLUMN role_id TEXT REFERENCES roles (id);

UPDATE members SET role_id = (SELECT r.id FROM roles r WHERE r.name = members.role),
	role = CASE WHEN EXISTS (SELECT 1 FROM roles r WHERE r.name = members.role) THEN role ELSE 'none' END
	WHERE role NOT IN ('', 'none', 'viewer', 'member', 'manager', 'administrator', 'owner');
UPDATE technical_users SET role_id = (SELECT r.id FROM roles r WHERE r.name = technical_users.role),
	role = CASE WHEN EXISTS (SELECT 1 FROM roles r WHERE r.name = technical_users.role) THEN role ELSE 'none' END
	WHERE role NOT IN ('', 'none', 'viewer', 'member', 'manager', 'administrator', 'owner');
UPDATE access_tokens SET role_id = (SELECT r.id FROM roles r WHERE r.name = access_tokens.role),
	role = CASE WHEN EXISTS (SELECT 1 FROM roles r WHERE r.name = access_tokens.role) THEN role ELSE 'none' END
	WHERE role NOT IN ('', 'none', 'viewer', 'member', 'manager', 'administrator', 'owner');
UPDATE group_roles SET role_id = (SELECT r.id FROM roles r WHERE r.name = group_roles.role),
	role = CASE WHEN EXISTS (SELECT 1 FROM roles r WHERE r.name = group_roles.role) THEN role ELSE 'none' END
	WHERE role NOT IN ('', 'none', 'viewer', 'member', 'manager', 'administrator', 'owner');

CREATE INDEX members_with_role ON members (role_id) WHERE role_id IS NOT NULL;
CREATE INDEX technical_users_with_role ON technical_users (role_id) WHERE role_id IS NOT NULL;
CREATE INDEX access_tokens_with_role ON access_tokens (role_id) WHERE role_id IS NOT NULL;
CREATE INDEX group_roles_with_role ON group_roles (role_id) WHERE role_id IS NOT NULL;
