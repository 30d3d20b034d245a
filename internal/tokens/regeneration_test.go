package tokens_test

import (
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestHasDrifted(t *testing.T) {
	before := now.Add(-time.Hour)
	for _, test := range []struct {
		name  string
		facts tokens.SecretFacts
		want  bool
	}{
		{"nothing happened", tokens.SecretFacts{HeldVersion: 2, CurrentVersion: 2}, false},
		{"regenerated elsewhere", tokens.SecretFacts{HeldVersion: 2, CurrentVersion: 3}, true},
		{"an older one restored", tokens.SecretFacts{HeldVersion: 3, CurrentVersion: 2}, true},
		{"an older one restored and regenerated elsewhere",
			tokens.SecretFacts{HeldVersion: 2, HeldMadeAt: before, CurrentVersion: 2, CurrentMadeAt: now}, true},
		{"the very secret", tokens.SecretFacts{HeldVersion: 2, HeldMadeAt: now, CurrentVersion: 2, CurrentMadeAt: now.UTC()},
			false},
		{"the version alone known", tokens.SecretFacts{HeldVersion: 2, CurrentVersion: 2, CurrentMadeAt: now}, false},
		{"revoked", tokens.SecretFacts{HeldVersion: 2, CurrentVersion: 2, Revoked: true}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.facts.HasDrifted(); got != test.want {
				t.Errorf("HasDrifted is %t", got)
			}
		})
	}
}

