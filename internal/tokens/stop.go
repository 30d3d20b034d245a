package tokens

import "time"

// Actor names who works on the backend, as in audit events: "local:<os user>@<host>" for a person or a pipeline that
// opens the database itself.
type Actor string

// ActorClock appears where nobody did something, but time.
const ActorClock Actor = "latchkey"

// Stop says who stopped something, when and why.
type Stop struct {
	By Actor     `json:"by"`
	At time.Time `json:"at"`
	// Reason is what the person wrote; empty for a plain disable.
	Reason string `json:"reason,omitempty"`
}

// applySwitch turns the declared switch of an account or token on or off and records who turned it off. Turning off
// what is off already keeps the first record.
func applySwitch(c Change[bool], enabled bool, disabled *Stop, by Actor, now time.Time) (bool, *Stop) {
	c.apply(&enabled)
	switch {
	case enabled:
		return true, nil
	case disabled == nil:
		return false, &Stop{By: by, At: now}
	}
	return false, disabled
}
