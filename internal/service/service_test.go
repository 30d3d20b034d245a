package service_test

import (
	"context"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var background = context.Background()

// anna is the owner of a database.
var anna = tokens.AsDatabaseOwner("local:anna@host")

// annaAs returns the member with an address as whom she acts, or herself where that is empty.
func annaAs(email string) tokens.Principal {
	if email == "" {
		return anna
	}
	return tokens.AsMember(anna.Actor(), email)
}

// open returns the backend of the owner of a database, closed when the test ends.
func open(t testing.TB, database string, now func() time.Time) *service.Backend {
	t.Helper()
	return openWith(t, service.Options{Database: database, Now: now}).As(tokens.AsDatabaseOwner("local:anna@host")).As(anna)
}

// openWith returns a service, closed when the test ends.
func openWith(t testing.TB, options service.Options) *service.Service {
	t.Helper()
	s := service.Open(options)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newRequest returns a request for an enabled access token.
func newRequest(t testing.TB, name, technicalUserID string) tokens.NewAccessToken {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	return tokens.NewAccessToken{
		NewSecretFor:    tokens.NewSecretFor{Request: tokens.Request{RequestID: tokens.NewID(tokens.KindRequest, time.Now())}, Secret: secret},
		TechnicalUserID: technicalUserID,
		Settings:        tokens.Settings{Name: name, Enabled: true},
	}
}
