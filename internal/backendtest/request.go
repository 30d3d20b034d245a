package backendtest

import (
	"context"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const day = 24 * time.Hour

// A request that is sent again because its answer was lost has no further effect.
func testRepeatedCreation(w *world) {
	ctx := w.Context()
	g := w.group("payments")
	request := w.request("deploy", "")
	request.Own.GroupRoles = []tokens.GroupRole{{GroupID: g.ID, Role: tokens.RoleViewer}}
	request.ExpiresAt = w.clock.Now().Add(time.Hour).Truncate(time.Microsecond)
	first := w.create(request)
	w.update(first.ID, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "renamed"}, Fields: tokens.Fields{"name"}})
	events := len(w.events(""))

	// The repeated request may spell the same thing differently, and a time that was valid at first may have passed.
	request.ExpiresAt = request.ExpiresAt.UTC()
	w.clock.Advance(2 * time.Hour)
	again := w.create(request)
	w.equal("the token of the repeated request", again, w.token(first.ID))
	w.equal("its status", again.Status, tokens.StatusExpired)
	w.equal("the number of tokens", len(must(w.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens), 1)
	w.equal("the number of events", len(w.events("")), events)

	for name, alter := range map[string]func(*tokens.NewAccessToken){
		"secret":      func(n *tokens.NewAccessToken) { n.Secret = w.secret() },
		"name":        func(n *tokens.NewAccessToken) { n.Name = "other" },
		"description": func(n *tokens.NewAccessToken) { n.Description = "other" },
		"level":       func(n *tokens.NewAccessToken) { n.GroupID, n.Own.GroupRoles = g.ID, nil },
		"role":        func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleViewer },
		"group_roles": func(n *tokens.NewAccessToken) { n.Own.GroupRoles = []tokens.GroupRole{} },
		"enabled":     func(n *tokens.NewAccessToken) { n.Enabled = false },
		"expires_at":  func(n *tokens.NewAccessToken) { n.ExpiresAt = time.Time{} },
		"ttl":         func(n *tokens.NewAccessToken) { n.TTL, n.ExpiresAt = time.Hour, time.Time{} },
	} {
		altered := request
		alter(&altered)
		if _, err := w.CreateAccessToken(ctx, altered); tokens.ErrorCode(err) != tokens.CodeConflict {
			w.Errorf("the request with another %s: got %v, want CodeConflict", name, err)
		}
	}

	w.succeed(w.DeleteAccessToken(ctx, first.ID))
	_, err := w.CreateAccessToken(ctx, request)
	w.equal("the token that was deleted", w.refusal(err, tokens.CodeConflict).ID, first.ID)

	// Even when the request is forgotten, its secret is not.
	w.clock.Advance(7*day + time.Second)
	request.ExpiresAt = time.Time{}
	_, err = w.CreateAccessToken(ctx, request)
	w.equal("the field", w.refusal(err, tokens.CodeConflict).Field, "token")
	request.Secret = w.secret()
	w.create(request)
}

