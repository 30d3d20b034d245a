package tokens_test

import (
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestDueRegeneration(t *testing.T) {
	before, after := now.Add(-time.Hour), now.Add(time.Hour)
	for _, test := range []struct {
		name      string
		facts     tokens.SecretFacts
		ttl       time.Duration
		expiresAt time.Time
		stopped   bool
		want      tokens.RegenerationReason
	}{
		{"nothing happened", tokens.SecretFacts{HeldVersion: 2, CurrentVersion: 2}, 0, time.Time{}, false, ""},
		{"regenerated elsewhere", tokens.SecretFacts{HeldVersion: 2, CurrentVersion: 3}, 0, time.Time{}, false, tokens.ReasonDrift},
		{"an older one restored", tokens.SecretFacts{HeldVersion: 3, CurrentVersion: 2}, 0, time.Time{}, false, tokens.ReasonDrift},
		{"an older one restored and regenerated elsewhere", tokens.SecretFacts{HeldVersion: 2, HeldMadeAt: before, CurrentVersion: 2, CurrentMadeAt: now}, 0, time.Time{}, false, tokens.ReasonDrift},
		{"the very secret", tokens.SecretFacts{HeldVersion: 2, HeldMadeAt: now, CurrentVersion: 2, CurrentMadeAt: now.UTC()}, 0, time.Time{}, false, ""},
		{"the version alone known", tokens.SecretFacts{HeldVersion: 2, CurrentVersion: 2, CurrentMadeAt: now}, 0, time.Time{}, false, ""},
		{"regenerated elsewhere, stopped", tokens.SecretFacts{HeldVersion: 2, CurrentVersion: 3}, 0, time.Time{}, true, tokens.ReasonDrift},
		{"revoked", tokens.SecretFacts{HeldVersion: 2, CurrentVersion: 2, Revoked: true}, 0, time.Time{}, false, tokens.ReasonDrift},
		{"before the end of the ttl", tokens.SecretFacts{HeldVersion: 1, CurrentVersion: 1, ObservedAt: before}, day, now, false, ""},
		{"at the end of the ttl", tokens.SecretFacts{HeldVersion: 1, CurrentVersion: 1, ObservedAt: now}, day, now, false, tokens.ReasonExpired},
		{"after the end of the ttl", tokens.SecretFacts{HeldVersion: 1, CurrentVersion: 1, ObservedAt: after}, day, now, false, tokens.ReasonExpired},
		{"after the end of the ttl, stopped", tokens.SecretFacts{HeldVersion: 1, CurrentVersion: 1, ObservedAt: after}, day, now, true, ""},
		{"after the end of the ttl, regenerated elsewhere", tokens.SecretFacts{HeldVersion: 1, CurrentVersion: 2, ObservedAt: after}, day, now, false, tokens.ReasonDrift},
		{"never observed", tokens.SecretFacts{HeldVersion: 1, CurrentVersion: 1}, day, now, false, ""},
		{"after a fixed end", tokens.SecretFacts{HeldVersion: 1, CurrentVersion: 1, ObservedAt: after}, 0, now, false, ""},
		{"after a fixed end, regenerated elsewhere", tokens.SecretFacts{HeldVersion: 1, CurrentVersion: 2, ObservedAt: after}, 0, now, false, ""},
		{"after a fixed end, revoked", tokens.SecretFacts{HeldVersion: 1, CurrentVersion: 1, Revoked: true, ObservedAt: after}, 0, now, false, ""},
		{"before a fixed end, revoked", tokens.SecretFacts{HeldVersion: 1, CurrentVersion: 1, Revoked: true, ObservedAt: before}, 0, now, false, tokens.ReasonDrift},
	} {
		t.Run(test.name, func(t *testing.T) {
			reason, due := tokens.DueRegeneration(test.facts, test.ttl, test.expiresAt, test.stopped)
			if reason != test.want || due != (test.want != "") {
				t.Errorf("due: %t, %q; want %q", due, reason, test.want)
			}
		})
	}
}
