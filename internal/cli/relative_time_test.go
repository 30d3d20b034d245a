package cli

import (
	"testing"
	"time"
)

func TestRelative(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)
	for distance, want := range map[time.Duration]string{
		0:                               "now",
		400 * time.Millisecond:          "now",
		time.Second:                     "in 1 second",
		-59 * time.Second:               "59 seconds ago",
		-59900 * time.Millisecond:       "1 minute ago",
		time.Minute:                     "in 1 minute",
		-5 * time.Minute:                "5 minutes ago",
		59*time.Minute + 40*time.Second: "in 1 hour",
		-47 * time.Hour:                 "47 hours ago",
		48 * time.Hour:                  "in 2 days",
		3 * day:                         "in 3 days",
		90*day - time.Second:            "in 90 days",
		-100 * day:                      "3 months ago",
		-365 * day:                      "12 months ago",
		730 * day:                       "in 2 years",
		-3650 * day:                     "10 years ago",
	} {
		if got := relative(now.Add(distance), now); got != want {
			t.Errorf("%s from now is %q, want %q", distance, got, want)
		}
	}
}
