package cli_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// steppedClock is the clock of a machine whose wall clock somebody sets, while elapsed time goes on.
type steppedClock struct{ seconds atomic.Int64 }

// now returns the time of day, off by the step. Package time has nothing that sets the two parts of a time apart: the
// seconds of the wall clock begin at bit 30 of its first word.
func (c *steppedClock) now() time.Time {
	t := time.Now()
	*(*uint64)(unsafe.Pointer(&t)) += uint64(c.seconds.Load()) << 30 // two's complement subtracts, too
	return t
}

func TestSteppedClock(t *testing.T) {
	var c steppedClock
	for _, step := range []int64{0, 7200, -7200} {
		c.seconds.Store(step)
		right, stepped := time.Now(), c.now()
		wall := stepped.Round(0).Sub(right.Round(0)) - time.Duration(step)*time.Second
		if elapsed := stepped.Sub(right); wall < 0 || wall > time.Minute || elapsed < 0 || elapsed > time.Minute {
			t.Errorf("a step of %d s: the wall clock is %s off that, and %s have elapsed", step, wall, elapsed)
		}
	}
}

// A wall clock that is set forward ends what ends by the clock. Set back, it revives nothing; and everything else goes on.
func TestServeThroughClockSteps(t *testing.T) {
	var clock steppedClock
	database, value := newDatabase(t)
	opened := service.Open(service.Options{Database: database, Now: time.Now})
	t.Cleanup(func() { must(0, opened.Close()) })
	owner := opened.As(tokens.AsDatabaseOwner("local:anna@host"))
	issue := func(settings tokens.Settings) (string, tokens.AccessToken) {
		secret := must(tokens.NewSecret("lk"))
		settings.Name, settings.Enabled = "robot", true
		created := must(owner.CreateAccessToken(t.Context(), tokens.NewAccessToken{
			NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret}, Settings: settings,
		}))
		return secret.Reveal(), created.AccessToken
	}
	expiring, _ := issue(tokens.Settings{ExpiresAt: time.Now().Add(time.Hour)})
	pending, _ := issue(tokens.Settings{ActivatesAt: time.Now().Add(time.Hour)})
	previous, regenerated := issue(tokens.Settings{})
	must(owner.UpdateAccessToken(t.Context(), regenerated.ID, tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{
		NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: must(tokens.NewSecret("lk"))},
		Grace:        &tokens.Grace{Duration: time.Hour},
	}}))
	revoked, _ := issue(tokens.Settings{})
	disabled, toDisable := issue(tokens.Settings{})

	s := startServerByClock(t, clock.now, database)
	s.eventually("the server is ready", func() bool { return s.get(s.base+"/readyz", "").status == http.StatusOK })
	check := func(when string, ready int, want map[string]int) {
		t.Helper()
		if got := s.get(s.base+"/readyz", ""); got.status != ready {
			t.Errorf("%s: /readyz answers %d, not %d: %s", when, got.status, ready, got.body)
		}
		for name, of := range map[string]string{
			"good": value, "expiring": expiring, "pending": pending, "previous": previous, "revoked": revoked, "disabled": disabled,
		} {
			status, named := want[name]
			if !named {
				status = http.StatusOK
			}
			if got := s.tells(s.base+"/v1/authenticate", of); got.status != status {
				t.Errorf("%s: %s: got %d, not %d", when, name, got.status, status)
			}
		}
	}
	check("at first", 200, map[string]int{"pending": 401})
	clock.seconds.Store(-30)
	check("half a minute back", 200, map[string]int{"pending": 401})
	clock.seconds.Store(2 * 3600)
	check("two hours on", 200, map[string]int{"expiring": 401, "previous": 401})
	for _, step := range []int64{0, -86400} {
		clock.seconds.Store(step)
		check(fmt.Sprintf("back to %d s", step), 503, map[string]int{"expiring": 401, "previous": 401})
	}

	// Changes are seen meanwhile, those by the server itself and those of others.
	request := must(http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/v1/revoke",
		strings.NewReader("token="+revoked)))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	must(0, err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("/v1/revoke: got %d", response.StatusCode)
	}
	must(owner.UpdateAccessToken(t.Context(), toDisable.ID, tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}}))
	changed := map[string]int{"expiring": 401, "previous": 401, "revoked": 401, "disabled": 401}
	s.eventually("the changes are seen", func() bool {
		return s.get(s.base+"/v1/authenticate", revoked).status == 401 && s.get(s.base+"/v1/authenticate", disabled).status == 401
	})
	check("a day back, after changes", 503, changed)
	clock.seconds.Store(3 * 3600)
	check("three hours on", 200, changed)
	clock.seconds.Store(2 * 3600)
	if code := s.stop(); code != 0 {
		t.Errorf("the server ended with %d: %s", code, s.log)
	}
	for _, word := range []string{`"ERROR"`, "panic"} {
		if strings.Contains(s.log.String(), word) {
			t.Errorf("the server logged %s", s.log)
		}
	}
}
