package provider

import (
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// instant measures RFC 3339 timestamps by the instant that they name.
type instant struct{}

type (
	timestampType = measuredType[instant, time.Time]
	timestamp     = measured[instant, time.Time]
)

func (instant) parse(attribute, text string) (time.Time, error) {
	return tokens.ParseTimestamp(attribute, text)
}
func (instant) format(t time.Time) string { return tokens.FormatTimestamp(t) }
func (instant) equal(a, b time.Time) bool { return a.Equal(b) }

// timestampOf returns the timestamp of an instant, or null for none.
func timestampOf(t time.Time) timestamp {
	if t.IsZero() {
		return measuredNull[instant]()
	}
	return measuredOf[instant](t)
}
