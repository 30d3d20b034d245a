package tokens

import "time"

// ParseTimestamp reads an RFC 3339 timestamp. Instants are kept in microseconds, so a finer one is refused.
func ParseTimestamp(field, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, Invalid(field, "%q is not an RFC 3339 timestamp: write it as in \"2030-01-31T12:00:00Z\" or \"2030-01-31T13:00:00+01:00\"", s)
	}
	if !t.Equal(t.Truncate(time.Microsecond)) {
		return time.Time{}, Invalid(field, "%q is finer than a microsecond: use at most six decimals", s)
	}
	return t.UTC(), nil
}

// FormatTimestamp writes an instant in RFC 3339, in UTC, with as many decimals as it needs.
func FormatTimestamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
