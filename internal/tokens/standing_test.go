package tokens_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A secret is active exactly where its token has the status active and the secret is the current one, or the previous
// one within its grace period.
func TestStandingIsTheStatus(t *testing.T) {
	noon := time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		// Few instants, so that they often meet.
		instant := func(name string) time.Time {
			return noon.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, name)) * time.Microsecond)
		}
		maybe := func(name string) (at time.Time) {
			if rapid.Bool().Draw(t, "has "+name) {
				at = instant(name)
			}
			return at
		}
		rarely := func(name string) bool { return rapid.IntRange(0, 7).Draw(t, name) == 0 }
		token := tokens.AccessToken{
			Settings: tokens.Settings{Enabled: !rarely("disabled"), ActivatesAt: maybe("start")},
			User:     tokens.TechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Enabled: !rarely("user disabled")}},
			Secret:   tokens.SecretState{Version: 3, CreatedAt: instant("made")},
		}
		switch rapid.IntRange(0, 2).Draw(t, "end") {
		case 1:
			token.ExpiresAt = instant("expiry")
		case 2:
			token.TTL = 2 * time.Microsecond
		}
		if rarely("held") {
			token.Held = &tokens.Stop{}
		}
		if rarely("ended") {
			token.Secret.EndedAt = instant("ended")
		}
		if rapid.Bool().Draw(t, "has previous") {
			token.Previous = &tokens.PreviousSecret{Version: 2, EndsAt: instant("end of grace")}
		}
		row := tokens.SecretRow{Version: rapid.Int64Range(1, 3).Draw(t, "version"), AccessToken: token}
		now := instant("now").Add(time.Duration(rapid.IntRange(0, 999).Draw(t, "nanoseconds")))
		live := row.Version == token.Secret.Version || row.IsPrevious(now)
		want := live && token.StatusAt(now) == tokens.StatusActive
		resolved := row.Resolve(tokens.NewRoles(nil))
		if got := resolved.Standing().ActiveAt(now); got != want {
			t.Fatalf("active is %t at %s, but the status is %s, live is %t", got, now, token.StatusAt(now), live)
		}
		if end, ends := resolved.Standing().End(); want && ends && !now.Before(end) {
			t.Fatalf("active at %s, although that ends at %s", now, end)
		}
		end, some := resolved.LiveUntil()
		if got := some && (end.IsZero() || now.Before(end)); got != row.IsLive(now) {
			t.Fatalf("live is %t at %s, until %s", row.IsLive(now), now, end)
		}
	})
	if (tokens.Standing{}).ActiveAt(noon) {
		t.Error("the zero standing is active")
	}
}
