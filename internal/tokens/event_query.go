package tokens

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// EventQuery selects events. The zero value selects all of them.
type EventQuery struct {
	// ObjectID selects what happened to one object; empty for all. To an access token happens what happens to its shares
	// and, while there is the token, to its technical user.
	ObjectID string
	// Actor, Action and Run are patterns for who did something, what was done, and the run in which they claimed to do it.
	// Empty selects all. An asterisk stands for any text; upper and lower case of the letters a to z are the same.
	Actor, Action, Run string
	// Outcome selects how it ended; empty for all.
	Outcome Outcome
	// Since selects the events from this time on, and Until those before that; zero for all.
	Since, Until time.Time
	// Limit is the maximum number of events, the latest ones; zero for all.
	Limit int
	// Cursor is the NextCursor of a page of the same query: the events before that page are selected. Empty for the latest.
	Cursor string
}

// EventPage are the latest events that a query selects, oldest first.
type EventPage struct {
	Events []Event
	// NextCursor selects the events before these; empty where there are none.
	NextCursor string
	// End is the position behind all events, whatever the query.
	End EventPosition
}

// EventCursor returns the cursor of the events before one that has a number in the log; zero for one that is not written
// yet.
func EventCursor(number int64, e Event) string {
	return strconv.FormatInt(number, numberBase) + "." + e.ID
}

// Before returns the number and the identifier of the event before which the query's events are; zero and empty for none.
// CodeInvalid.
func (q EventQuery) Before() (number int64, id string, err error) {
	if q.Cursor == "" {
		return 0, "", nil
	}
	text, id, _ := strings.Cut(q.Cursor, ".")
	number, err = strconv.ParseInt(text, numberBase, 64)
	if err != nil || number < 0 || !IsID(KindEvent, id) {
		return 0, "", Invalid("cursor",
			"it is not one of this list: pass on, unchanged, what came with the last page, or leave the cursor out for the first page")
	}
	return number, id, nil
}

// Validate checks each filter by itself.
func (q EventQuery) Validate() error {
	if q.Limit < 0 {
		return Invalid("limit", "it is negative: use a positive number, or leave it out")
	}
	if _, _, err := q.Before(); err != nil {
		return err
	}
	return firstError(
		ValidateActionPattern("action", q.Action),
		validatePattern("actor", q.Actor),
		validatePattern("run", q.Run),
		ValidateOutcome("outcome", string(q.Outcome)),
		ValidatePeriod("until", q.Since, q.Until),
	)
}

// longestPattern is the length in bytes of the longest pattern.
const longestPattern = 1000

func validatePattern(field, pattern string) error {
	if len(pattern) > longestPattern {
		return Invalid(field, "the pattern has %d bytes: use at most %d", len(pattern), longestPattern)
	}
	return nil
}

// ValidateActionPattern checks that a pattern matches an action that there is. An empty one matches all of them.
func ValidateActionPattern(field, pattern string) error {
	if pattern == "" || len(MatchingActions(pattern)) > 0 {
		return validatePattern(field, pattern)
	}
	area, verb, _ := strings.Cut(pattern, ".")
	var areas, likely []string
	for _, action := range Actions() {
		kind, does, _ := strings.Cut(string(action), ".")
		if !slices.Contains(areas, kind) {
			areas = append(areas, kind)
		}
		if kind == area || does == verb || does == area {
			likely = append(likely, string(action))
		}
	}
	if len(likely) > 0 {
		return Invalid(field, "no action is called %q: similar ones are %s", pattern, strings.Join(likely, ", "))
	}
	return Invalid(field, "no action is called %q: an action is a kind of object and a verb, as in %q, the kinds are %s, "+
		"and %q selects all of one", pattern, ActionAccessTokenHold, strings.Join(areas, ", "), "access_token.*")
}

// MatchingActions returns the actions that a pattern matches.
func MatchingActions(pattern string) []Action {
	return slices.DeleteFunc(Actions(), func(a Action) bool { return !matches(pattern, string(a)) })
}

// ValidateOutcome checks that there is an outcome. An empty one stands for all.
func ValidateOutcome(field, outcome string) error {
	if outcome == "" || slices.Contains(Outcomes(), Outcome(outcome)) {
		return nil
	}
	return Invalid(field, "there is no outcome %q: use %s or %s", outcome, OutcomeDone, OutcomeRefused)
}

// ValidatePeriod checks that the field's time is after the one from which on events are selected, where both are set.
func ValidatePeriod(field string, since, until time.Time) error {
	if since.IsZero() || until.IsZero() || since.Before(until) {
		return nil
	}
	return Invalid(field, "%s is not after %s, from which on events are selected: name a later time",
		FormatTimestamp(until), FormatTimestamp(since))
}

// Selects reports whether the query selects an event, but for its place among the others. userID is the technical user of the access
// token that the query names; empty if it names none, or one that is not there any more.
func (q EventQuery) Selects(e Event, userID string) bool {
	return q.selectsObject(e.ObjectID, userID) && matches(q.Actor, string(e.Actor)) && matches(q.Action, string(e.Action)) &&
		matches(q.Run, e.ClaimedRun) && (q.Outcome == "" || q.Outcome == e.Outcome) && !e.At.Before(q.Since) &&
		(q.Until.IsZero() || e.At.Before(q.Until))
}

func (q EventQuery) selectsObject(id, userID string) bool {
	if q.ObjectID == "" || q.ObjectID == id || userID != "" && userID == id {
		return true
	}
	tokenID, _, isShare := strings.Cut(id, "/")
	return isShare && tokenID == q.ObjectID
}

// matches reports whether a pattern matches all of a text. An empty pattern matches every text.
func matches(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(lowerASCII(pattern), "*")
	text = lowerASCII(text)
	if len(parts) == 1 {
		return parts[0] == text
	}
	first, last := parts[0], parts[len(parts)-1]
	rest, ok := strings.CutPrefix(text, first)
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, last)
}

// lowerASCII returns a text with the letters A to Z in lower case, which every database does alike.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// EventPosition is a place in the audit log, between what was written before and what comes after. The zero position is
// before everything.
type EventPosition struct {
	// Number is that of the latest event that was written before, and ID its identifier: another event has the number where
	// a backup was restored since.
	Number int64
	ID     string
	// At is the time up to which grace periods had ended. Their events are written later, and count as before.
	At time.Time
}

// Passed reports whether an event that is written after the position tells what was told before it: the end of a grace
// period.
func (p EventPosition) Passed(e Event) bool { return e.Actor == ActorClock && !e.At.After(p.At) }
