package service_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// actAs returns the backend for a member.
func actAs(t testing.TB, database, email string, now func() time.Time) *service.Backend {
	t.Helper()
	return openWith(t, service.Options{Database: database, Now: now}).As(annaAs(email))
}

// newMember creates a member with a role at organization level.
func newMember(t testing.TB, b *service.Backend, email, role string) tokens.Member {
	t.Helper()
	m, err := b.CreateMember(background, memberRequest(email, role))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// newRole creates a custom role.
func newRole(t testing.TB, b *service.Backend, name string, permissions ...string) tokens.Role {
	t.Helper()
	r, err := b.CreateRole(background, tokens.NewRole{
		Request:      tokens.NewRequest(time.Now()),
		RoleSettings: tokens.RoleSettings{Name: name, Permissions: permissions},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A database that does not exist has no members, so nothing that a member asks for creates it.
func TestActingMemberMakesNoDatabase(t *testing.T) {
	database := filepath.Join(t.TempDir(), "latchkey.db")
	b := actAs(t, database, "ben@example.com", backendtest.NewClock().Now)
	_, group := b.CreateGroup(background, groupRequest("payments"))
	_, token := b.CreateAccessToken(background, newRequest(t, "deploy", ""))
	_, list := b.AccessTokens(background, tokens.TokenQuery{})
	for _, err := range []error{group, token, list} {
		if tokens.ErrorCode(err) != tokens.CodeUnavailable || tokens.ErrorReason(err) != tokens.ReasonNoDatabase {
			t.Errorf("got %v, want CodeUnavailable for want of a database", err)
		}
	}
	if _, err := os.Stat(database); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a database now: %v", err)
	}
}

// Someone who acts as a member that does not exist learns nothing and changes nothing. The event of the refusal names
// whoever ran the program.
func TestActingAsNobody(t *testing.T) {
	clock, database := backendtest.NewClock(), filepath.Join(t.TempDir(), "latchkey.db")
	owner := open(t, database, clock.Now)
	newMember(t, owner, "ben@example.com", tokens.RoleOwner)
	before, err := owner.Events(background, tokens.EventQuery{})
	if err != nil {
		t.Fatal(err)
	}

	b := actAs(t, database, "eve@example.com", clock.Now)
	_, list := b.AccessTokens(background, tokens.TokenQuery{})
	_, verification := b.VerifySecret(background, newRequest(t, "", "").Secret, tokens.VerifyOptions{})
	_, creation := b.CreateGroup(background, groupRequest("payments"))
	for _, err := range []error{list, verification, creation} {
		var refusal *tokens.Error
		if !errors.As(err, &refusal) || refusal.Code != tokens.CodeForbidden || refusal.Field != "act_as" ||
			!strings.Contains(refusal.Message, "eve@example.com") {
			t.Errorf("got %v, want CodeForbidden about act_as that names the address", err)
		}
	}
	after, err := owner.Events(background, tokens.EventQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != len(before)+3 {
		t.Fatalf("got events %+v, want one for each refusal", after[len(before):])
	}
	for _, e := range after[len(before):] {
		if e.Actor != "local:anna@host" || e.Outcome != tokens.OutcomeRefused {
			t.Errorf("got the event %+v, want a refusal of who ran the program", e)
		}
	}
}

// People who are not owners read the events of what they may see, and a limit keeps the newest of those.
func TestEventsOfOthers(t *testing.T) {
	clock, database := backendtest.NewClock(), filepath.Join(t.TempDir(), "latchkey.db")
	owner := open(t, database, clock.Now)
	group, err := owner.CreateGroup(background, groupRequest("payments"))
	if err != nil {
		t.Fatal(err)
	}
	create := func(name, groupID string, visibility tokens.Visibility) string {
		request := newRequest(t, name, "")
		request.GroupID, request.Visibility = groupID, visibility
		created, err := owner.CreateAccessToken(background, request)
		if err != nil {
			t.Fatal(err)
		}
		return created.ID
	}
	shown, elsewhere := create("shown", group.ID, ""), create("elsewhere", "", "")
	hidden := create("hidden", group.ID, tokens.VisibilityRestricted)
	shared := create("shared", "", tokens.VisibilityRestricted)
	gone := create("gone", group.ID, "")
	if err := owner.DeleteAccessToken(background, gone); err != nil {
		t.Fatal(err)
	}
	request := memberRequest("ben@example.com", tokens.RoleNone)
	request.GroupRoles = []tokens.GroupRole{{GroupID: group.ID, Role: tokens.RoleViewer}}
	reader, err := owner.CreateMember(background, request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.ShareAccessToken(background, tokens.NewTokenShare{
		Request:       tokens.NewRequest(time.Now()),
		AccessTokenID: shared,
		MemberID:      reader.ID,
		Role:          tokens.ShareViewer,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.HoldAccessToken(background, hidden, "leaked"); err != nil {
		t.Fatal(err)
	}

	objects := func(email string, query tokens.EventQuery) []string {
		t.Helper()
		events, err := actAs(t, database, email, clock.Now).Events(background, query)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, e := range events {
			ids = append(ids, e.ObjectID)
		}
		return ids
	}
	share := tokens.ShareID(shared, reader.ID)
	got, want := objects("ben@example.com", tokens.EventQuery{}), []string{shown, shared, share}
	if !slices.Equal(got, want) {
		t.Errorf("a reader of the group sees events of %v, want %v", got, want)
	}
	got, want = objects("ben@example.com", tokens.EventQuery{Limit: 2}), []string{shared, share}
	if !slices.Equal(got, want) {
		t.Errorf("the latest two events are of %v, want %v", got, want)
	}
	if got := objects("ben@example.com", tokens.EventQuery{ObjectID: elsewhere}); got != nil {
		t.Errorf("a reader of the group sees events of %v", got)
	}
	newRole(t, owner, "accounts", tokens.PermissionManageAccounts)
	newMember(t, owner, "cleo@example.com", "accounts")
	for _, id := range objects("cleo@example.com", tokens.EventQuery{}) {
		if strings.HasPrefix(id, string(tokens.KindAccessToken)) || strings.HasPrefix(id, string(tokens.KindDatabase)) {
			t.Errorf("someone who manages accounts sees an event of %s", id)
		}
	}
	if got := objects("cleo@example.com", tokens.EventQuery{ObjectID: reader.ID}); len(got) != 1 {
		t.Errorf("someone who manages accounts sees %d events of a member, want 1", len(got))
	}
}

// A value that is verified while its role is renamed never loses what the role allows.
func TestVerificationWhileARoleIsRenamed(t *testing.T) {
	database := filepath.Join(t.TempDir(), "latchkey.db")
	owner := open(t, database, time.Now)
	role := newRole(t, owner, "orders-0", "orders:read")
	introspect := newRole(t, owner, "gateway-0", tokens.PermissionIntrospectTokens)
	newMember(t, owner, "ben@example.com", introspect.Name)
	request := newRequest(t, "deploy", "")
	request.Own.Role = role.Name
	if _, err := owner.CreateAccessToken(background, request); err != nil {
		t.Fatal(err)
	}

	done := make(chan struct{})
	var all sync.WaitGroup
	for _, b := range []*service.Backend{open(t, database, time.Now), actAs(t, database, "ben@example.com", time.Now)} {
		all.Go(func() {
			for {
				v, err := b.VerifySecret(background, request.Secret, tokens.VerifyOptions{})
				if err != nil || !v.Access.Organization.Allows("orders:read") {
					t.Errorf("got access %+v, %v", v.Access, err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for _, name := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		for _, r := range []struct{ id, name string }{{role.ID, "orders-" + name}, {introspect.ID, "gateway-" + name}} {
			rename := tokens.RoleUpdate{Settings: tokens.RoleSettings{Name: r.name}, Fields: tokens.Fields{"name"}}
			if _, err := owner.UpdateRole(background, r.id, rename); err != nil {
				t.Error(err)
			}
		}
	}
	close(done)
	all.Wait()
}