func testRepeatedRegeneration(w *world) {
	ctx := w.Context()
	t, other := w.create(w.request("deploy", "")), w.create(w.request("other", ""))
	fresh := w.fresh()
	update := tokens.AccessTokenUpdate{Settings: tokens.Settings{Description: "new"}, Fields: tokens.Fields{"description"},
		Regeneration: &tokens.Regeneration{NewSecretFor: fresh, Reason: tokens.ReasonTrigger, ExpectedVersion: 1}}
	first := w.update(t.ID, update)
	events := len(w.events(""))

	w.clock.Advance(later)
	w.equal("the repeated regeneration", w.update(t.ID, update), first.Observed(w.clock.Instant(), tokens.NewRoles(nil)))
	w.equal("the number of events", len(w.events("")), events)
	w.equal("the version", w.token(t.ID).Secret.Version, int64(2))

	altered := update
	altered.Description = "newer"
	_, err := w.UpdateAccessToken(ctx, t.ID, altered)
	w.equal("the field", w.refusal(err, tokens.CodeConflict).Field, "request_id")
	_, err = w.UpdateAccessToken(ctx, other.ID, update)
	w.refusal(err, tokens.CodeConflict)
	creation := w.request("third", "")
	creation.NewSecretFor = fresh
	_, err = w.CreateAccessToken(ctx, creation)
	w.refusal(err, tokens.CodeConflict)

	// If someone else has regenerated since, the repeated request reports the current state and undoes nothing.
	later, value := w.regenerate(t.ID)
	w.equal("the repeated regeneration after another", w.update(t.ID, update).Secret, later.Secret)
	if !w.verify(value).Active || w.verify(fresh.Secret).Active {
		w.Error("a repeated request brought a superseded secret back")
	}

	w.succeed(w.DeleteAccessToken(ctx, t.ID))
	_, err = w.UpdateAccessToken(ctx, t.ID, update)
	w.refusal(err, tokens.CodeNotFound)
}

// A request id belongs to whoever sent it first.
func testRequestOfAnotherActor(w *world) {
	request := w.request("deploy", "")
	id := w.create(request).ID
	ben := w.as("local:ben@host")
	_, err := ben.CreateAccessToken(w.Context(), request)
	w.equal("the field", w.refusal(err, tokens.CodeConflict).Field, "request_id")
	again := w.as("local:anna@host")
	w.equal("the token for a later process of the same actor", again.create(request).ID, id)
}

// testRepeatedCreations sends the creation of each other kind of object again, as after an answer that was lost.
func testRepeatedCreations(w *world) {
	ctx := w.Context()
	token, ada := w.create(w.request("deploy", "")), w.member("ada@example.com")
	for _, kind := range []struct {
		name string
		// create makes the object, with another description or role where altered, and returns its identifier.
		create func(w *world, request tokens.Request, altered bool) (id string, err error)
		remove func(id string) error
	}{
		{"group", func(w *world, request tokens.Request, altered bool) (string, error) {
			n := tokens.NewGroup{Request: request, GroupSettings: tokens.GroupSettings{Name: "payments"}}
			if altered {
				n.Description = "Cards"
			}
			g, err := w.CreateGroup(ctx, n)
			return g.ID, err
		}, func(id string) error { return w.DeleteGroup(ctx, id) }},
		{"role", func(w *world, request tokens.Request, altered bool) (string, error) {
			n := tokens.NewRole{Request: request, RoleSettings: tokens.RoleSettings{
				Name: "clerk", Permissions: []string{"orders:write", "orders:read"},
			}}
			if altered {
				n.Permissions = n.Permissions[:1]
			}
			r, err := w.CreateRole(ctx, n)
			return r.ID, err
		}, func(id string) error { return w.DeleteRole(ctx, id) }},
		{"member", func(w *world, request tokens.Request, altered bool) (string, error) {
			n := tokens.NewMember{Request: request, Email: "ben@example.com", MemberSettings: tokens.MemberSettings{
				Grants: tokens.Grants{Role: tokens.RoleViewer},
			}}
			if altered {
				n.Role = tokens.RoleMember
			}
			m, err := w.CreateMember(ctx, n)
			return m.ID, err
		}, func(id string) error { return w.DeleteMember(ctx, id) }},
		{"technical user", func(w *world, request tokens.Request, altered bool) (string, error) {
			n := tokens.NewTechnicalUser{Request: request, TechnicalUserSettings: tokens.TechnicalUserSettings{
				Name: "ci", Grants: tokens.Grants{Role: tokens.RoleViewer}, Enabled: !altered,
			}}
			u, err := w.CreateTechnicalUser(ctx, n)
			return u.ID, err
		}, func(id string) error { return w.DeleteTechnicalUser(ctx, id) }},
		{"token share", func(w *world, request tokens.Request, altered bool) (string, error) {
			n := tokens.NewTokenShare{
				Request: request, AccessTokenID: token.ID, MemberID: ada.ID, Role: tokens.ShareViewer,
			}
			if altered {
				n.Role = tokens.ShareManager
			}
			s, err := w.ShareAccessToken(ctx, n)
			return s.ID(), err
		}, func(string) error { return w.UnshareAccessToken(ctx, token.ID, ada.ID) }},
	} {
		w.Run(kind.name, func(t *testing.T) {
			w := w.with(t)
			request := tokens.NewRequest(w.clock.Now())
			id := must(kind.create(w, request, false))(w)
			events := len(w.events(""))
			w.equal("the object of the repeated request", must(kind.create(w, request, false))(w), id)
			w.equal("the number of events", len(w.events("")), events)

			_, err := kind.create(w, request, true)
			w.equal("the field of an altered request", w.refusal(err, tokens.CodeConflict).Field, "request_id")
			_, err = kind.create(w.as("local:ben@host"), request, false)
			w.equal("the field of another's request", w.refusal(err, tokens.CodeConflict).Field, "request_id")
			_, err = kind.create(w, tokens.NewRequest(w.clock.Now()), false)
			w.equal("the holder of what a new request asks for", w.refusal(err, tokens.CodeConflict).Holder.ID, id)
			_, err = kind.create(w, tokens.Request{RequestID: "again"}, false)
			w.equal("the field of an ill-formed request id", w.refusal(err, tokens.CodeInvalid).Field, "request_id")

			w.succeed(kind.remove(id))
			_, err = kind.create(w, request, false)
			w.equal("what was deleted since", w.refusal(err, tokens.CodeConflict).ID, id)
		})
	}
}

