package httpapi

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

// stop says who stopped an account or a token, when and why.
type stop struct {
	By     string  `json:"by" jsonschema:"Who stopped it, as in events."`
	At     instant `json:"at" jsonschema:"When that was."`
	Reason string  `json:"reason,omitempty" jsonschema:"What that person wrote, for a hold."`
}

// stopOf returns nil for nil.
func stopOf(s *tokens.Stop) *stop {
	if s == nil {
		return nil
	}
	return &stop{string(s.By), instant{s.At}, s.Reason}
}

// domain returns nil for nil.
func (s *stop) domain() *tokens.Stop {
	if s == nil {
		return nil
	}
	return &tokens.Stop{By: tokens.Actor(s.By), At: s.At.Time, Reason: s.Reason}
}
