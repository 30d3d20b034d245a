package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Inspection is what a look at a database finds. What could not be found is zero.
type Inspection struct {
	// Location is the absolute path.
	Location string
	// Files are the file and, where they exist, those that SQLite uses beside it. None where there is no file.
	Files []File
	// Directories are those that hold the file and symbolic links to it. None where files have no owners.
	Directories []File
	// Unusable says why no operation works; nil where all do.
	Unusable error
	// Foreign says what in the schema Latchkey did not make; empty for nothing.
	Foreign string
	// ReadOnly means that nothing can be written where the database is.
	ReadOnly bool
	// LatestSchema is the version of the schema that this program writes.
	LatestSchema int
	// JournalMode is SQLite's; a database of ours has "wal".
	JournalMode string
	// Damage lists what a check of all pages and references found wrong.
	Damage []string
	// Content is what the database holds.
	store.Content
}

// File is a file of the database, or a directory.
type File struct {
	Path string
	Size int64
	Mode fs.FileMode
	// Owner is the number of the user that it belongs to; negative where files have no owners.
	Owner int
	// Problem says why it can't be trusted; empty if it can.
	Problem string
}

// Inspect looks at the SQLite file at the path, without changing it. The files -wal and -shm may appear beside it,
// as with every reader.
func Inspect(ctx context.Context, path string) (Inspection, error) {
	f, err := newDatabaseFile("database", path)
	if err != nil {
		return Inspection{}, err
	}
	return f.inspect(ctx, "mode=ro"), nil
}

// inspect looks at the file through connections with the options.
func (f databaseFile) inspect(ctx context.Context, options string) Inspection {
	i := Inspection{Location: f.path, LatestSchema: store.SchemaVersion, ReadOnly: f.isReadOnlyMedium()}
	distrusted, err := f.inspectPlace(ctx, &i)
	if err == nil {
		_, err = f.look()
	}
	if err != nil {
		i.Unusable = err
		return i
	}
	if distrusted != nil {
		options = still // what stands beside the file is not to be read
	}
	err = f.query(ctx, options, &i)
	if errors.Is(err, errMigrated) {
		err = f.query(ctx, options, &i)
	}
	if err != nil && options != still && f.needsStillness(err) {
		if err = f.mayBeStill(); err == nil {
			err = f.query(ctx, still, &i)
		}
	}
	if i.Unusable = distrusted; distrusted == nil {
		i.Unusable = store.Explain(f, err)
	}
	return i
}

// inspectPlace describes the files and directories, and returns the error about them that keeps operations from working.
func (f databaseFile) inspectPlace(ctx context.Context, i *Inspection) (distrusted, err error) {
	p, err := f.place(ctx)
	if err != nil {
		return nil, err
	}
	problems := p.problems()
	describe := func(path string, info fs.FileInfo) File {
		file := File{Path: path, Size: info.Size(), Mode: info.Mode(), Owner: -1}
		if owner, ok := ownerOf(info); ok {
			file.Owner = int(owner)
		}
		for _, problem := range problems {
			if problem.path == path {
				file.Problem = problem.text
			}
		}
		return file
	}
	path, _ := f.followLinks()
	for _, suffix := range fileSuffixes {
		if info, err := os.Lstat(path + suffix); err == nil {
			i.Files = append(i.Files, describe(path+suffix, info))
		}
	}
	for _, d := range p.directories {
		if info, err := os.Stat(d.path); err == nil {
			i.Directories = append(i.Directories, describe(d.path, info))
		}
	}
	if len(problems) > 0 {
		distrusted = f.explainDistrust(problems)
	}
	return distrusted, nil
}

// query finds what only SQLite can tell.
func (f databaseFile) query(ctx context.Context, options string, i *Inspection) (err error) {
	db, err := f.pool(options + "&_query_only=true")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c := newConnection(f, db)
	s, err := readSchema(ctx, db)
	if err != nil {
		return err
	}
	i.SchemaVersion = s.version
	if i.JournalMode, err = journalModeInHeader(ctx, db); err != nil {
		return err
	}
	if i.Damage, err = damage(ctx, db); err != nil {
		return err
	}
	foreign := s.check(ctx, f, db)
	if known, ok := errors.AsType[*foreignSchemaError](foreign); ok {
		i.Foreign = known.what
	} else if foreign != nil {
		return foreign
	}
	c.version.Store(int64(s.version))
	if i.Database, err = store.Identify(ctx, c.statements, f.path); err != nil {
		return cmp.Or(foreign, err)
	}
	c.database = i.Database
	if foreign != nil {
		return foreign
	}
	if c.isNewer() {
		return store.NewerSchema(f.path, i.SchemaVersion)
	}
	return store.NewView(c.database, c.statements).OnSchema(i.SchemaVersion).Inspect(ctx, &i.Content, func() ([]string, bool, error) {
		if len(i.Damage) > 0 { // what is damaged can't be copied
			return nil, false, nil
		}
		problems, err := f.unsoundMigrated(ctx, options, i.SchemaVersion)
		return problems, true, err
	})
}

// errMigrated says that somebody has migrated the file since its version was read.
var errMigrated = errors.New("the file was migrated meanwhile")

// unsoundMigrated is store.View.Unsound for a file of an older version of the schema. It may be that nothing can be written
// there, so its rows are copied to a temporary database, in which they are migrated, and of which nothing stays.
func (f databaseFile) unsoundMigrated(ctx context.Context, options string, version int) (problems []string, err error) {
	const temporary = "" // SQLite keeps it in memory and, where it gets large, in a file without a name
	db, err := emptyDatabase(ctx, temporary, version)
	if err != nil {
		return nil, f.explainTemporary(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `ATTACH $1 AS older`, f.dsn(options)); err != nil {
		return nil, err
	}
	err = inTransaction(ctx, db, func(tx *sql.Tx) error {
		var now int
		if err := tx.QueryRowContext(ctx, `PRAGMA older.user_version`).Scan(&now); err != nil || now != version {
			return cmp.Or(err, errMigrated)
		}
		var copies []string
		err := eachRow(ctx, tx, `SELECT 'INSERT INTO main.' || name || ' SELECT * FROM older.' || name
			FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`,
			func(rows *sql.Rows) error {
				var statement string
				err := rows.Scan(&statement)
				copies = append(copies, statement)
				return err
			})
		if err != nil {
			return err
		}
		for _, statement := range copies {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		problems, err = store.NewTx(tokens.Database{}, tx).UnsoundMigrated(ctx, version, serial)
		return err
	})
	return problems, f.explainTemporary(err)
}

// explainTemporary says why there is no temporary database.
func (f databaseFile) explainTemporary(err error) error {
	if isFullDisk(err) || resultCode(err) == sqlite3.SQLITE_IOERR_GETTEMPPATH {
		return tokens.Unavailable(err, "the rows of %s, which an older release wrote, can't be checked, since there is no room "+
			"for temporary files: free some space, or name a directory for them in the environment variable SQLITE_TMPDIR",
			f.path)
	}
	return err
}

// damage returns what SQLite finds wrong with its pages and indexes, and with references between rows. Each row is looked
// up in each index: one that was forged to hide some has as many entries as its table, which is all that quick_check asks.
func damage(ctx context.Context, db *sql.DB) ([]string, error) {
	var found []string
	err := eachRow(ctx, db, `PRAGMA integrity_check(10)`, func(rows *sql.Rows) error {
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
func eachRow(ctx context.Context, q queryRower, query string, fn func(*sql.Rows) error) (err error) {
	rows, err := q.QueryContext(ctx, query)
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