// An operation that its caller will repeat leaves no event of a conflict that may pass, and one of any other refusal.
func testTentativeOperations(w *world) {
	ctx := w.Context()
	shop, till := w.group("shop"), w.group("till")
	inGroup := w.user("ci", shop.ID)
	w.create(w.request("deploy", inGroup.ID))
	rename := func(ctx context.Context, name string) error {
		_, err := w.UpdateGroup(ctx, till.ID,
			tokens.GroupUpdate{Settings: tokens.GroupSettings{Name: name}, Fields: tokens.Fields{"name"}})
		return err
	}
	for _, test := range []struct {
		name   string
		do     func(context.Context) error
		passes bool
	}{
		{"a name is taken", func(ctx context.Context) error { return rename(ctx, "shop") }, true},
		{"users are in the group", func(ctx context.Context) error { return w.DeleteGroup(ctx, shop.ID) }, true},
		{"the user has tokens", func(ctx context.Context) error { return w.DeleteTechnicalUser(ctx, inGroup.ID) }, true},
		{"no role has the name", func(ctx context.Context) error {
			_, err := w.UpdateTechnicalUser(ctx, inGroup.ID, tokens.TechnicalUserUpdate{Fields: tokens.Fields{"role"},
				Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "boss"}}})
			return err
		}, true},
		{"a bad name", func(ctx context.Context) error { return rename(ctx, "Shop") }, false},
		{"nothing there", func(ctx context.Context) error {
			return w.DeleteGroup(ctx, tokens.NewID(tokens.KindGroup, w.clock.Now()))
		}, false},
	} {
		w.Run(test.name, func(t *testing.T) {
			w := w.with(t)
			before := len(w.events(""))
			err := test.do(tokens.Tentatively(ctx))
			w.equal("whether it may pass", tokens.MayPass(err), test.passes)
			want := 1
			if test.passes {
				want = 0
			}
			w.equal("events of the attempt", len(w.events(""))-before, want)
			w.equal("the refusal in the end", tokens.ErrorCode(test.do(ctx)), tokens.ErrorCode(err))
			w.equal("events in the end", len(w.events(""))-before, want+1)
		})
	}
}
