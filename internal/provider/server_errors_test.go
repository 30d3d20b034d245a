package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Whatever keeps a server from answering is an error that says what, where and what to do; nothing leaves the state, and
// nothing has changed when the server answers again.
func TestServerThatDoesNotAnswer(t *testing.T) {
	answering := func(server *httptest.Server) string {
		t.Cleanup(server.Close)
		return server.URL
	}
	page := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, "<html>a page of a proxy</html>")
		})
	}
	const nobody = "http://127.0.0.1:1"
	asked := func(endpoint string, secret tokens.Secret) string {
		return fmt.Sprintf("provider \"latchkey\" {\n endpoint = %q\n token = %q\n}\n", endpoint, secret.Reveal())
	}
	at := func(b *acctest.Bench, endpoint string) string { return asked(endpoint, b.Place.Credential()) }
	by := func(b *acctest.Bench, secret tokens.Secret) string {
		return asked(b.Place.Settings()["endpoint"], secret)
	}
	owners := func(b *acctest.Bench, ttl time.Duration) (tokens.AccessToken, tokens.Secret) {
		user, err := b.Outside.CreateTechnicalUser(context.Background(), tokens.NewTechnicalUser{
			Request: tokens.NewRequest(b.Now()), TechnicalUserSettings: tokens.TechnicalUserSettings{
				Name: "pipeline", Enabled: true, Grants: tokens.Grants{Role: tokens.RoleOwner},
			},
		})
		b.Must(err)
		return b.MakeTokenOf(user, tokens.NewAccessToken{Settings: tokens.Settings{Name: "run", Enabled: true, TTL: ttl}})
	}
	for _, test := range []struct {
		name string
		// provider returns the block of a provider that gets no answer.
		provider func(b *acctest.Bench) string
		// meanwhile is what keeps the server from answering, if nothing in that block does; it returns what ends that.
		meanwhile func(b *acctest.Bench) (ends func())
		want      []string
	}{
		{name: "unreachable", provider: func(b *acctest.Bench) string { return at(b, nobody) },
			want: []string{"can't be reached", nobody, "LATCHKEY_ENDPOINT", "the server runs"}},
		{name: "a certificate of an unknown authority", provider: func(b *acctest.Bench) string {
			return at(b, answering(httptest.NewTLSServer(page(http.StatusOK))))
		}, want: []string{"https://127.0.0.1", "does not prove who it is", "SSL_CERT_FILE", "LATCHKEY_ENDPOINT"}},
		{name: "a proxy without a server behind it", provider: func(b *acctest.Bench) string {
			return at(b, answering(httptest.NewServer(page(http.StatusBadGateway))))
		}, want: []string{"http://127.0.0.1", "status 502, which is no answer of Latchkey", "the endpoint is wrong",
			"LATCHKEY_ENDPOINT"}},
		{name: "another server that knows of nothing", provider: func(b *acctest.Bench) string {
			return at(b, answering(httptest.NewServer(page(http.StatusNotFound))))
		}, want: []string{"status 404, which is no answer of Latchkey", "the endpoint may be wrong", "LATCHKEY_ENDPOINT"}},
		{name: "another organization", provider: func(b *acctest.Bench) string {
			return b.Provider("latchkey", `organization = "acme"`)
		}, want: []string{`works for organization "default"`, "settings in the provider's configuration"}},
		{name: "unknown access token", provider: func(b *acctest.Bench) string { return by(b, b.NewSecret().Secret) },
			want: []string{"the caller's access token is not good", "LATCHKEY_TOKEN", "Put the value of a live one there"}},
		{name: "stopped access token", provider: func(b *acctest.Bench) string {
			made, secret := owners(b, 0)
			_, err := b.Outside.HoldAccessToken(context.Background(), made.ID, "leaked")
			b.Must(err)
			return by(b, secret)
		}, want: []string{"the caller's access token is not good", "LATCHKEY_TOKEN", "latchkey token show"}},
		{name: "expired access token", provider: func(b *acctest.Bench) string {
			_, secret := owners(b, time.Hour)
			b.Advance(2 * time.Hour)
			return by(b, secret)
		}, want: []string{"the caller's access token is not good", "LATCHKEY_TOKEN"}},
		{name: "a database that is gone", provider: func(b *acctest.Bench) string { return b.Provider("latchkey") },
			meanwhile: func(b *acctest.Bench) func() {
				putBack := b.Copy()
				b.Place.Wipe()
				return putBack
			}, want: []string{"the server can't answer now", "its log may say why"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.NewAtServer(t)
			var id, secret string
			begins, ends := func() {}, func() {}
			if test.meanwhile != nil {
				begins = func() { ends = test.meanwhile(b) }
			}
			unanswered := test.provider(b)
			fails := func(config string, begins func()) resource.TestStep {
				return resource.TestStep{PreConfig: begins, Config: config, ExpectError: acctest.Says(
					append([]string{"Unable to read"}, append(test.want, "It stays in the Terraform state")...)...)}
			}
			b.Run(
				resource.TestStep{Config: b.Config(every("a")), Check: resource.ComposeTestCheckFunc(
					acctest.Keep(acctest.CI, "id", &id), acctest.Keep(acctest.CI, "token", &secret))},
				fails(unanswered+every("a"), begins),
				fails(unanswered+every("b"), nil),
				resource.TestStep{
					PreConfig: func() { ends() }, Config: b.Config(every("a")), ConfigPlanChecks: acctest.EmptyPlan(),
					Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "id", &id),
						acctest.CheckSame(acctest.CI, "token", &secret), b.CheckActive(acctest.CI)),
				},
			)
		})
	}
}
