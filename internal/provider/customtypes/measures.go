package customtypes

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// span measures durations by their length.
type span struct{}

type (
	// DurationType is the type of an attribute that holds a duration.
	DurationType = measuredType[span, time.Duration]
	// Duration is the value of such an attribute.
	Duration = Measured[span, time.Duration]
)

func (span) parse(attribute, text string) (time.Duration, error) {
	return tokens.ParseDuration(attribute, text)
}

func (span) format(d time.Duration) string { return tokens.FormatDuration(d) }

func (span) equal(a, b time.Duration) bool { return a == b }

// DurationOf returns a duration, or null for none.
func DurationOf(d time.Duration) Duration {
	if d == 0 {
		return measuredNull[span]()
	}
	return measuredOf[span](d)
}

// graceSpan measures grace periods.
type graceSpan struct{}

type (
	// GracePeriodType is the type of an attribute that holds a grace period.
	GracePeriodType = measuredType[graceSpan, tokens.Grace]
	// GracePeriod is the value of such an attribute.
	GracePeriod = Measured[graceSpan, tokens.Grace]
)

func (graceSpan) parse(attribute, text string) (tokens.Grace, error) {
	return tokens.ParseGrace(attribute, text)
}

func (graceSpan) format(g tokens.Grace) string { return g.String() }

func (graceSpan) equal(a, b tokens.Grace) bool { return a == b }

// GracePeriodOf returns a grace period, or null for none.
func GracePeriodOf(g tokens.Grace) GracePeriod {
	if g == (tokens.Grace{}) {
		return measuredNull[graceSpan]()
	}
	return measuredOf[graceSpan](g)
}

// instant measures RFC 3339 timestamps by the instant that they name.
type instant struct{}

type (
	// TimestampType is the type of an attribute that holds a timestamp.
	TimestampType = measuredType[instant, time.Time]
	// Timestamp is the value of such an attribute.
	Timestamp = Measured[instant, time.Time]
)

func (instant) parse(attribute, text string) (time.Time, error) {
	return tokens.ParseTimestamp(attribute, text)
}

func (instant) format(t time.Time) string { return tokens.FormatTimestamp(t) }

func (instant) equal(a, b time.Time) bool { return a.Equal(b) }

// TimestampOf returns the timestamp of an instant, or null for none.
func TimestampOf(t time.Time) Timestamp {
	if t.IsZero() {
		return TimestampNull()
	}
	return measuredOf[instant](t)
}

// TimestampNull returns null.
func TimestampNull() Timestamp { return measuredNull[instant]() }

// TimestampUnknown returns unknown.
func TimestampUnknown() Timestamp { return Timestamp{basetypes.NewStringUnknown()} }
