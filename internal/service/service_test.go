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

// annaAs returns the member with an address, as whom anna acts, or anna herself if the address is empty.
func annaAs(email string) tokens.Principal { return tokens.ActingAs(anna.Actor(), email) }

// open returns the backend of the owner of a database, closed when the test ends.
func open(t testing.TB, database string, now func() time.Time) *service.Backend {
	t.Helper()
	return openWith(t, service.Options{Database: database, Now: now}).As(anna)
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
		NewSecretFor:    tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret},
		TechnicalUserID: technicalUserID,
		Settings:        tokens.Settings{Name: name, Enabled: true},
	}
}

// groupRequest returns a request for a group.
func groupRequest(name string) tokens.NewGroup {
	return tokens.NewGroup{Request: tokens.NewRequest(time.Now()), GroupSettings: tokens.GroupSettings{Name: name}}
}

// memberRequest returns a request for a member with a role at organization level.
func memberRequest(email, role string) tokens.NewMember {
	return tokens.NewMember{
		Request:        tokens.NewRequest(time.Now()),
		Email:          email,
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: role}},
	}
}

// must returns the value of a call that must succeed.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
