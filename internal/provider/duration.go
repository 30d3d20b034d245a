package provider

import (
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// span measures durations by their length.
type span struct{}

type (
	durationType = measuredType[span, time.Duration]
	duration     = measured[span, time.Duration]
)

func (span) parse(attribute, text string) (time.Duration, error) {
	return tokens.ParseDuration(attribute, text)
}
func (span) format(d time.Duration) string { return tokens.FormatDuration(d) }
func (span) equal(a, b time.Duration) bool { return a == b }

// durationOf returns a duration, or null for none.
func durationOf(d time.Duration) duration {
	if d == 0 {
		return measuredNull[span]()
	}
	return measuredOf[span](d)
}
