package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestParseTimestamp(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2030-01-31T12:00:00Z":           time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC),
		"2030-01-31T13:00:00+01:00":      time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC),
		"2030-01-31T12:00:00.000000Z":    time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC),
		"2030-01-31T12:00:00.123456Z":    time.Date(2030, 1, 31, 12, 0, 0, 123456000, time.UTC),
		"2030-01-31T12:00:00.123456000Z": time.Date(2030, 1, 31, 12, 0, 0, 123456000, time.UTC),
		"2030-01-31t12:00:00z":           time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC),
		"2030-01-31t13:00:00.5+01:00":    time.Date(2030, 1, 31, 12, 0, 0, 5e8, time.UTC),
		"1970-01-01T00:00:00Z":           time.Unix(0, 0).UTC(),
		"9999-12-31T23:59:59Z":           time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		got, err := tokens.ParseTimestamp("expires_at", text)
		if err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestParseTimestampRefuses(t *testing.T) {
	for text, reason := range map[string]string{
		"":                              "not an RFC 3339 timestamp",
		"never":                         "not an RFC 3339 timestamp",
		"2030-01-31":                    "not an RFC 3339 timestamp",
		"2030-01-31 12:00:00Z":          "not an RFC 3339 timestamp",
		"2030-01-31T12:00:00zz":         "not an RFC 3339 timestamp",
		"2030-01-31T12:00:00,5Z":        "not an RFC 3339 timestamp",
		"2030-01-31T1:00:00Z":           "not an RFC 3339 timestamp",
		"2030-01-31T12:00:00+24:00":     "not an RFC 3339 timestamp",
		"2030-01-31T12:00:00":           "not an RFC 3339 timestamp",
		"2030-02-30T12:00:00Z":          "not an RFC 3339 timestamp",
		"2030-01-31T12:00:00.1234567Z":  "finer than a microsecond",
		"0001-01-01T00:00:00Z":          "not between the years",
		"1969-12-31T23:59:59Z":          "not between the years",
		"1970-01-01T00:00:00+00:01":     "not between the years",
		"9999-12-31T23:59:59-00:01":     "not between the years",
		"2030-01-31T12:00:00.00000001Z": "finer than a microsecond",
	} {
		_, err := tokens.ParseTimestamp("expires_at", text)
		if tokens.ErrorCode(err) != tokens.CodeInvalid || !strings.HasPrefix(err.Error(), "expires_at: ") ||
			!strings.Contains(err.Error(), reason) {
			t.Errorf("%q: the error is %v, want one about expires_at that says %q", text, err, reason)
		}
	}
}

func TestFormatTimestamp(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	for want, instant := range map[string]time.Time{
		"2030-01-31T12:00:00Z":        time.Date(2030, 1, 31, 13, 0, 0, 0, berlin),
		"2030-01-31T12:00:00.5Z":      time.Date(2030, 1, 31, 12, 0, 0, 5e8, time.UTC),
		"2030-01-31T12:00:00.000001Z": time.Date(2030, 1, 31, 12, 0, 0, 1000, time.UTC),
	} {
		if got := tokens.FormatTimestamp(instant); got != want {
			t.Errorf("%s is formatted as %s, want %s", instant, got, want)
		}
	}
}

func FuzzParseTimestamp(f *testing.F) {
	for _, seed := range []string{
		"2030-01-31T12:00:00Z", "2030-01-31T13:00:00.123456+01:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59",
		"2030-06-30T23:59:60Z", "2030-01-31t12:00:00z", "2030-01-31T12:00:00,5Z", "", "T", "-2030-01-31T12:00:00Z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		instant, err := tokens.ParseTimestamp("expires_at", text)
		if err != nil {
			return
		}
		if instant.IsZero() || instant.Location() != time.UTC || !instant.Equal(time.UnixMicro(instant.UnixMicro())) {
			t.Errorf("%q is %s, which can't be stored", text, instant)
		}
		written := tokens.FormatTimestamp(instant)
		if back, err := tokens.ParseTimestamp("expires_at", written); err != nil || back != instant {
			t.Errorf("%q is formatted as %q and parsed as %s, %v", text, written, back, err)
		}
	})
}
