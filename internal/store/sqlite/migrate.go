package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// serial is the type of a number that SQLite counts up.
const serial = "INTEGER PRIMARY KEY AUTOINCREMENT"

// schemaVersion reads the version of the schema, in a transaction or by itself.
func schemaVersion(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
}) (version int, err error) {
	err = q.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version)
	return version, err
}

// begin begins a transaction that may write, and migrates an older schema in it. By then another process may have done
// so.
func (c *connection) begin(ctx context.Context) (*sql.Tx, error) {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil || !c.isOld() {
		return tx, err
	}
	version, err := schemaVersion(ctx, tx)
	switch {
	case err != nil:
	case version > store.SchemaVersion+1:
		err = store.NewerSchema(c.engine.path, version)
	case version >= store.SchemaVersion:
		c.version.Store(int64(version))
	default:
		err = migrate(ctx, tx, version)
	}
	if err == nil {
		return tx, nil
	}
	if isReadOnly(err) {
		err = tokens.Unavailable(err,
			"database %s has schema version %d; even to read it, this program brings it to version %d in a "+
				"transaction that it drops, "+
				"and this user can't write to the file; nothing was changed: give the user the right to write to the file, its "+
				"-wal and -shm files, "+
				"and its directory, or make a change as a user who has that right", c.engine.path, version, store.SchemaVersion)
	}
	return nil, errors.Join(err, tx.Rollback())
}

// migrate turns the schema of a version, 0 for none, into the one of this program, within a transaction.
func migrate(ctx context.Context, tx *sql.Tx, from int) error {
	if err := store.Migrate(ctx, store.NewTx(tokens.Database{}, tx), from, store.SchemaVersion, serial); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", store.SchemaVersion))
	return err
}
