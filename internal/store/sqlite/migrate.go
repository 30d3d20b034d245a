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

// begin begins a transaction that may write, and migrates an older schema in it. By then another process may have done
// so.
func (c *connection) begin(ctx context.Context) (*sql.Tx, error) {
	return c.beginMigrated(ctx, true)
}

// beginToRead is begin for a transaction that is dropped at its end.
func (c *connection) beginToRead(ctx context.Context) (*sql.Tx, error) {
	return c.beginMigrated(ctx, false)
}

// beginMigrated begins a transaction that may write, and migrates an older schema in it.
func (c *connection) beginMigrated(ctx context.Context, forGood bool) (*sql.Tx, error) {
	tx, err := c.beginUnmigrated(ctx)
	if err != nil {
		return nil, err
	}
	if c.isOld() {
		err = migrate(ctx, tx, c.SchemaVersion(), forGood)
	}
	if err == nil {
		return tx, nil
	}
	version := c.SchemaVersion()
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

// beginUnmigrated begins a transaction that may write, and leaves the schema as it is by then.
func (c *connection) beginUnmigrated(ctx context.Context) (*sql.Tx, error) {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if err := c.checkAgain(ctx, tx); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// checkAgain checks the schema once more if anything in it changed since it was last seen.
func (c *connection) checkAgain(ctx context.Context, q queryRower) error {
	var cookie int64
	if err := q.QueryRowContext(ctx, `PRAGMA schema_version`).Scan(&cookie); err != nil || cookie == c.cookie.Load() {
		return err
	}
	s, err := readSchema(ctx, q)
	if err != nil {
		return err
	}
	if err := s.check(ctx, c.engine, q); err != nil {
		return err
	}
	c.version.Store(int64(s.version))
	c.cookie.Store(s.cookie)
	return nil
}

// migrate turns the schema of a version, 0 for none, into the one of this program, within a transaction.
func migrate(ctx context.Context, tx *sql.Tx, from int, forGood bool) error {
	in := store.NewTx(tokens.Database{}, tx)
	if !forGood {
		in = in.NotForGood()
	}
	if err := store.Migrate(ctx, in, from, store.SchemaVersion, serial); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", store.SchemaVersion))
	return err
}

// migrateFile turns the schema of a file, whichever version it has, into the one of this program, within a transaction.
func migrateFile(ctx context.Context, tx *sql.Tx) error {
	var version int
	if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil || version >= store.SchemaVersion {
		return err
	}
	return migrate(ctx, tx, version, true)
}
