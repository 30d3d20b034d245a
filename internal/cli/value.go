package cli

import (
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// none stands in a table where there is no value.
const none = "-"

// value is what an object has under a name: once for programs and once for people.
type value struct {
	// data is the value in JSON; nil for none.
	data any
	// text is the value in a table.
	text string
	// at is set if the value is an instant. On a terminal, people see how far away it is.
	at time.Time
}

// shown returns the text for people, on a terminal or elsewhere.
func (v value) shown(a *app) string {
	if a.StdoutTerminal && !v.at.IsZero() {
		return relative(v.at, a.Now())
	}
	return v.text
}

// detailed returns the text for people where there is room: an instant together with how far away it is.
func (v value) detailed(a *app) string {
	if v.at.IsZero() {
		return v.text
	}
	return a.instant(v.at)
}

// or returns the value with a word in place of none.
func (v value) or(word string) value {
	if v.data == nil {
		v.text = word
	}
	return v
}

// as returns the value with another text for people.
func (v value) as(text string) value {
	v.text = text
	return v
}

// textValue is a text; an empty one is none.
func textValue[T ~string](s T) value {
	if s == "" {
		return value{text: none}
	}
	return value{data: string(s), text: string(s)}
}

// writtenValue is a text that people may leave empty, such as a description. It is never none.
func writtenValue(s string) value {
	v := textValue(s)
	v.data = s
	return v
}

// instantValue is an instant; the zero time is none.
func instantValue(t time.Time) value {
	if t.IsZero() {
		return value{text: none}
	}
	text := tokens.FormatTimestamp(t)
	return value{data: text, text: text, at: t}
}

// secondsValue is a duration: a number of seconds in JSON, and written as in a configuration in a table. Zero is none.
func secondsValue(d time.Duration) value {
	if d == 0 {
		return value{text: none}
	}
	return value{data: d.Seconds(), text: tokens.FormatDuration(d)}
}

// countValue is a number.
func countValue(n int64) value { return value{data: n, text: strconv.FormatInt(n, 10)} }

// boolValue is true or false.
func boolValue(b bool) value {
	if b {
		return value{data: true, text: "yes"}
	}
	return value{data: false, text: "no"}
}

// listValue is a list of texts, never none: an empty list is empty in JSON.
func listValue(texts []string) value {
	v := textValue(strings.Join(texts, ", "))
	v.data = append([]string{}, texts...)
	return v
}
