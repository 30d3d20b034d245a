package service_test

import (
	"context"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var background = context.Background()

// open returns a backend, closed when the test ends.
func open(t testing.TB, database string, now func() time.Time) *service.Backend {
	t.Helper()
	return openWith(t, service.Options{Database: database, Actor: "local:anna@host", Now: now})
}

func openWith(t testing.TB, options service.Options) *service.Backend {
	t.Helper()
	b := service.New(options)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// newRequest returns a request for an enabled access token.
func newRequest(t testing.TB, name, technicalUserID string) tokens.NewAccessToken {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	return tokens.NewAccessToken{
		NewSecretFor: tokens.NewSecretFor{RequestID: tokens.NewID(tokens.KindRequest, time.Now()), Secret: secret},
		Name:         name, TechnicalUserID: technicalUserID, Enabled: true,
	}
}
