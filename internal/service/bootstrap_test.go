package service_test

import (
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// bootstrapIn bootstraps a database with a new secret.
func bootstrapIn(t *testing.T, options service.Options) (tokens.AccessToken, error) {
	t.Helper()
	secret := newRequest(t, "", "").NewSecretFor
	made, err := service.Bootstrap{Options: options, Actor: anna.Actor()}.Run(background, secret)
	return made.AccessToken, err
}

func TestBootstrap(t *testing.T) {
	clock := backendtest.NewClock()
	options := service.Options{Database: filepath.Join(t.TempDir(), "latchkey.db"), Organization: "acme", Now: clock.Now}
	made, err := bootstrapIn(t, options.Twice())
	if err != nil {
		t.Fatal(err)
	}
	b := openWith(t, options).As(anna)
	if made, err = b.AccessToken(background, made.ID); err != nil {
		t.Fatal(err)
	}
	if made.Name != "bootstrap" || made.Status != tokens.StatusActive || made.Grants.Role != tokens.RoleOwner ||
		made.User.Email != "bootstrap@acme.latchkey.internal" || made.User.SystemCreated || !made.User.IsOwner() {
		t.Errorf("made %+v", made)
	}
	events, err := b.Events(background, tokens.EventQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var actions []tokens.Action
	for _, e := range events {
		actions = append(actions, e.Action)
	}
	want := []tokens.Action{tokens.ActionDatabaseCreate, tokens.ActionTechnicalUserCreate, tokens.ActionAccessTokenCreate,
		tokens.ActionDatabaseBootstrap}
	if !slices.Equal(actions, want) {
		t.Errorf("the events are %v, want %v", actions, want)
	}
	_, err = bootstrapIn(t, options)
	if e, ok := errors.AsType[*tokens.Error](err); !ok || e.Code != tokens.CodeConflict || e.ID != made.ID {
		t.Errorf("again: %v", err)
	}
	if _, err := b.HoldAccessToken(background, made.ID, "seen in a chat"); err != nil {
		t.Fatal(err)
	}
	again, err := bootstrapIn(t, options)
	if err != nil || again.User.ID != made.User.ID {
		t.Errorf("once it is held: %+v, %v", again, err)
	}
}

// A bootstrap that is committed counts, whatever goes wrong afterwards: else the only copy of its value would be deleted.
func TestBootstrapThatFailsToClose(t *testing.T) {
	options := service.Options{Database: filepath.Join(t.TempDir(), "latchkey.db"), Now: time.Now}
	made, err := bootstrapIn(t, options.FailingToClose())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openWith(t, options).As(anna).AccessToken(background, made.ID); err != nil {
		t.Error(err)
	}
	if _, err := bootstrapIn(t, options.FailingToClose()); tokens.ErrorReason(err) != tokens.ReasonBootstrapped {
		t.Errorf("again: %v", err)
	}
}

// Of two bootstraps at once, one wins, also where both make the database.
func TestBootstrapsAtOnce(t *testing.T) {
	for range 5 {
		options := service.Options{Database: filepath.Join(t.TempDir(), "latchkey.db"), Now: time.Now}
		results := make(chan error, 4)
		var all sync.WaitGroup
		for range cap(results) {
			all.Go(func() {
				_, err := bootstrapIn(t, options)
				results <- err
			})
		}
		all.Wait()
		close(results)
		won := 0
		for err := range results {
			if err == nil {
				won++
			} else if tokens.ErrorReason(err) != tokens.ReasonBootstrapped {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d bootstraps succeeded", won)
		}
	}
}

// What a bootstrap meets in a database decides whether it is needed, whatever gives a token its permissions.
func TestBootstrapWhereOthersAre(t *testing.T) {
	for _, test := range []struct {
		name string
		// seed fills the database, which has the custom role "root" with the permission *.
		seed    func(*testing.T, *service.Backend)
		refused bool
	}{
		{"no tokens", func(*testing.T, *service.Backend) {}, false},
		{"an owner's token", func(t *testing.T, b *service.Backend) { tokenOf(t, b, tokens.RoleOwner, tokens.Grants{}) }, true},
		{"one by a custom role", func(t *testing.T, b *service.Backend) { tokenOf(t, b, "root", tokens.Grants{}) }, true},
		{"one of an owner that may do less", func(t *testing.T, b *service.Backend) {
			tokenOf(t, b, tokens.RoleOwner, tokens.Grants{Role: tokens.RoleAdministrator})
		}, false},
		{"an administrator's", func(t *testing.T, b *service.Backend) {
			tokenOf(t, b, tokens.RoleAdministrator, tokens.Grants{})
		}, false},
		{"an owner's that is disabled", func(t *testing.T, b *service.Backend) {
			token := tokenOf(t, b, tokens.RoleOwner, tokens.Grants{})
			update := tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}}
			if _, err := b.UpdateAccessToken(background, token.ID, update); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"an owner's that is deleted", func(t *testing.T, b *service.Backend) {
			if err := b.DeleteAccessToken(background, tokenOf(t, b, tokens.RoleOwner, tokens.Grants{}).ID); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"a technical user of the name that is no owner", func(t *testing.T, b *service.Backend) {
			userNamed(t, b, "bootstrap", tokens.RoleMember)
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := service.Options{Database: filepath.Join(t.TempDir(), "latchkey.db"), Now: time.Now}
			b := openWith(t, options).As(anna)
			role := tokens.NewRole{Request: tokens.NewRequest(time.Now()), RoleSettings: tokens.RoleSettings{
				Name: "root", Permissions: []string{tokens.PermissionAll},
			}}
			if _, err := b.CreateRole(background, role); err != nil {
				t.Fatal(err)
			}
			test.seed(t, b)
			_, err := bootstrapIn(t, options)
			if refused := tokens.ErrorCode(err) == tokens.CodeConflict; refused != test.refused || !refused && err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

// userNamed makes a technical user with a role.
func userNamed(t *testing.T, b *service.Backend, name, role string) tokens.TechnicalUser {
	t.Helper()
	u, err := b.CreateTechnicalUser(background, tokens.NewTechnicalUser{
		Request: tokens.NewRequest(time.Now()),
		TechnicalUserSettings: tokens.TechnicalUserSettings{
			Name: name, Enabled: true, Grants: tokens.Grants{Role: role},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// tokenOf makes an active token of a technical user with a role, narrowed to the grants.
func tokenOf(t *testing.T, b *service.Backend, role string, own tokens.Grants) tokens.AccessToken {
	t.Helper()
	request := newRequest(t, "robot", userNamed(t, b, "robot", role).ID)
	request.Own = own
	made, err := b.CreateAccessToken(background, request)
	if err != nil {
		t.Fatal(err)
	}
	return made.AccessToken
}
