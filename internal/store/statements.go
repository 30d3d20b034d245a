package store

import (
	"context"
	"database/sql"
	"sync"
)

// statements runs statements on a pool of connections and keeps them prepared, until the pool is closed: most of the time
// that SQLite needs for one of ours it would otherwise spend on reading its text.
type statements struct {
	db *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// prepare returns the prepared statement of a text.
func (s *statements) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.prepared[text]; ok {
		return known, nil
	}
	fresh, err := s.db.PrepareContext(ctx, text) //nolint:sqlclosecheck // the end of the pool closes it
	if err != nil {
		return nil, err
	}
	s.prepared[text] = fresh
	return fresh, nil
}

// QueryContext implements querier.
func (s *statements) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	statement, err := s.prepare(ctx, text) //nolint:sqlclosecheck // kept for the next time
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
	return w.tx.StmtContext(ctx, statement).ExecContext(ctx, args...) //nolint:sqlclosecheck // the end of the transaction closes it
}

// QueryContext implements querier.
func (w within) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	statement, err := w.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return w.tx.StmtContext(ctx, statement).QueryContext(ctx, args...) //nolint:sqlclosecheck // the end of the transaction closes it
}
