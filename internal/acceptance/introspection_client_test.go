package acceptance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client/rs"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// TestIntrospectionClient asks about tokens with a library that many APIs use for it, as an API without a gateway does.
func TestIntrospectionClient(t *testing.T) {
	w := newWorkspace(t)
	w.configure(`
		resource "latchkey_role" "api" {
			name        = "introspection"
			permissions = ["tokens:introspect"]
		}
		resource "latchkey_technical_user" "api" {
			name = "orders-api"
			role = latchkey_role.api.name
		}
		resource "latchkey_access_token" "api" {
			name              = "introspection"
			technical_user_id = latchkey_technical_user.api.id
		}
		resource "latchkey_role" "reader" {
			name        = "orders-reader"
			permissions = ["orders:read", "invoices:read"]
		}
		resource "latchkey_technical_user" "ci" {
			name = "ci"
			role = latchkey_role.reader.name
		}
		resource "latchkey_access_token" "good" {
			name              = "good"
			technical_user_id = latchkey_technical_user.ci.id
			ttl               = "1h"
		}
		resource "latchkey_access_token" "disabled" {
			name              = "disabled"
			technical_user_id = latchkey_technical_user.ci.id
			enabled           = false
		}
	`)
	w.terraform("apply").exits(0)
	state := w.state()
	tokens := state.tokens(t)
	server := w.serve()
	ask := func(secret, token string) (*oidc.IntrospectionResponse, error) {
		t.Helper()
		address := "http://" + server.address
		client, err := rs.NewResourceServerClientCredentials(t.Context(), address, "orders api", secret,
			rs.WithStaticEndpoints(address+"/v1/token", address+"/v1/introspect"))
		if err != nil {
			t.Fatal(err)
		}
		return rs.Introspect[*oidc.IntrospectionResponse](t.Context(), client, token)
	}
	api, good, disabled := tokens[tokenPrefix+"api"], tokens[tokenPrefix+"good"], tokens[tokenPrefix+"disabled"]
	server.judgeAll(tokens)
	answer, err := ask(api.Token, good.Token)
	if err != nil {
		t.Fatal(err)
	}
	user := state.id(t, "latchkey_technical_user.ci")
	scope := strings.Fields("invoices:read orders:read")
	if !answer.Active || answer.Subject != user || answer.Username != "ci@acme.latchkey.internal" ||
		!slices.Equal(answer.Scope, scope) || answer.TokenType != oidc.BearerToken || answer.ClientID != user ||
		time.Since(answer.IssuedAt.AsTime()).Abs() > time.Hour || answer.Expiration != 0 {
		t.Errorf("a good token is %+v", answer)
	}
	for name, value := range map[string]string{
		"disabled": disabled.Token, "unknown": "lk_" + strings.Repeat("x", 46), "no value": "who is this?",
	} {
		if answer, err := ask(api.Token, value); err != nil || answer.Active || answer.Subject != "" {
			t.Errorf("%s: %+v, %v", name, answer, err)
		}
	}
	// The API's own token must be good, and hold the permission.
	for name, secret := range map[string]string{"disabled": disabled.Token, "without the permission": good.Token, "none": ""} {
		if answer, err := ask(secret, good.Token); err == nil {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}
