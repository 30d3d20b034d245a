package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const day = 24 * time.Hour

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1s":           time.Second,
		"90d":          90 * day,
		"36h":          36 * time.Hour,
		"1h30m":        90 * time.Minute,
		"1d2h3m4s":     26*time.Hour + 3*time.Minute + 4*time.Second,
		"90m":          90 * time.Minute,
		"0d1s":         time.Second,
		"007d":         7 * day,
		"36500d":       36500 * day,
		"876000h":      36500 * day,
		"36499d86400s": 36500 * day,
	} {
		got, err := tokens.ParseDuration("ttl", text)
		if err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for text, reason := range map[string]string{
		"":            "is not a duration",
		"d":           "is not a duration",
		"5":           "; the unit is missing",
		"5 d":         "; there is no blank before the unit",
		"-5d":         "is not a duration",
		"+5d":         "is not a duration",
		"1.5h":        "; there are no fractions: an hour and a half is 1h30m",
		"5w":          `; there is no unit "w": a week is 7d`,
		"5 weeks":     `; there is no unit "weeks": a week is 7d`,
		"5ms":         `; there is no unit "ms": seconds are the shortest unit`,
		"5D":          `; there is no unit "D": the unit is d`,
		"5dCr2Sqz":    `or "1h30m"`,
		"30m1h":       "is not a duration",
		"1h1h":        "is not a duration",
		"1h\n":        "is not a duration",
		"1234567890d": "too long",
		"٣d":          "is not a duration",
		"0s":          "at least one second",
		"0d0h":        "at least one second",
		"36501d":      "too long",
		"36500d1s":    "too long",
		// More nanoseconds than fit into an int64.
		"36500d876000h52560000m999999999s": "too long",
		"999999999d":                       "too long",
	} {
		_, err := tokens.ParseDuration("ttl", text)
		if tokens.ErrorCode(err) != tokens.CodeInvalid || !strings.HasPrefix(err.Error(), "ttl: ") ||
			!strings.Contains(err.Error(), reason) {
			t.Errorf("%q: the error is %v, want one about ttl that says %q", text, err, reason)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		0:                       "0s",
		time.Second:             "1s",
		36 * time.Hour:          "1d12h",
		90 * day:                "90d",
		90 * time.Minute:        "1h30m",
		day + time.Second:       "1d1s",
		36500*day - time.Hour:   "36499d23h",
		59 * time.Second:        "59s",
		3600 * time.Second:      "1h",
		1439 * time.Minute:      "23h59m",
		25*time.Hour + 61*1e9:   "1d1h1m1s",
		400*day + 5*time.Minute: "400d5m",
	} {
		if got := tokens.FormatDuration(duration); got != want {
			t.Errorf("%d is formatted as %s, want %s", duration, got, want)
		}
	}
}

func TestValidateTTL(t *testing.T) {
	for duration, reason := range map[time.Duration]string{
		-time.Second:                   "at least one second",
		0:                              "at least one second",
		time.Second - 1:                "at least one second",
		time.Second + time.Millisecond: "whole number of seconds",
		36500*day + time.Second:        "at most 36500d",
	} {
		if err := tokens.ValidateTTL("ttl", duration); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: the error is %v, want one that says %q", duration, err, reason)
		}
	}
	for _, duration := range []time.Duration{time.Second, 36500 * day} {
		if err := tokens.ValidateTTL("ttl", duration); err != nil {
			t.Errorf("%s is refused: %v", duration, err)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"90d", "36h", "1h30m", "1d2h3m4s", "0s", "", "36500d876000h52560000m999999999s", "-1d",
		"1e3h", "1d\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		duration, err := tokens.ParseDuration("ttl", text)
		if err != nil {
			return
		}
		if duration < time.Second || duration > 36500*day || duration%time.Second != 0 {
			t.Errorf("%q is %s", text, duration)
		}
		written := tokens.FormatDuration(duration)
		if back, err := tokens.ParseDuration("ttl", written); err != nil || back != duration {
			t.Errorf("%q is formatted as %q and parsed as %s, %v", text, written, back, err)
		}
	})
}
