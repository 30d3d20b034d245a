package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// Statements runs statements on a pool of connections, or on one of them, and keeps them prepared: most of the time that a
// database needs for one of ours it would otherwise spend on reading its text. The end of the pool closes those on it; those
// on one connection need Close.
type Statements struct {
	db Preparer

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// Preparer is a *sql.DB or a *sql.Conn.
type Preparer interface {
	Querier
	PrepareContext(ctx context.Context, text string) (*sql.Stmt, error)
}

// NewStatements returns the statements of a pool or a connection, none of which is prepared yet.
func NewStatements(db Preparer) *Statements {
	return &Statements{db: db, prepared: map[string]*sql.Stmt{}}
}

// statementsKept is how many statements are kept prepared at most. Lists have as many as people think of questions.
const statementsKept = 500

// prepare returns the prepared statement of a text; nil where so many are kept that this one is not.
func (s *Statements) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.prepared[text]; ok {
		return known, nil
	}
	if len(s.prepared) >= statementsKept {
		return nil, nil
	}
	fresh, err := s.db.PrepareContext(ctx, text) //nolint:sqlclosecheck // the end of the pool, or Close, closes it
	if err != nil {
		return nil, err
	}
	s.prepared[text] = fresh
	return fresh, nil
}

// Close closes the prepared statements. None may run any more.
func (s *Statements) Close() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, prepared := range s.prepared {
		err = errors.Join(err, prepared.Close())
	}
	clear(s.prepared)
	return err
}

// QueryContext implements Querier.
func (s *Statements) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	statement, err := s.prepare(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return nil, err
	}
	if statement == nil {
		return s.db.QueryContext(ctx, text, args...)
	}
	return statement.QueryContext(ctx, args...)
}

// Within returns what runs the statements in a transaction.
func (s *Statements) Within(tx *sql.Tx) StatementsWithin { return StatementsWithin{s, tx} }

// StatementsWithin runs prepared statements in a transaction.
type StatementsWithin struct {
	statements *Statements
	tx         *sql.Tx
}

// ExecContext implements Executor.
func (w StatementsWithin) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	statement, err := w.statements.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	if statement == nil {
		return w.tx.ExecContext(ctx, text, args...)
	}
	within := w.tx.StmtContext(ctx, statement) //nolint:sqlclosecheck // the end of the transaction closes it
	return within.ExecContext(ctx, args...)
}

// QueryContext implements Querier.
func (w StatementsWithin) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	statement, err := w.statements.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	if statement == nil {
		return w.tx.QueryContext(ctx, text, args...)
	}
	within := w.tx.StmtContext(ctx, statement) //nolint:sqlclosecheck // the end of the transaction closes it
	return within.QueryContext(ctx, args...)
}
