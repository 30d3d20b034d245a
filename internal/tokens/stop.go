package tokens

import "time"

// Actor names who works on the backend, as in audit events: "local:<os user>@<host>" for a person or a pipeline that
// opens the database itself.
type Actor string

// ActorClock appears if not a person but time did something.
const ActorClock Actor = "latchkey"

// ActorUnknown appears if the caller could not be determined.
const ActorUnknown Actor = "unknown"

// Stop says who stopped something, when and why. It alone in this package has names in JSON: the provider keeps it in
// private state, where existing states have these names.
type Stop struct {
	By Actor     `json:"by"`
	At time.Time `json:"at"`
	// Reason is what the person wrote; empty for a plain disable.
	Reason string `json:"reason,omitempty"`
}

// equal reports whether two stops are the same, or there is none.
func (s *Stop) equal(other *Stop) bool {
	if s == nil || other == nil {
		return s == other
	}
	return s.By == other.By && s.At.Equal(other.At) && s.Reason == other.Reason
}

// Cleaned returns the stop with texts that may be printed in one line; nil for nil.
func (s *Stop) Cleaned() *Stop {
	if s == nil {
		return nil
	}
	return &Stop{By: Actor(Cleaned(string(s.By))), At: s.At, Reason: Cleaned(s.Reason)}
}

// switched returns the record of who turned off an account or token, or nil if it is now enabled. Turning off something
// that is already off keeps the first record.
func switched(enabled bool, disabled *Stop, by Actor, now time.Time) *Stop {
	switch {
	case enabled:
		return nil
	case disabled == nil:
		return &Stop{By: by, At: now}
	}
	return disabled
}
