package cli

import (
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// relative says how far an instant is from now, as people say it. It is for terminals: a text that is kept needs the
// instant itself.
func relative(at, now time.Time) string {
	distance := at.Sub(now)
	length := lengthOf(distance.Abs())
	switch {
	case length == "":
		return "now"
	case distance > 0:
		return "in " + length
	}
	return length + " ago"
}

// lengthOf rounds a duration to one unit. It returns an empty string for less than half a second.
func lengthOf(d time.Duration) string {
	const day = 24 * time.Hour
	for _, unit := range []struct {
		noun   string
		length time.Duration
		// below is the number from which on the next unit is used.
		below time.Duration
	}{
		{"second", time.Second, 60},
		{"minute", time.Minute, 60},
		{"hour", time.Hour, 48},
		{"day", day, 100},
		{"month", 365 * day / 12, 24},
	} {
		if n := d.Round(unit.length) / unit.length; n < unit.below {
			if n == 0 {
				return ""
			}
			return tokens.Counted(n, unit.noun)
		}
	}
	const year = 365 * day
	return tokens.Counted(d.Round(year)/year, "year")
}
