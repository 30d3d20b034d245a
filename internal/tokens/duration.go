package tokens

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	day = 24 * time.Hour
	// MaxDuration is the longest duration: a hundred years of 365 days.
	MaxDuration = 100 * 365 * day
)

var durationPattern = regexp.MustCompile(`^(?:(\d{1,18})d)?(?:(\d{1,18})h)?(?:(\d{1,18})m)?(?:(\d{1,18})s)?$`)

// ParseDuration parses a duration of days, hours, minutes and seconds in this order, each optional: 90d, 36h, 1h30m. A
// day has 24 hours. The duration must be longer than zero and at most a hundred years.
func ParseDuration(field, s string) (time.Duration, error) {
	total, err := parseDuration(field, s)
	if err == nil {
		err = ValidateTTL(field, total)
	}
	if err != nil {
		return 0, err
	}
	return total, nil
}

// parseDuration is ParseDuration for durations that may be zero.
func parseDuration(field, s string) (time.Duration, error) {
	parts := durationPattern.FindStringSubmatch(s)
	if parts == nil || s == "" {
		return 0, Invalid(field,
			"%q is not a duration: write days, hours, minutes and seconds as in \"90d\", \"36h\" or \"1h30m\"%s", s,
			DurationHint(s))
	}
	var total time.Duration
	for i, unit := range []time.Duration{day, time.Hour, time.Minute, time.Second} {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(parts[i+1], 10, 64)
		if err != nil || n > int64((MaxDuration-total)/unit) {
			return 0, Invalid(field, "%q is too long: use at most %s (a hundred years)", s, FormatDuration(MaxDuration))
		}
		total += time.Duration(n) * unit
	}
	return total, nil
}

// foreignUnits are units that people write, with what they write in their place.
var foreignUnits = map[string]string{
	"w": "a week is 7d", "wk": "a week is 7d", "week": "a week is 7d", "weeks": "a week is 7d",
	"mo": "a month is 30d, say", "month": "a month is 30d, say", "months": "a month is 30d, say",
	"y": "a year is 365d", "yr": "a year is 365d", "year": "a year is 365d", "years": "a year is 365d",
	"day": "the unit is d", "days": "the unit is d", "D": "the unit is d",
	"hr": "the unit is h", "hrs": "the unit is h", "hour": "the unit is h", "hours": "the unit is h", "H": "the unit is h",
	"min": "the unit is m", "mins": "the unit is m", "minute": "the unit is m", "minutes": "the unit is m",
	"sec": "the unit is s", "secs": "the unit is s", "second": "the unit is s", "seconds": "the unit is s",
	"ms": "seconds are the shortest unit", "us": "seconds are the shortest unit", "ns": "seconds are the shortest unit",
}

var numberAndUnit = regexp.MustCompile(`^\d{1,6}(\.\d{1,3})?( ?)([A-Za-z]*)$`)

// DurationHint says what is wrong with a text that somebody took for a duration, or nothing. It repeats no more of the
// text than the name of a known unit, since the text may be anything.
func DurationHint(s string) string {
	if positive, ok := strings.CutPrefix(s, "-"); ok && numberAndUnit.MatchString(positive) {
		return "; a duration can't be negative"
	}
	parts := numberAndUnit.FindStringSubmatch(s)
	if parts == nil {
		return ""
	}
	fraction, blank, unit := parts[1], parts[2], parts[3]
	switch foreign := foreignUnits[unit]; {
	case foreign != "":
		return "; there is no unit " + strconv.Quote(unit) + ": " + foreign
	case unit == "":
		return "; the unit is missing"
	case fraction != "":
		return "; there are no fractions: an hour and a half is 1h30m"
	case blank != "":
		return "; there is no blank before the unit"
	}
	return ""
}

// ValidateTTL checks that a duration is between one second and a hundred years, in whole seconds.
func ValidateTTL(field string, d time.Duration) error {
	switch {
	case d < time.Second:
		return Invalid(field, "the duration must be at least one second; leave %s out for none", field)
	case d > MaxDuration:
		return Invalid(field, "the duration must be at most %s (a hundred years)", FormatDuration(MaxDuration))
	case d%time.Second != 0:
		return Invalid(field, "the duration must be a whole number of seconds")
	}
	return nil
}

// FormatDuration formats a duration of whole seconds as ParseDuration parses it, days first: 90d, 1d12h.
func FormatDuration(d time.Duration) string {
	var b strings.Builder
	for _, u := range []struct {
		unit time.Duration
		name byte
	}{{day, 'd'}, {time.Hour, 'h'}, {time.Minute, 'm'}, {time.Second, 's'}} {
		if n := d / u.unit; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10))
			b.WriteByte(u.name)
			d -= n * u.unit
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}
