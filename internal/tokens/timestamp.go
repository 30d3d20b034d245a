package tokens

import (
	"regexp"
	"strings"
	"time"
)

// timestampPattern is the syntax of RFC 3339, section 5.6, which package time doesn't insist on: it takes a comma for the
// decimal point, a single digit for the hour, and any offset.
var timestampPattern = regexp.MustCompile(
	`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// ParseTimestamp parses an RFC 3339 timestamp, whose letters may be small as that says. Times are kept in microseconds,
// so it refuses a finer one. It also refuses a time before 1970 or after 9999 in UTC, because the zero time means none,
// and a longer year could not be formatted.
func ParseTimestamp(field, s string) (time.Time, error) {
	capital := strings.ToUpper(s)
	t, err := time.Parse(time.RFC3339, capital)
	if err != nil || !timestampPattern.MatchString(capital) {
		return time.Time{}, Invalid(field,
			"%q is not an RFC 3339 timestamp: write it as in \"2030-01-31T12:00:00Z\" or \"2030-01-31T13:00:00+01:00\"", s)
	}
	if !t.Equal(t.Truncate(time.Microsecond)) {
		return time.Time{}, Invalid(field, "%q is finer than a microsecond: use at most six decimals", s)
	}
	t = t.UTC()
	if t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}, Invalid(field, "%q is not between the years 1970 and 9999 in UTC", s)
	}
	return t, nil
}

// FormatTimestamp formats a time in RFC 3339, in UTC, with as many decimals as it needs.
func FormatTimestamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
