package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// marksSince is the version of the schema from which on changes are counted.
const marksSince = 9

// HasMarks reports whether a database with a version of the schema counts its changes.
func HasMarks(version int) bool { return version >= marksSince }

// selectPast selects a past, with a text for where the database was moved to.
const selectPast = `SELECT d.id, d.serial, n.mark, d.changed_at, d.known_until, s.mark, %s
	FROM database d LEFT JOIN marks n ON n.serial = d.serial LEFT JOIN marks s ON s.serial = $1`

var selectPastOfSealable, selectPastOfEarlier = fmt.Sprintf(selectPast, `d.moved_to`), fmt.Sprintf(selectPast, `''`)

// Past returns what the database says of its past, as far as it is needed to judge a mark by.
func (v View) Past(ctx context.Context, seen tokens.Mark) (tokens.Past, error) {
	query := selectPastOfSealable
	if v.schema < sealSince {
		query = selectPastOfEarlier
	}
	past, ok, err := find(ctx, v.q, scanPast, query, seen.Serial)
	if err == nil && !ok {
		err = noDatabaseRow(v.database)
	}
	past.Location = v.database.Location
	return past, err
}

// Marks returns the marks from a serial on, at most limit of them, with what else there is to judge marks by. Those of a database
// that was moved elsewhere judge nothing any more: CodeUnavailable with ReasonMoved.
func (v View) Marks(ctx context.Context, first int64, limit int) (tokens.MarkRange, error) {
	past, err := v.Past(ctx, tokens.Mark{})
	if err == nil {
		err = Moved(past.Location, past.MovedTo)
	}
	if err != nil {
		return tokens.MarkRange{}, err
	}
	r := tokens.MarkRange{Location: past.Location, Newest: past.Newest, KnownUntil: past.KnownUntil, First: first}
	last := first + int64(limit) - 1
	err = each(ctx, v.q, func(row scanner) error {
		m, err := scanMark(row)
		for err == nil && first+int64(len(r.Values)) < m.Serial { // a damaged database may lack one
			r.Values = append(r.Values, "")
		}
		r.Values = append(r.Values, m.Value)
		return err
	}, `SELECT serial, mark FROM marks WHERE serial BETWEEN $1 AND $2 ORDER BY serial`, first, last)
	return r, err
}

func scanPast(row scanner) (p tokens.Past, err error) {
	var newest, same sql.NullString
	m := &p.Newest
	err = row.Scan(textTo(&m.Database), count{&m.Serial}, nullText{&newest}, instant{&m.At}, instant{&p.KnownUntil},
		nullText{&same}, textTo(&p.MovedTo))
	m.Value, p.SameSerial = newest.String, same.String
	return p, checkedRow(tokens.KindDatabase, m.Database, err,
		checkDerived("serial", "the marks", m.Serial == 0 && !newest.Valid || tokens.IsMarkValue(m.Value)),
		checkDerived("changed_at", "column serial", (m.Serial == 0) == m.At.IsZero()))
}

// KnowEarlierMarks records that every mark from before a time counts as known: the database was put back on purpose, and
// may lack changes that somebody has seen. The change that this is part of comes after that time.
func (t Tx) KnowEarlierMarks(ctx context.Context, until time.Time) error {
	return t.exec(ctx, `UPDATE database SET known_until = CASE WHEN changed_at > $1 THEN changed_at ELSE $1 END,
		changed_at = CASE WHEN changed_at > $1 THEN changed_at ELSE $1 END`, microseconds(until))
}

// PutBack records in a database that takes the place of another one that every mark from before a time counts as known,
// and counts that as a change.
func (t Tx) PutBack(ctx context.Context, until time.Time) error {
	if err := t.KnowEarlierMarks(ctx, until); err != nil {
		return err
	}
	if err := t.Seal(ctx, ""); err != nil { // the backup may be of one that was moved elsewhere
		return err
	}
	_, err := t.raise(ctx, until, nil, everything)
	return err
}

// selectMissingMarks compares the count of changes with the marks that they left.
const selectMissingMarks = `SELECT d.id, d.serial, (SELECT count(*) FROM marks), (SELECT coalesce(max(serial), 0) FROM marks)
	FROM database d`

// scanMissingMarks returns the error about marks that are not there, or that no change left.
func scanMissingMarks(row scanner) (id string, err error) {
	var serial, number, highest int64
	err = row.Scan(textTo(&id), count{&serial}, count{&number}, count{&highest})
	if err == nil && (serial != number || serial != highest) {
		err = &columnError{"serial", fmt.Sprintf("it counts %d changes, but there are %d marks, up to %d", serial, number, highest)}
	}
	return id, checkedRow(tokens.KindDatabase, id, err)
}

// scanMark checks a mark.
func scanMark(row scanner) (m tokens.Mark, err error) {
	err = row.Scan(version{&m.Serial}, textTo(&m.Value))
	if err == nil && !tokens.IsMarkValue(m.Value) {
		err = &columnError{"mark", "it holds no mark"}
	}
	return m, checkedRow("", "", err)
}
