package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// Whatever a request holds besides, a stopped value gets the same answer as an unknown one.
func TestStoppedAndUnknownValuesAlike(t *testing.T) {
	m := newManaged(t)
	cache := verify.New(m.service.Verifications(), Renderer{}.Identity, verify.Options{
		Rows: 100, MaxStaleness: time.Minute, Now: time.Now,
	})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { cache.Run(ctx, func(error) {}) })
	t.Cleanup(func() { stop(); running.Wait() })
	for cache.CanTell() != nil {
		time.Sleep(time.Millisecond)
	}
	m.server.Config.Handler = NewManagement(ManagementOptions{
		As: func(p tokens.Principal) tokens.Backend { return m.service.As(p) }, Cache: cache, Now: time.Now,
	})
	owner := m.service.As(tokens.AsDatabaseOwner("local:anna@host"))
	secret := func() tokens.Secret {
		s, err := tokens.NewSecret(tokens.DefaultPrefix)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	stopped := secret()
	made, err := owner.CreateAccessToken(t.Context(), tokens.NewAccessToken{
		NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: stopped},
		Settings:     tokens.Settings{Name: "stopped", Enabled: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.HoldAccessToken(t.Context(), made.ID, "leaked"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ method, path, body, header string }{
		{"GET", "/v1/groups", "", ""},
		{"GET", "/v1/groups?limit=x", "", ""},
		{"GET", "/v1/groups", "", "Latchkey-Expects: nonsense"},
		{"GET", "/v1/groups", "", "Latchkey-Organization: other"},
		{"POST", "/v1/groups", `{"name":"x"}`, ""},
		{"POST", "/v1/groups", `{"name":1}`, ""},
		{"POST", "/v1/groups", `{`, ""},
		{"PATCH", "/v1/groups/grp_x", `{"nothing":1}`, ""},
		{"DELETE", "/v1/groups/grp_x", "", ""},
	} {
		answer := func(value tokens.Secret) string {
			r, err := http.NewRequestWithContext(t.Context(), test.method, m.server.URL+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+value.Reveal())
			r.Header.Set("Content-Type", "application/json")
			if name, value, ok := strings.Cut(test.header, ": "); ok {
				r.Header.Set(name, value)
			}
			resp, err := m.server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			resp.Header.Del("Date")
			return fmt.Sprint(resp.StatusCode, resp.Header, string(text))
		}
		one, other := answer(stopped), answer(secret())
		if one != other || !strings.HasPrefix(one, "401 ") {
			t.Errorf("%+v\nstopped: %s\nunknown: %s", test, one, other)
		}
	}
}
