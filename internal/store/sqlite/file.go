package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// applicationID marks a file as a database of Latchkey: "LKey". `file` and SQLite's own tools show it.
	applicationID = 0x4c4b6579
	// busyTimeout is how long an operation waits for the lock of another process.
	busyTimeout = 20 * time.Second
)

// fileSuffixes end the names of a database's files: the file itself, and what SQLite keeps beside it.
var fileSuffixes = []string{"", "-wal", "-shm", "-journal"}

// driverName is the driver's name in database/sql, but in tests that look at statements.
var driverName = "sqlite"

// databaseFile is the store.Engine of a database in a file.
//
// Nothing in this program opens the file other than through SQLite, not even to look at its first bytes: POSIX drops
// the locks that a process has on a file when the process closes any descriptor of it, and with them goes what keeps
// two processes apart.
type databaseFile struct {
	// path is absolute.
	path string
	// busyTimeout is the constant of that name, but in tests.
	busyTimeout time.Duration
	// trusted is the directory that the environment trusts although everybody may write to it; empty for none.
	trusted string
}

var _ store.Engine = databaseFile{}

// New returns the engine of the SQLite file at the path. It does not touch the disk.
func New(path string) (store.Engine, error) {
	f, err := newDatabaseFile("database", path)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// newDatabaseFile returns the file at a path that a field names.
func newDatabaseFile(field, path string) (databaseFile, error) {
	if path == "" {
		return databaseFile{}, tokens.Invalid(field,
			"the path of the %s is empty: name a file, as in \"latchkey.db\"", field)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return databaseFile{}, tokens.Unavailable(err,
			"the %s path %q can't be made absolute: name an absolute path", field, path)
	}
	return databaseFile{absolute, busyTimeout, os.Getenv(tokens.TrustDirectoryVariable)}, nil
}

// Location implements store.Engine: an absolute path.
func (f databaseFile) Location() string { return f.path }

// Connect implements store.Engine. It opens the file, and makes it before where found is not nil and there is none.
func (f databaseFile) Connect(ctx context.Context, found store.Found) (store.Connection, error) {
	if err := f.checkPlace(ctx); err != nil {
		return nil, err
	}
	file, err := f.look()
	if tokens.IsNoDatabase(err) && found != nil {
		if err = f.make(ctx, found); err == nil {
			file, err = f.look()
		}
	}
	if err != nil {
		return nil, err
	}
	c, err := f.openAnyhow(ctx, file, "mode=rw", "&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	return c, nil
}

// openAnyhow opens the file that was at the path in a mode, with options, or as one that nothing changes where there is no
// other way.
func (f databaseFile) openAnyhow(ctx context.Context, file fs.FileInfo, mode, options string) (*connection, error) {
	c, err := f.open(ctx, file, mode+options)
	if err != nil && f.needsStillness(err) {
		if err = f.mayBeStill(); err == nil {
			c, err = f.open(ctx, file, still+options)
		}
	}
	return c, err
}

// open opens the file that was at the path, with options.
func (f databaseFile) open(ctx context.Context, file fs.FileInfo, options string) (*connection, error) {
	db, err := f.pool(options)
	if err != nil {
		return nil, err
	}
	c := newConnection(f, db)
	c.file, c.isStill = file, strings.HasPrefix(options, still)
	err = f.identify(ctx, c)
	if err == nil {
		// What was found before the file was open counts only if it is still so.
		if err = c.Check(); err == nil {
			err = f.checkPlace(ctx)
		}
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return c, nil
}

// look examines from outside what is at the path. Where there is nothing, the reason of the error says whether the file
// could be made.
func (f databaseFile) look() (fs.FileInfo, error) {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if target, linkErr := os.Readlink(f.path); linkErr == nil {
			return nil, tokens.Unavailable(nil,
				"database %s is a symbolic link to %s, which does not exist: restore that file, or remove the link",
				f.path, target)
		}
		if _, dirErr := os.Stat(filepath.Dir(f.path)); dirErr != nil {
			return nil, f.explainDirectory(dirErr)
		}
		return nil, tokens.Unavailable(nil,
			"there is no database at %s; check the path, or restore the file from a backup if it was lost",
			f.path).Because(tokens.ReasonNoDatabase)
	case err != nil:
		return nil, tokens.Unavailable(err,
			"database %s can't be reached: check the path and the permissions of its directories",
			f.path).Because(tokens.ReasonWrongPlace)
	case info.IsDir():
		return nil, tokens.Unavailable(nil, "database %s is a directory: name a file in it, as in %q",
			f.path, filepath.Join(f.path, "latchkey.db")).Because(tokens.ReasonWrongPlace)
	case !info.Mode().IsRegular():
		return nil, tokens.Unavailable(nil,
			"database %s is not a regular file (%s): name a file", f.path, info.Mode()).Because(tokens.ReasonWrongPlace)
	case info.Size() == 0:
		return nil, tokens.Unavailable(nil,
			"database %s is empty (0 bytes), as a failed copy leaves it: restore it from a backup, "+
				"or remove the file to start with a new database", f.path)
	}
	return info, nil
}

// stillNames fails when the path names another file than it did.
func (f databaseFile) stillNames(file fs.FileInfo) error {
	if now, err := os.Stat(f.path); err != nil || !os.SameFile(file, now) {
		return f.explainMoved(err)
	}
	return nil
}

// pool returns connections to the file, none of which is made yet.
func (f databaseFile) pool(options string) (*sql.DB, error) {
	db, err := sql.Open(driverName, f.dsn(options))
	if err != nil {
		return nil, err
	}
	limit := max(4, runtime.NumCPU())
	db.SetMaxOpenConns(limit)
	db.SetMaxIdleConns(limit)
	return db, nil
}

// alone returns one connection to the file, which locks it for itself as soon as it reads it.
func (f databaseFile) alone(options string) (*sql.DB, error) {
	db, err := f.pool(options + "&_pragma=locking_mode(EXCLUSIVE)")
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// dsn names the file to the driver. Every commit is on the disk when it returns, and what stands in a schema may call no
// function that reaches beyond it.
func (f databaseFile) dsn(options string) string {
	path := filepath.ToSlash(f.path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	u := url.URL{Scheme: "file", Path: path, OmitHost: true,
		RawQuery: fmt.Sprintf("%s&_busy_timeout=%d&_synchronous=FULL&_foreign_keys=true&_pragma=trusted_schema(OFF)",
			options, f.busyTimeout.Milliseconds())}
	return u.String()
}

// identify reads whose database it is, and of which version.
func (f databaseFile) identify(ctx context.Context, c *connection) error {
	s, err := readSchema(ctx, c.db)
	if err != nil {
		return err
	}
	if err := s.check(ctx, f, c.db); err != nil {
		return err
	}
	c.version.Store(int64(s.version))
	c.cookie.Store(s.cookie)
	c.database, err = store.Identify(ctx, c.statements, f.path)
	return err
}
