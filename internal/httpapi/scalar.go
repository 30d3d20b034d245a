package httpapi

import (
	"encoding/json"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// instant is a time in a document or a query: RFC 3339, in UTC and in the whole microseconds that a database keeps. The
// zero instant is null, or absent.
type instant struct{ time.Time }

// MarshalJSON writes null for the zero instant.
func (i instant) MarshalJSON() ([]byte, error) {
	if i.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(tokens.FormatTimestamp(i.Truncate(time.Microsecond)))
}

// UnmarshalJSON reads a time or null.
func (i *instant) UnmarshalJSON(text []byte) error {
	return unmarshalOptional(text, i.UnmarshalText)
}

// MarshalText writes a time in a query.
func (i instant) MarshalText() ([]byte, error) {
	if i.IsZero() {
		return nil, nil
	}
	return []byte(tokens.FormatTimestamp(i.Truncate(time.Microsecond))), nil
}

// UnmarshalText reads a time in a query.
func (i *instant) UnmarshalText(text []byte) (err error) {
	i.Time, err = tokens.ParseTimestamp("", string(text))
	return err
}

// duration is a duration in a document or a query, as people write it: 36h, 90d. The zero duration is null, or absent.
//
// Any other duration, such as a negative one, is written as package time does, and the rules on the server say what is
// wrong with it, as they would here. No text that people write for a duration is read like that.
type duration time.Duration

// isWritten reports whether people can write a duration.
func isWritten(d time.Duration) bool { return tokens.ValidateTTL("", d) == nil }

// durationText returns the text of a duration.
func durationText(d time.Duration) string {
	if isWritten(d) {
		return tokens.FormatDuration(d)
	}
	return d.String()
}

// MarshalJSON writes null for the zero duration.
func (d duration) MarshalJSON() ([]byte, error) {
	if d == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(durationText(time.Duration(d)))
}

// UnmarshalJSON reads a duration or null.
func (d *duration) UnmarshalJSON(text []byte) error {
	return unmarshalOptional(text, d.UnmarshalText)
}

// MarshalText writes a duration in a query.
func (d duration) MarshalText() ([]byte, error) {
	if d == 0 {
		return nil, nil
	}
	return []byte(durationText(time.Duration(d))), nil
}

// UnmarshalText reads a duration in a query.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := tokens.ParseDuration("", string(text))
	if err != nil {
		if other, e := time.ParseDuration(string(text)); e == nil && other != 0 && !isWritten(other) {
			parsed, err = other, nil
		}
	}
	*d = duration(parsed)
	return err
}

// unmarshalOptional reads null, or a JSON string by means of parse.
func unmarshalOptional(text []byte, parse func([]byte) error) error {
	var s *string
	if err := json.Unmarshal(text, &s); err != nil || s == nil {
		return err
	}
	return parse([]byte(*s))
}

// textOrNull is a text that is null where it is empty.
func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// textOrEmpty is the opposite of textOrNull.
func textOrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
