package service

import (
	"strconv"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Refused uses wait in bounded memory, one for each token and minute, and the first of them counts.
func TestRefusedUseRecord(t *testing.T) {
	var s Service
	s.RecordRefusedUse("tok_a", 1, noon.Add(10*time.Second))
	s.RecordRefusedUse("tok_a", 2, noon.Add(59*time.Second))
	s.RecordRefusedUse("tok_a", 3, noon.Add(time.Minute))
	s.RecordRefusedUse("", 0, noon) // an unknown value
	taken, dropped := s.refusedUses.take()
	if len(taken) != 2 || dropped != 0 {
		t.Errorf("%d refused uses wait, %d were dropped; want 2 and none", len(taken), dropped)
	}
	for minute, want := range map[time.Duration]refusedSecret{
		0:           {1, noon.Add(10 * time.Second)},
		time.Minute: {3, noon.Add(time.Minute)},
	} {
		if got := taken[refusedUse{"tok_a", noon.Add(minute).Unix()}]; got != want {
			t.Errorf("in minute %s, %+v waits, want %+v", minute, got, want)
		}
	}

	for i := range mostRefusedUses + 10 {
		s.RecordRefusedUse(strconv.Itoa(i), 1, noon)
		s.RecordRefusedUse("0", 1, noon)
	}
	if taken, dropped = s.refusedUses.take(); len(taken) != mostRefusedUses || dropped != 10 {
		t.Errorf("%d refused uses wait, %d were dropped; want %d and 10", len(taken), dropped, mostRefusedUses)
	}
	if taken, dropped = s.refusedUses.take(); len(taken) != 0 || dropped != 0 {
		t.Errorf("%d refused uses wait, %d were dropped; want none after they were taken", len(taken), dropped)
	}
}

// Neither the refused use of a token that waits already nor that of an unknown value costs memory.
func TestNotingARefusedUseAllocatesNothing(t *testing.T) {
	var s Service
	record := func() {
		s.RecordRefusedUse("tok_a", 1, noon)
		s.RecordRefusedUse("", 0, noon)
	}
	record()
	if n := testing.AllocsPerRun(100, record); n != 0 {
		t.Errorf("two refused uses make %v allocations, want none", n)
	}
}

// The event of a refused use names a cause only if the token and its technical user are still as they were then.
func TestWhyRefused(t *testing.T) {
	const unsaid = "a value that was presented was not active then"
	before, after := noon.Add(-time.Hour), noon.Add(time.Second)
	for name, tt := range map[string]struct {
		version int64
		change  func(*tokens.AccessToken)
		want    string
	}{
		"held before": {2, func(a *tokens.AccessToken) { a.Held, a.UpdatedAt = &tokens.Stop{At: before}, before },
			"a value that was presented is not active: the token is held"},
		"held at the same time": {2, func(a *tokens.AccessToken) { a.Held, a.UpdatedAt = &tokens.Stop{At: noon}, noon },
			"a value that was presented is not active: the token is held"},
		"held after it had expired": {2, func(a *tokens.AccessToken) {
			a.ExpiresAt, a.Held, a.UpdatedAt = before, &tokens.Stop{At: after}, after
		}, unsaid},
		"expired":         {2, func(a *tokens.AccessToken) { a.ExpiresAt = before }, "a value that was presented is not active: the token is expired"},
		"expires later":   {2, func(a *tokens.AccessToken) { a.ExpiresAt = after }, unsaid},
		"enabled since":   {2, func(a *tokens.AccessToken) { a.UpdatedAt = after }, unsaid},
		"superseded":      {1, func(*tokens.AccessToken) {}, "a value that was presented has been superseded"},
		"regenerated":     {1, func(a *tokens.AccessToken) { a.UpdatedAt = after }, unsaid},
		"account stopped": {2, func(a *tokens.AccessToken) { a.User.Enabled = false }, "a value that was presented is not active: the token is disabled"},
		"account stopped since": {2, func(a *tokens.AccessToken) {
			a.ExpiresAt, a.User.Enabled, a.User.UpdatedAt = before, false, after
		}, unsaid},
	} {
		token := tokens.AccessToken{UpdatedAt: before, Settings: tokens.Settings{Enabled: true}}
		token.Secret = tokens.SecretState{Version: 2, CreatedAt: before}
		token.User.Enabled, token.User.UpdatedAt = true, before
		tt.change(&token)
		if got := whyRefused(token, refusedSecret{tt.version, noon}); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
