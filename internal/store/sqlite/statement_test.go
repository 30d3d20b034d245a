package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"sync"
	"testing"

	"modernc.org/sqlite"
)

// ran are the statements that ran on the connections of recordingDriver.
var ran struct {
	mu    sync.Mutex
	texts []string
}

func note(text string) {
	ran.mu.Lock()
	defer ran.mu.Unlock()
	ran.texts = append(ran.texts, text)
}

// recordingDriver is the driver of SQLite that notes the statements that run.
type recordingDriver struct{ *sqlite.Driver }

func init() { sql.Register("recording", recordingDriver{&sqlite.Driver{}}) }

// RecordStatements makes the stores that a test opens note their statements, and returns those so far.
func RecordStatements(t *testing.T) func() []string {
	t.Helper()
	before := driverName
	driverName = "recording"
	t.Cleanup(func() { driverName = before })
	return func() []string {
		ran.mu.Lock()
		defer ran.mu.Unlock()
		return slices.Clone(ran.texts)
	}
}

// CountStatements makes the stores that a test opens count their statements, and returns the number so far.
func CountStatements(t *testing.T) func() int {
	t.Helper()
	statements := RecordStatements(t)
	return func() int { return len(statements()) }
}

// Open implements driver.Driver.
func (d recordingDriver) Open(name string) (driver.Conn, error) {
	conn, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return recordingConn{conn.(sqliteConn)}, nil
}

// sqliteConn is what a connection of SQLite can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

type recordingConn struct{ sqliteConn }

// ExecContext implements driver.ExecerContext.
func (c recordingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	note(text)
	return c.sqliteConn.ExecContext(ctx, text, args)
}

// QueryContext implements driver.QueryerContext.
func (c recordingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	note(text)
	return c.sqliteConn.QueryContext(ctx, text, args)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c recordingConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	stmt, err := c.sqliteConn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return recordingStmt{stmt.(sqliteStmt), text}, nil
}

// sqliteStmt is what a prepared statement of SQLite can do.
type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type recordingStmt struct {
	sqliteStmt
	text string
}

// ExecContext implements driver.StmtExecContext.
func (s recordingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	note(s.text)
	return s.sqliteStmt.ExecContext(ctx, args)
}

// QueryContext implements driver.StmtQueryContext.
func (s recordingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	note(s.text)
	return s.sqliteStmt.QueryContext(ctx, args)
}
