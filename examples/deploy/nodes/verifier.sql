-- What the role latchkey_verify may read: the tables that say whether a value is good, and no events, requests or shares.
-- Run this as the role latchkey, once that has made its tables (`latchkey bootstrap`, `latchkey restore`, or the first apply):
--
--     psql "postgres://latchkey@db.acme.example/latchkey?sslmode=verify-full" -v ON_ERROR_STOP=1 -f verifier.sql

GRANT USAGE ON SCHEMA latchkey TO latchkey_verify;
GRANT SELECT ON
    latchkey.schema_version,
    latchkey.database,
    latchkey.marks,
    latchkey.changes,
    latchkey.secrets,
    latchkey.access_tokens,
    latchkey.technical_users,
    latchkey.members,
    latchkey.roles,
    latchkey.group_roles
TO latchkey_verify;