func TestPhaseOf(t *testing.T) {
	const none = time.Duration(0)
	end := now.Add(10 * day)
	for _, test := range []struct {
		name             string
		observedAt, ends time.Time
		before           time.Duration
		want             tokens.Phase
	}{
		{"never observed", time.Time{}, end, day, tokens.PhaseFresh},
		{"without end", now, time.Time{}, day, tokens.PhaseFresh},
		{"long before the end", now, end, day, tokens.PhaseFresh},
		{"just before the window", end.Add(-day - 1), end, day, tokens.PhaseFresh},
		{"at the start of the window", end.Add(-day), end, day, tokens.PhaseDue},
		{"just before the end", end.Add(-1), end, day, tokens.PhaseDue},
		{"just before the end, without window", end.Add(-1), end, none, tokens.PhaseFresh},
		{"at the end", end, end, day, tokens.PhaseExpired},
		{"after the end, without window", end.Add(day), end, none, tokens.PhaseExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := tokens.PhaseOf(test.observedAt, test.ends, test.before); got != test.want {
				t.Errorf("phase %d, want %d", got, test.want)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	regenerate := func(reason tokens.RegenerationReason) tokens.SecretDecision {
		return tokens.SecretDecision{Regenerate: reason}
	}
	nothing := tokens.SecretDecision{}
	accept := tokens.SecretDecision{AcceptDrift: true}
	refuseDrift, refuseExpired := tokens.SecretDecision{RefuseDrift: true}, tokens.SecretDecision{RefuseExpired: true}
	// A situation in letters: the phase is f, d or e; t has a ttl; D drifted; S stopped; T triggered.
	const regen, ignore, fail = tokens.OnExpiredRegenerate, tokens.OnExpiredIgnore, tokens.OnExpiredError
	for _, test := range []struct {
		situation string
		onExpired tokens.ExpiryPolicy
		onDrift   tokens.DriftPolicy
		want      tokens.SecretDecision
	}{
		{"f", "", "", nothing},
		{"ft", "", "", nothing},
		{"fT", "", "", regenerate(tokens.ReasonTrigger)},
		{"ftT", fail, "error", regenerate(tokens.ReasonTrigger)},
		{"fS", "", "", nothing},
		{"fST", "", "", regenerate(tokens.ReasonTrigger)},

		{"dt", "", "", regenerate(tokens.ReasonSchedule)},
		{"dt", ignore, "", regenerate(tokens.ReasonSchedule)},
		{"dt", fail, "", regenerate(tokens.ReasonSchedule)},
		{"dtT", "", "", regenerate(tokens.ReasonSchedule)},
		{"dtS", "", "", nothing},
		{"dtST", "", "", regenerate(tokens.ReasonTrigger)},
		{"dtD", "", "", regenerate(tokens.ReasonDrift)},
		{"dtD", "", "accept", regenerate(tokens.ReasonSchedule)},
		{"dtD", "", "error", refuseDrift},

		{"et", "", "", regenerate(tokens.ReasonExpired)},
		{"et", regen, "", regenerate(tokens.ReasonExpired)},
		{"et", ignore, "", nothing},
		{"et", fail, "", refuseExpired},
		{"etT", ignore, "", regenerate(tokens.ReasonTrigger)},
		{"etT", fail, "", regenerate(tokens.ReasonTrigger)},
		{"etS", "", "", nothing},
		{"etS", fail, "", nothing},
		{"etD", "", "", regenerate(tokens.ReasonDrift)},
		{"etD", "", "accept", regenerate(tokens.ReasonExpired)},
		{"etD", fail, "accept", refuseExpired},
		{"etDS", "", "accept", accept},
		{"e", "", "", nothing},
		{"e", ignore, "", nothing},
		{"e", fail, "", refuseExpired},
		{"eT", fail, "", regenerate(tokens.ReasonTrigger)}, // which the backend refuses: the end has passed
		{"eS", fail, "", nothing},
		{"eD", "", "", nothing},
		{"eD", "", "accept", accept},
		{"eD", "", "error", refuseDrift},

		{"fD", "", "", regenerate(tokens.ReasonDrift)},
		{"fD", "", "regenerate", regenerate(tokens.ReasonDrift)},
		{"fD", "", "accept", accept},
		{"fD", "", "error", refuseDrift},
		{"fDT", "", "", regenerate(tokens.ReasonDrift)},
		{"fDT", "", "accept", regenerate(tokens.ReasonTrigger)},
		{"fDT", "", "error", refuseDrift},
		{"fDS", "", "", regenerate(tokens.ReasonDrift)},
	} {
		t.Run(test.situation+"/"+string(test.onExpired)+"/"+string(test.onDrift), func(t *testing.T) {
			s := tokens.SecretSituation{OnExpired: test.onExpired, OnSecretDrift: test.onDrift}
			for _, letter := range test.situation {
				switch letter {
				case 'd':
					s.Phase = tokens.PhaseDue
				case 'e':
					s.Phase = tokens.PhaseExpired
				case 't':
					s.HasTTL = true
				case 'D':
					s.Drifted = true
				case 'S':
					s.Stopped = true
				case 'T':
					s.Triggered = true
				}
			}
			if got := s.Decide(); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// A secret that people bring is never made by the clock, which only says when it is time for one.
func TestDecideOwn(t *testing.T) {
	due := func(change func(*tokens.SecretSituation)) tokens.SecretSituation {
		s := tokens.SecretSituation{Own: true, Phase: tokens.PhaseDue, HasTTL: true}
		change(&s)
		return s
	}
	accept := tokens.OnSecretDriftAccept
	for name, test := range map[string]struct {
		situation tokens.SecretSituation
		want      tokens.SecretDecision
	}{
		"due":                {due(func(*tokens.SecretSituation) {}), tokens.SecretDecision{Due: true}},
		"due and stopped":    {due(func(s *tokens.SecretSituation) { s.Stopped = true }), tokens.SecretDecision{}},
		"due at a fixed end": {due(func(s *tokens.SecretSituation) { s.HasTTL = false }), tokens.SecretDecision{}},
		"due and drifted":    {due(func(s *tokens.SecretSituation) { s.Drifted = true }), tokens.SecretDecision{RefuseDrift: true}},
		"due and drifted, which is accepted": {due(func(s *tokens.SecretSituation) { s.Drifted, s.OnSecretDrift = true, accept }),
			tokens.SecretDecision{AcceptDrift: true, Due: true}},
		"due and brought": {due(func(s *tokens.SecretSituation) { s.Brought = true }),
			tokens.SecretDecision{Regenerate: tokens.ReasonTrigger}},
		"expired": {due(func(s *tokens.SecretSituation) { s.Phase, s.OnExpired = tokens.PhaseExpired, tokens.OnExpiredError }),
			tokens.SecretDecision{RefuseExpired: true}},
	} {
		if got := test.situation.Decide(); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
