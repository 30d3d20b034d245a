package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// manyTokens is a database that makes the rows of many tokens when they are looked up, so that nothing but a cache keeps
// them. One token in a hundred has a technical user of its own, and each of a few groups has some of the others.
type manyTokens struct {
	unchanging

	of     map[tokens.SecretHash]int
	groups []string
}

// newManyTokens returns a database of n tokens, and their values.
func newManyTokens(t testing.TB, n int) (manyTokens, []tokens.Secret) {
	d := manyTokens{of: make(map[tokens.SecretHash]int, n), groups: groupIDs(20)}
	secrets := make([]tokens.Secret, n)
	for i := range secrets {
		secrets[i] = newSecret(t)
		d.of[secrets[i].Hash()] = i
	}
	return d, secrets
}

func (d manyTokens) Watch(context.Context) (store.Watch, error) { return d, nil }

func (d manyTokens) Secret(_ context.Context, hash tokens.SecretHash) (verify.Found, bool, error) {
	i, ok := d.of[hash]
	if !ok {
		return verify.Found{}, false, nil
	}
	t := token()
	t.Name = fmt.Sprintf("deploys of service %d", i)
	t.User.Email = fmt.Sprintf("user-%d@acme.latchkey.internal", i/10)
	t.User.GroupRoles = []tokens.GroupRole{{GroupID: strings.Clone(d.groups[i%len(d.groups)]), Role: "manager"}}
	return verify.Found{
		SecretRow: tokens.SecretRow{Hash: hash, Version: t.Secret.Version, AccessToken: t},
		Roles: tokens.NewRoles([]tokens.Role{
			{RoleSettings: tokens.RoleSettings{Name: "clerk", Permissions: []string{"orders:read"}}},
		}),
		Database: tokens.Database{Organization: strings.Clone("acme")},
	}, true, nil
}

// unrecorded records nothing.
type unrecorded struct{}

func (unrecorded) RecordUse(string, int64, time.Time)        {}
func (unrecorded) RecordRefusedUse(string, int64, time.Time) {}

// warm returns a server on many tokens that are all in its cache, and their values.
func warm(t testing.TB, n int) (*httpapi.Verification, *verify.Cache[httpapi.Identity], []tokens.Secret) {
	t.Helper()
	database, secrets := newManyTokens(t, n)
	cache := verify.New(database, httpapi.Renderer{Permissions: true}.Identity, verify.Options{
		Rows: verify.DefaultRows, MaxStaleness: time.Minute, Now: time.Now,
	})
	fill(t, cache, secrets)
	return httpapi.NewVerification(httpapi.Options{
		Cache: cache, Uses: unrecorded{}, Challenge: httpapi.ChallengeBoth, Now: time.Now,
	}), cache, secrets
}

// fill lets a cache run and look up values, all of which are active.
func fill(t testing.TB, cache *verify.Cache[httpapi.Identity], secrets []tokens.Secret) {
	t.Helper()
	run(t, cache)
	for _, secret := range secrets {
		found, err := cache.Verify(t.Context(), secret)
		for err != nil && t.Context().Err() == nil { // the machine is busy
			found, err = cache.Verify(t.Context(), secret)
		}
		if !found.Active {
			t.Fatal("a value is not active")
		}
	}
}

// sink is a ResponseWriter that keeps nothing but its headers.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

// BenchmarkAuthenticate measures the handler alone, with all values in the cache.
func BenchmarkAuthenticate(b *testing.B) {
	handler, _, secrets := warm(b, 100_000)
	for _, bench := range []struct {
		name, path string
		values     []tokens.Secret
		want       int
	}{
		{"good", "/v1/authenticate", secrets, http.StatusOK},
		{"permitted", "/v1/authorize/orders:read", secrets, http.StatusOK},
		{"unknown", "/v1/authenticate", []tokens.Secret{newSecret(b)}, http.StatusUnauthorized},
	} {
		b.Run(bench.name, func(b *testing.B) {
			requests := make([]*http.Request, len(bench.values))
			for i, value := range bench.values {
				requests[i] = httptest.NewRequest(http.MethodGet, bench.path, nil)
				requests[i].Header.Set("Authorization", "Bearer "+value.Reveal())
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				w := sink{header: http.Header{}}
				handler.ServeHTTP(&w, requests[i*7919%len(requests)])
				if w.status != bench.want {
					b.Fatal(w.status)
				}
			}
		})
	}
}

// A row costs no more than the budget of 64 MiB for 100,000, all included. A quarter of them fills the maps as much.
func TestRowsAreCompact(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a cache with many rows")
	}
	const n, most = 25_000, 16 << 20
	database, secrets := newManyTokens(t, n)
	before := liveHeap()
	cache := verify.New(database, httpapi.Renderer{Permissions: true}.Identity, verify.Options{
		Rows: verify.DefaultRows, MaxStaleness: time.Minute, Now: time.Now,
	})
	fill(t, cache, secrets)
	size := liveHeap() - before
	t.Logf("%d bytes per row", size/n)
	if size > most {
		t.Errorf("%d rows take %d bytes", n, size)
	}
	runtime.KeepAlive(cache)
	runtime.KeepAlive(secrets)
}

// liveHeap returns how many bytes are in use.
func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A request whose value is in the cache costs two small allocations besides those of the headers' map: the value, and
// where the values of the headers stand.
func TestFewAllocations(t *testing.T) {
	handler, _, secrets := warm(t, 10)
	for path, value := range map[string]string{
		"/v1/authenticate":          secrets[0].Reveal(),
		"/v1/authorize/orders:read": secrets[1].Reveal(),
		"/v1/authenticate/unknown":  newSecret(t).Reveal(),
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+value)
		w := &sink{header: http.Header{}}
		if got := testing.AllocsPerRun(100, func() { handler.ServeHTTP(w, r) }); got > 2 {
			t.Errorf("%s: %g allocations", path, got)
		}
	}
}
