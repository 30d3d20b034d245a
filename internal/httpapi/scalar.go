package httpapi

import (
	"encoding/json"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// instant is a time in a document or a query: RFC 3339, in UTC. The zero instant is null, or absent.
type instant struct{ time.Time }

// MarshalJSON writes null for the zero instant.
func (i instant) MarshalJSON() ([]byte, error) {
	if i.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(tokens.FormatTimestamp(i.Time))
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
	return []byte(tokens.FormatTimestamp(i.Time)), nil
}

// UnmarshalText reads a time in a query.
func (i *instant) UnmarshalText(text []byte) (err error) {
	i.Time, err = tokens.ParseTimestamp("", string(text))
	return err
}

// duration is a duration in a document or a query, as people write it: 36h, 90d. The zero duration is null, or absent.
type duration time.Duration

// MarshalJSON writes null for the zero duration.
func (d duration) MarshalJSON() ([]byte, error) {
	if d == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(tokens.FormatDuration(time.Duration(d)))
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
	return []byte(tokens.FormatDuration(time.Duration(d))), nil
}

// UnmarshalText reads a duration in a query.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := tokens.ParseDuration("", string(text))
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
