package cli

import (
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// parseMoment reads the value of a flag: a day, which begins at midnight in UTC, an instant, or how long ago something was.
func parseMoment(flag, text string, now time.Time) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	if past, err := tokens.ParseDuration(flag, text); err == nil {
		return now.Add(-past).Truncate(time.Second), nil
	}
	moment, err := tokens.ParseTimestamp(flag, text)
	if err != nil {
		return moment, tokens.Invalid(flag, "%q is neither a date, an RFC 3339 timestamp nor a duration: write it as in \"2029-12-31\", \"2029-12-31T12:00:00Z\" or \"90d\"", text)
	}
	return moment, nil
}
