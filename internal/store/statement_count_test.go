package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite"
)

// statementCount is how many statements ran on the connections of countedDriver.
var statementCount atomic.Int64

// countedDriver is the driver of SQLite that counts statements.
type countedDriver struct{ *sqlite.Driver }

func init() { sql.Register("counted", countedDriver{&sqlite.Driver{}}) }

// CountStatements makes the stores that a test opens count their statements, and returns the number so far.
func CountStatements(t *testing.T) func() int64 {
	t.Helper()
	before := sqliteDriver
	sqliteDriver = "counted"
	t.Cleanup(func() { sqliteDriver = before })
	return statementCount.Load
}

// Open implements driver.Driver.
func (d countedDriver) Open(name string) (driver.Conn, error) {
	conn, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return countedConn{conn.(sqliteConn)}, nil
}

// sqliteConn is what a connection of SQLite can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

type countedConn struct{ sqliteConn }

// ExecContext implements driver.ExecerContext.
func (c countedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	statementCount.Add(1)
	return c.sqliteConn.ExecContext(ctx, text, args)
}

// QueryContext implements driver.QueryerContext.
func (c countedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	statementCount.Add(1)
	return c.sqliteConn.QueryContext(ctx, text, args)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c countedConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	stmt, err := c.sqliteConn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return countedStmt{stmt.(sqliteStmt)}, nil
}

// sqliteStmt is what a prepared statement of SQLite can do.
type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type countedStmt struct{ sqliteStmt }

// ExecContext implements driver.StmtExecContext.
func (s countedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	statementCount.Add(1)
	return s.sqliteStmt.ExecContext(ctx, args)
}

// QueryContext implements driver.StmtQueryContext.
func (s countedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	statementCount.Add(1)
	return s.sqliteStmt.QueryContext(ctx, args)
}
