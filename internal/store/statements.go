package store

import (
	"context"
	"database/sql"
	"sync"
)

// statements runs statements on a pool of connections and keeps them prepared: most of the time that SQLite needs for one
// of ours it would otherwise spend on reading its text.
type statements struct {
	db       *sql.DB
	prepared sync.Map // of *sql.Stmt by text; there are as many as the package has
}

// prepare returns the prepared statement of a text.
func (s *statements) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if known, ok := s.prepared.Load(text); ok {
		return known.(*sql.Stmt), nil
	}
	fresh, err := s.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	known, loaded := s.prepared.LoadOrStore(text, fresh)
	if loaded {
		err = fresh.Close() // another goroutine was first
	}
	return known.(*sql.Stmt), err
}

// QueryContext implements querier.
func (s *statements) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	statement, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// within runs the statements in a transaction.
type within struct {
	*statements
	tx *sql.Tx
}

// ExecContext implements executor.
func (w within) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	statement, err := w.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return w.tx.StmtContext(ctx, statement).ExecContext(ctx, args...)
}

// QueryContext implements querier.
func (w within) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	statement, err := w.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return w.tx.StmtContext(ctx, statement).QueryContext(ctx, args...)
}
