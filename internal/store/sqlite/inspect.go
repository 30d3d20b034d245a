package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Inspection is what a look at a database finds. What could not be found is zero.
type Inspection struct {
	// Location is the absolute path.
	Location string
	// Files are the file and, where they exist, those that SQLite keeps beside it. None where there is no file.
	Files []File
	// Unusable says why no operation works; nil where all do.
	Unusable error
	Database tokens.Database
	// SchemaVersion is that of the database; LatestSchema is the one that this program writes.
	SchemaVersion, LatestSchema int
	// JournalMode is SQLite's; a database of ours has "wal".
	JournalMode string
	// Damage lists what a check of all pages and references found wrong.
	Damage []string
	// Unsound lists rows that this program can't have written.
	Unsound []string
	// Counts holds how many objects there are of each kind.
	Counts []Count
	// LastEvent is the newest one.
	LastEvent tokens.Event
}

// File is a file of the database.
type File struct {
	Path string
	Size int64
	Mode fs.FileMode
}

// Count is how many rows a table has.
type Count struct {
	Noun string
	Rows int64
}

// Inspect looks at the SQLite file at the path, without changing it. The files -wal and -shm may appear beside it,
// as with every reader.
func Inspect(ctx context.Context, path string) (Inspection, error) {
	f, err := newDatabaseFile("database", path)
	if err != nil {
		return Inspection{}, err
	}
	return f.inspect(ctx, "mode=ro&_query_only=true"), nil
}

// inspect looks at the file through connections with the options.
func (f databaseFile) inspect(ctx context.Context, options string) Inspection {
	i := Inspection{Location: f.path, LatestSchema: store.SchemaVersion}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(f.path + suffix); err == nil {
			i.Files = append(i.Files, File{f.path + suffix, info.Size(), info.Mode()})
		}
	}
	if _, i.Unusable = f.look(); i.Unusable == nil {
		i.Unusable = store.Explain(f, f.query(ctx, options, &i))
	}
	return i
}

// query finds what only SQLite can tell.
func (f databaseFile) query(ctx context.Context, options string, i *Inspection) (err error) {
	db, err := f.pool(options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c := newConnection(f, db)
	for _, pragma := range []struct {
		name   string
		target any
	}{{"user_version", &i.SchemaVersion}, {"journal_mode", &i.JournalMode}} {
		if err := db.QueryRowContext(ctx, `PRAGMA `+pragma.name).Scan(pragma.target); err != nil {
			return err
		}
	}
	if i.Damage, err = damage(ctx, db); err != nil {
		return err
	}
	if err := f.identify(ctx, c); err != nil {
		return err
	}
	i.Database = c.database
	if c.isNewer() {
		return store.NewerSchema(f.path, i.SchemaVersion)
	}
	for _, table := range []struct{ name, noun string }{
		{"groups", "groups"}, {"roles", "custom roles"}, {"members", "members"},
		{"technical_users", "technical users"}, {"access_tokens", "access tokens"},
		{"token_shares", "token shares"}, {"events", "events"},
	} {
		if table.name == "roles" && i.SchemaVersion < 2 {
			continue
		}
		count := Count{Noun: table.noun}
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM `+table.name).Scan(&count.Rows); err != nil {
			return err
		}
		i.Counts = append(i.Counts, count)
	}
	v := store.NewView(c.database, c.statements)
	if i.SchemaVersion == store.SchemaVersion {
		if i.Unsound, err = v.Unsound(ctx); err != nil || len(i.Unsound) > 0 {
			return err
		}
	}
	events, err := v.Events(ctx, store.EventSelection{
		EventQuery: tokens.EventQuery{Limit: 1},
		Audience:   store.Audience{All: true},
	})
	if len(events) > 0 {
		i.LastEvent = events[0].Event
	}
	return err
}

// damage returns what SQLite finds wrong with its pages and indexes, and with references between rows.
func damage(ctx context.Context, db *sql.DB) ([]string, error) {
	var found []string
	err := eachRow(ctx, db, `PRAGMA quick_check(10)`, func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		if text != "ok" {
			found = append(found, text)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = eachRow(ctx, db, `PRAGMA foreign_key_check`, func(rows *sql.Rows) error {
		var table, parent string
		var number, constraint any
		err := rows.Scan(&table, &number, &parent, &constraint)
		found = append(found, fmt.Sprintf("row %v of %s refers to a row of %s that is not there", number, table, parent))
		return err
	})
	return found, err
}

// eachRow calls fn with each row that a query yields.
func eachRow(ctx context.Context, db *sql.DB, query string, fn func(*sql.Rows) error) (err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
