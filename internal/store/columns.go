package store

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// instant reads a column of microseconds since 1970 in UTC; NULL is the zero time.
type instant struct{ *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(column any) error {
	switch v := column.(type) {
	case nil:
		*i.Time = time.Time{}
	case int64:
		*i.Time = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("an instant is stored as %T, want a number of microseconds", column)
	}
	return nil
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
		return fmt.Errorf("a duration is stored as %T, want a number of seconds", column)
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
	text, ok := column.(string)
	if !ok {
		return fmt.Errorf("a grace period is stored as %T, want text", column)
	}
	*g.Grace = tokens.Grace{}
	if text != "" {
		*g.Grace, err = tokens.ParseGrace("grace_period", text)
	}
	return err
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
