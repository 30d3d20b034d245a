package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// sqliteSerial is the type of a number that SQLite counts up.
const sqliteSerial = "INTEGER PRIMARY KEY AUTOINCREMENT"

// version reads the version of the schema.
func (f sqliteFile) version(ctx context.Context, q querier) (version int, err error) {
	version, _, err = find(ctx, q, func(row scanner) (version int, err error) {
		err = row.Scan(&version)
		return version, err
	}, `PRAGMA user_version`)
	return version, err
}

// begin begins a transaction that may write, and migrates an older schema in it. By then another process may have done so.
func (f sqliteFile) begin(ctx context.Context, c *connections) (*sql.Tx, error) {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil || !c.isOld() {
		return tx, err
	}
	version, err := f.version(ctx, tx)
	switch {
	case err != nil:
	case version > schemaVersion+1:
		err = newerSchema(f.path, version)
	case version >= schemaVersion:
		c.version.Store(int64(version))
	default:
		err = f.migrate(ctx, tx, version)
	}
	if err == nil {
		return tx, nil
	}
	if isReadOnly(err) {
		err = tokens.Unavailable(err, "database %s has schema version %d, which even a look at it turns into version %d, in a transaction that is dropped, and this user can't write the file; nothing was changed: "+
			"give the user the right to write the file, its -wal and -shm files, and its directory, or make a change as a user who has it", f.path, version, schemaVersion)
	}
	return nil, errors.Join(err, tx.Rollback())
}

// migrate turns the schema of a version, 0 for none, into the one of this program, within a transaction.
func (f sqliteFile) migrate(ctx context.Context, tx *sql.Tx, from int) error {
	for _, migration := range migrations[from:] {
		if _, err := tx.ExecContext(ctx, strings.ReplaceAll(migration, "SERIAL", sqliteSerial)); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
	return err
}
