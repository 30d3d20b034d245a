-- The two roles by which Latchkey uses a database on a PostgreSQL server, and the schema that holds its tables. Run this
-- once, as an administrator of the server, in a database that is Latchkey's alone, with $ADMIN like
-- 'host=db.acme.example user=postgres sslmode=verify-full':
--
--     psql "$ADMIN dbname=postgres" -c "CREATE DATABASE latchkey ENCODING 'UTF8' TEMPLATE template0"
--     psql "$ADMIN dbname=latchkey" -v ON_ERROR_STOP=1 --single-transaction -f grants.sql
--     psql "$ADMIN dbname=latchkey" -c '\password latchkey' -c '\password latchkey_verify'

-- Owns the schema and nothing else. Terraform, the command line and the servers that manage tokens use it.
CREATE ROLE latchkey LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;

-- Verifies values, and can't change anything: for servers in places where nobody is to manage tokens. verifier.sql gives it
-- what it may read.
CREATE ROLE latchkey_verify LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;

-- Nobody else connects, and neither of them makes anything outside the schema, not even a temporary table.
REVOKE ALL ON DATABASE latchkey FROM PUBLIC;
GRANT CONNECT ON DATABASE latchkey TO latchkey, latchkey_verify;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- An administrator who is no superuser, as of a managed service, makes a schema for a role only as a member of it.
GRANT latchkey TO CURRENT_USER;
CREATE SCHEMA latchkey AUTHORIZATION latchkey;
REVOKE latchkey FROM CURRENT_USER;
