package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The types here read columns, and refuse what this program can't have written there. A file may hold any type of value
// in any column, and database/sql would turn a number into a text, or a text into a truth value.

// columnError says what is wrong with a column.
type columnError struct {
	// column is empty where database/sql knows its name.
	column string
	reason string
}

// Error implements error.
func (e *columnError) Error() string { return e.reason }

// refuse returns the error of a column that is being scanned.
func refuse(format string, args ...any) error {
	return &columnError{reason: fmt.Sprintf(format, args...)}
}

// longestText is the length in bytes of the longest text in a column: the permissions of a role have less.
const longestText = 1 << 16

// checkText checks what every text in a column has in common.
func checkText(s string) error {
	switch {
	case len(s) > longestText:
		return refuse("it has %d bytes, and no text has more than %d", len(s), longestText)
	case !utf8.ValidString(s):
		return refuse("it is not UTF-8")
	case strings.IndexByte(s, 0) >= 0:
		return refuse("it holds a NUL byte")
	}
	return nil
}

// errType says that a column holds a value of another type than it should.
func errType(column any, want string) error {
	found := "a value of another type"
	switch column.(type) {
	case nil:
		found = "nothing"
	case string:
		found = "a text"
	case []byte:
		found = "a BLOB"
	case int64:
		found = "a whole number"
	case float64:
		found = "a fraction"
	}
	return refuse("it holds %s, not %s", found, want)
}

// text reads a column of text.
type text[S ~string] struct{ to *S }

// textTo returns where to scan a column of text to.
func textTo[S ~string](to *S) text[S] { return text[S]{to} }

// Scan implements sql.Scanner.
func (t text[S]) Scan(column any) error {
	s, ok := column.(string)
	if !ok {
		return errType(column, "a text")
	}
	*t.to = S(s)
	return checkText(s)
}

// nullText reads a column of text that may be NULL.
type nullText struct{ *sql.NullString }

// Scan implements sql.Scanner.
func (t nullText) Scan(column any) error {
	*t.NullString = sql.NullString{}
	if column == nil {
		return nil
	}
	t.Valid = true
	return textTo(&t.String).Scan(column)
}

// boolean reads a truth value, which some engines store as 0 or 1.
type boolean struct{ to *bool }

// Scan implements sql.Scanner.
func (b boolean) Scan(column any) error {
	switch v := column.(type) {
	case bool:
		*b.to = v
		return nil
	case int64:
		if v == 0 || v == 1 {
			*b.to = v == 1
			return nil
		}
		return refuse("it holds the number %d, not a truth value", v)
	}
	return errType(column, "a truth value")
}

// count reads a number that counts something.
type count struct{ to *int64 }

// Scan implements sql.Scanner.
func (c count) Scan(column any) error {
	n, ok := column.(int64)
	if !ok {
		return errType(column, "a whole number")
	}
	*c.to = n
	if n < 0 {
		return refuse("it holds %d, and counts from 0", n)
	}
	return nil
}

// version reads the version of a secret.
type version struct{ to *int64 }

// Scan implements sql.Scanner.
func (v version) Scan(column any) error {
	if err := count(v).Scan(column); err != nil {
		return err
	}
	if *v.to == 0 {
		return refuse("it holds 0, and versions count from 1")
	}
	return nil
}

// earliest and latest bound the instants that have a form in RFC 3339, in microseconds since 1970.
var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	latest   = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
)

// instant reads a column of microseconds since 1970 in UTC; NULL is the zero time.
type instant struct{ *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(column any) error {
	switch v := column.(type) {
	case nil:
		*i.Time = time.Time{}
	case int64:
		if v < earliest || v > latest {
			return refuse("it holds the instant %d, which is not within the years 1 to 9999", v)
		}
		*i.Time = time.UnixMicro(v).UTC()
	default:
		return errType(column, "a number of microseconds")
	}
	return nil
}

// someInstant is instant for a column that is never NULL.
type someInstant struct{ *time.Time }

// Scan implements sql.Scanner.
func (i someInstant) Scan(column any) error {
	if column == nil {
		return errType(column, "a number of microseconds")
	}
	return instant(i).Scan(column)
}

// microseconds is what instant reads.
func microseconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// seconds reads a column of a duration in seconds.
type seconds struct{ *time.Duration }

// Scan implements sql.Scanner.
func (s seconds) Scan(column any) error {
	n, ok := column.(int64)
	if !ok {
		return errType(column, "a number of seconds")
	}
	if n < 0 || n > inSeconds(tokens.MaxDuration) {
		return refuse("it holds %d seconds, and the longest duration has %d", n, inSeconds(tokens.MaxDuration))
	}
	*s.Duration = time.Duration(n) * time.Second
	return nil
}

// inSeconds is what seconds reads.
func inSeconds(d time.Duration) int64 { return int64(d / time.Second) }

// grace reads the text of a grace period; empty for none.
type grace struct{ *tokens.Grace }

// Scan implements sql.Scanner.
func (g grace) Scan(column any) (err error) {
	var s string
	if err := textTo(&s).Scan(column); err != nil {
		return err
	}
	*g.Grace = tokens.Grace{}
	if s != "" {
		if *g.Grace, err = tokens.ParseGrace("grace_period", s); err != nil {
			return refuse("it holds no grace period")
		}
	}
	return nil
}

// graceColumn is what grace reads.
func graceColumn(g tokens.Grace) string {
	if g == (tokens.Grace{}) {
		return ""
	}
	return g.String()
}

// stop reads the three columns of a tokens.Stop.
type stop struct {
	by, reason sql.NullString
	at         time.Time
}

// value returns the stop, or nil where there is none.
func (s stop) value() *tokens.Stop {
	if !s.by.Valid {
		return nil
	}
	return &tokens.Stop{By: tokens.Actor(s.by.String), At: s.at, Reason: s.reason.String}
}

// check refuses a stop without a time, or a time without one who stopped.
func (s stop) check(columns string) error {
	if s.by.Valid == s.at.IsZero() {
		return &columnError{columns + "_at", fmt.Sprintf("it does not fit column %s_by", columns)}
	}
	return nil
}

// stopColumns returns the values of the columns by, at and reason.
func stopColumns(s *tokens.Stop) (by, at, reason any) {
	if s == nil {
		return nil, nil, nil
	}
	return string(s.By), microseconds(s.At), s.Reason
}

// orNull makes an empty text NULL, as a reference to nothing must be.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// details reads the JSON object of the details of an event; empty for none.
type details struct{ *tokens.EventDetails }

// Scan implements sql.Scanner.
func (d details) Scan(column any) error {
	*d.EventDetails = tokens.EventDetails{}
	var s string
	if err := textTo(&s).Scan(column); err != nil || s == "" {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(s))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(d.EventDetails); err != nil || s[0] != '{' {
		return refuse("it holds no details of an event")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return refuse("it holds more than the details of an event")
	}
	if err := d.EventDetails.Validate(); err != nil {
		return refuse("it holds details that no event has: %s", err)
	}
	return nil
}

// detailsColumn is what details reads.
func detailsColumn(d tokens.EventDetails) string {
	if d.IsZero() {
		return ""
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // instants of the years 1 to 9999, texts and numbers have a form in JSON
	}
	return string(text)
}
