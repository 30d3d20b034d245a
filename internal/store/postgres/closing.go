package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Close implements store.Closer. The row of the serial is locked from this statement to the end of the commit, so both go to
// the server together.
func (t *transaction) Close(ctx context.Context, closing store.Closing) (mark tokens.Mark, err error) {
	text, args := closingText(closing)
	batch := &pgx.Batch{}
	batch.Queue(t.tables.qualified(text), args...).QueryRow(func(row pgx.Row) error {
		if !closing.Counted {
			var number int64
			return row.Scan(&number)
		}
		mark, err = store.ScanMark(anyScanner{row})
		mark.Value = closing.Mark
		return err
	})
	batch.Queue(`COMMIT`)
	if err := ctx.Err(); err != nil {
		return mark, err
	}
	ctx, cancel := untilAnswered(ctx)
	defer cancel()
	t.asked, t.proof = true, proofOf(closing)
	err = t.raw(func(conn *pgx.Conn) error { return conn.SendBatch(ctx, batch).Close() })
	t.committed = err == nil
	if err != nil {
		return tokens.Mark{Value: closing.Mark}, err
	}
	t.serial = mark.Serial
	return mark, nil
}

// lastEvents is among how many events an event is looked for that was written just now.
const lastEvents = 10_000

// findMark is the statement of a proof by a mark.
const findMark = `SELECT EXISTS (SELECT FROM marks WHERE mark = $1)`

// proveByMark has the newest mark prove the transaction, if that left one.
func (t *transaction) proveByMark(ctx context.Context) error {
	var mark string
	err := scanOne(ctx, t.statements, &mark, `SELECT coalesce((SELECT mark FROM marks ORDER BY serial DESC LIMIT 1), '')`)
	if err == nil && mark != "" {
		t.proof = proof{findMark, mark}
	}
	return err
}

// proofOf returns the proof of a closing.
func proofOf(c store.Closing) proof {
	if c.Counted {
		return proof{findMark, c.Mark}
	}
	if id, ok := c.Events[0].Values[0].(string); ok {
		return proof{fmt.Sprintf(`SELECT EXISTS (SELECT FROM (SELECT id FROM events ORDER BY number DESC LIMIT %d) AS last WHERE id = $1)`,
			lastEvents), id}
	}
	return proof{}
}

// closingText returns the statement of a closing. What each event's hash is built on is read where the row is locked.
func closingText(c store.Closing) (string, []any) {
	var args []any
	// Within a union nothing tells PostgreSQL what type an argument has.
	arg := func(value any) string {
		args = append(args, value)
		kind := "text"
		if _, ok := value.(int64); ok {
			kind = "bigint"
		}
		return fmt.Sprintf("$%d::%s", len(args), kind)
	}
	var b strings.Builder
	b.WriteString(`WITH before AS (SELECT event_number, event_hash FROM database FOR UPDATE), hash0 AS (SELECT event_hash AS hash FROM before)`)
	for i, e := range c.Events {
		fmt.Fprintf(&b, `, hash%d AS (SELECT encode(sha256(convert_to(hash || %s, 'UTF8')), 'hex') AS hash FROM hash%d)`, i+1, arg(e.Digest), i)
	}
	b.WriteString(`, changed AS (UPDATE database SET `)
	if c.Counted {
		at := arg(c.At)
		b.WriteString(`serial = serial + 1, changed_at = CASE WHEN changed_at >= ` + at + ` THEN changed_at + 1 ELSE ` + at + ` END, `)
	}
	fmt.Fprintf(&b, `event_number = before.event_number + %d, event_hash = last.hash FROM before, hash%d AS last
		RETURNING id, serial, changed_at, before.event_number AS number)`, len(c.Events), len(c.Events))
	if c.Counted {
		fmt.Fprintf(&b, `, marked AS (INSERT INTO marks (serial, mark) SELECT serial, %s FROM changed)`, arg(c.Mark))
		var rows []string
		for _, o := range c.Touched {
			rows = append(rows, `(`+arg(string(o.Kind))+`, `+arg(o.ID)+`)`)
		}
		b.WriteString(`, listed AS (INSERT INTO changes (serial, kind, id) SELECT changed.serial, o.kind, o.id FROM changed
			CROSS JOIN (VALUES ` + strings.Join(rows, `, `) + `) AS o (kind, id))`)
	}
	var links []string
	for i, e := range c.Events {
		columns := []string{fmt.Sprintf(`number + %d`, i+1), `hash`}
		for _, value := range e.Values {
			columns = append(columns, arg(value))
		}
		links = append(links, fmt.Sprintf(`SELECT %s FROM changed, hash%d`, strings.Join(columns, `, `), i+1))
	}
	if len(links) > 0 {
		b.WriteString(`, linked AS (INSERT INTO events (number, hash, ` + store.EventColumns + `) ` +
			strings.Join(links, ` UNION ALL `) + `)`)
	}
	if c.Counted {
		b.WriteString(` SELECT id, serial, changed_at FROM changed`)
	} else {
		b.WriteString(` SELECT number FROM changed`)
	}
	return b.String(), args
}

// anyScanner scans what pgx reads as database/sql does.
type anyScanner struct{ row pgx.Row }

// Scan reads each column and hands it on.
func (s anyScanner) Scan(dest ...any) error {
	values := make([]any, len(dest))
	places := make([]any, len(dest))
	for i := range values {
		places[i] = &values[i]
	}
	if err := s.row.Scan(places...); err != nil {
		return err
	}
	for i, to := range dest {
		scanner, ok := to.(interface{ Scan(any) error })
		if !ok {
			return fmt.Errorf("column %d has no scanner", i)
		}
		if err := scanner.Scan(values[i]); err != nil {
			return err
		}
	}
	return nil
}

// errNotRaw says that a connection is not pgx's.
var errNotRaw = errors.New("the connection is not one of pgx")

// raw runs fn on the driver's connection.
func (s statements) raw(fn func(*pgx.Conn) error) error {
	return s.conn.Raw(func(driver any) error {
		own, ok := driver.(*stdlib.Conn)
		if !ok {
			return errNotRaw
		}
		return fn(own.Conn())
	})
}
