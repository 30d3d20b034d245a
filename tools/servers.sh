#!/bin/sh
# Names each real server, and each client of one, that tests need and this machine lacks. Their tests skip themselves, unless
# REQUIRE_GATEWAYS and REQUIRE_POSTGRES are set: then they fail.
set -eu

# has PROGRAM: it is in the PATH, or where Debian keeps what no user starts.
has() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]; }

for program in nginx caddy haproxy curl psql pgbouncer; do
  has "$program" || printf 'Testing without %s: its tests are skipped.\n' "$program" >&2
done

if [ -z "${LATCHKEY_TEST_POSTGRES:-}" ] && ! has initdb && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
  printf 'Testing without PostgreSQL: its server programs, initdb and postgres, are missing, and its tests are skipped.\n' >&2
fi
