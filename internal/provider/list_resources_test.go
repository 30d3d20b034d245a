package provider_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// unmanaged is an organization that nobody made with Terraform: with people, roles, and access tokens of every shape and
// status. Its clock shows 10 February 2030.
type unmanaged struct {
	acctest.People
	deployer       tokens.Role
	own, scheduled tokens.AccessToken
}

func makeUnmanaged(b *acctest.Bench) (o unmanaged) {
	b.T.Helper()
	ctx := context.Background()
	var err error
	o.People = b.MakePeople()
	for _, role := range []tokens.RoleSettings{
		{Name: "deployer", Description: "{\"a\":1}", Permissions: []string{"deployments:*", "tokens:read"}},
		{Name: "idle", Permissions: []string{}},
	} {
		o.deployer, err = b.Outside.CreateRole(ctx, tokens.NewRole{Request: tokens.NewRequest(b.Now()), RoleSettings: role})
		b.Must(err)
	}
	create := func(token tokens.NewAccessToken) tokens.AccessToken {
		b.T.Helper()
		token.NewSecretFor = b.NewSecret()
		created, err := b.Outside.CreateAccessToken(ctx, token)
		b.Must(err)
		return created.AccessToken
	}
	inGroup := []tokens.GroupRole{{GroupID: o.Group.ID, Role: "deployer"}}
	o.own = create(tokens.NewAccessToken{Settings: tokens.Settings{Name: "own", Enabled: true}})
	create(tokens.NewAccessToken{GroupID: o.Group.ID, Settings: tokens.Settings{Name: "own of group", Enabled: true}})
	create(tokens.NewAccessToken{Settings: tokens.Settings{
		Name: "own narrowed", Enabled: true, Own: tokens.Grants{Role: "none", GroupRoles: inGroup},
	}})
	of := func(user tokens.TechnicalUser, settings tokens.Settings) (tokens.AccessToken, tokens.Secret) {
		b.T.Helper()
		return b.MakeTokenOf(user, tokens.NewAccessToken{Settings: settings})
	}
	of(o.CI, tokens.Settings{Name: "plain", Enabled: true})
	of(o.Till, tokens.Settings{Name: "of group", Enabled: true, Own: tokens.Grants{Role: "viewer"}})
	of(o.CI, tokens.Settings{
		Name: "nowhere", Enabled: true, Own: tokens.Grants{Role: "idle", GroupRoles: []tokens.GroupRole{}},
	})
	of(o.CI, tokens.Settings{Name: "disabled"})
	of(o.CI, tokens.Settings{Name: "pending", Enabled: true, ActivatesAt: b.Now().Add(300 * acctest.Day)})
	o.scheduled, _ = of(o.CI, tokens.Settings{
		Name: "scheduled", Description: "[1,2] ${x}\n%{y}", Enabled: true, TTL: 90 * acctest.Day,
		Visibility: tokens.VisibilityRestricted,
		Policies: tokens.Policies{
			RegenerateBeforeExpiry: 14 * acctest.Day, OnExpired: tokens.OnExpiredError,
			OnSecretDrift: tokens.OnSecretDriftAccept, Grace: tokens.Grace{UntilExpiry: true},
			ProtectIfUsedWithin: acctest.Day,
		},
	})
	of(o.CI, tokens.Settings{
		Name: "ending", Enabled: true, ExpiresAt: b.Now().Add(60 * acctest.Day),
		Policies: tokens.Policies{OnExpired: tokens.OnExpiredIgnore, Grace: tokens.Grace{Duration: 2 * acctest.Day}},
	})
	of(o.CI, tokens.Settings{Name: "ended", Enabled: true, ExpiresAt: b.Now().Add(acctest.Day)})
	of(o.CI, tokens.Settings{
		Name: "outlived", Enabled: true, TTL: acctest.Day, Policies: tokens.Policies{OnExpired: tokens.OnExpiredIgnore},
	})
	of(o.CI, tokens.Settings{Name: "due", Enabled: true, TTL: acctest.Day})
	_, used := of(o.Shop, tokens.Settings{Name: "used", Enabled: true})
	held, _ := of(o.CI, tokens.Settings{Name: "held", Enabled: true})
	_, err = b.Outside.HoldAccessToken(ctx, held.ID, "It leaked.")
	b.Must(err)
	_, revoked := of(o.CI, tokens.Settings{Name: "revoked", Enabled: true})
	_, err = b.Outside.RevokeSecret(ctx, revoked)
	b.Must(err)
	of(o.CI, tokens.Settings{Name: "regenerated", Enabled: true})
	b.Regenerate("regenerated")
	create(tokens.NewAccessToken{MemberID: o.Anna.ID, Settings: tokens.Settings{Name: "laptop", Enabled: true}})
	for _, share := range []tokens.NewTokenShare{
		{AccessTokenID: o.own.ID, MemberID: o.Anna.ID, Role: tokens.ShareManager},
		{AccessTokenID: o.scheduled.ID, MemberID: o.Anna.ID, Role: tokens.ShareEditor},
		{AccessTokenID: o.scheduled.ID, MemberID: o.Bea.ID, Role: tokens.ShareViewer},
	} {
		share.Request = tokens.NewRequest(b.Now())
		_, err = b.Outside.ShareAccessToken(ctx, share)
		b.Must(err)
	}
	b.Advance(35 * acctest.Day)
	b.Use(used)
	b.Advance(5 * acctest.Day)
	return o
}

// changesAnyway says why the first plan of an imported token changes it, by the token's name: its own policies ask for that.
var changesAnyway = map[string]string{
	"due":     "its secret has outlived its ttl, and on_expired is regenerate by default",
	"revoked": "its secret was revoked, and on_secret_drift is regenerate by default",
}

// What nobody made with Terraform can be listed, and each object that is found can be imported with the configuration that the
// provider generates for it: the state is as it was listed, and the plan is empty.
func TestListResources(t *testing.T) {
	b := acctest.New(t)
	o := makeUnmanaged(b)
	b.StopClock()
	q := b.NewQuery()
	page, err := b.Outside.AccessTokens(context.Background(), tokens.TokenQuery{})
	b.Must(err)
	var everyToken, own []string
	for _, token := range page.AccessTokens {
		everyToken = append(everyToken, token.User.Email+"/"+token.Name)
		if token.User.SystemCreated {
			own = append(own, token.User.Email)
		}
	}
	if len(everyToken) != 17 || len(own) != 3 {
		t.Fatalf("there are %d tokens, %d of them with a technical user of their own", len(everyToken), len(own))
	}
	users := []string{o.CI.Email, o.Shop.Email, o.Till.Email}
	const group, role, member, user, token, share = "latchkey_group", "latchkey_role", "latchkey_member",
		"latchkey_technical_user", "latchkey_access_token", "latchkey_token_share"
	listed := map[string]bool{}
	for _, test := range []struct {
		what, typeName string
		config         map[string]any
		want           []string // names, of access tokens without the technical user
	}{
		{"all", group, nil, []string{"payments"}},
		{"all", role, nil, []string{"deployer", "idle"}},
		{"all", member, nil, []string{"anna@example.com", "bea@example.com"}},
		{"all", user, nil, users},
		{"in any case", user, map[string]any{"search": "SERVES C"}, users[:1]},
		{"of a group", user, map[string]any{"group_id": o.Group.ID}, users[2:]},
		{"of no one", user, map[string]any{"search": "nobody"}, nil},
		{"no system's", user, map[string]any{"include_system_created": false}, users},
		{"the system's too", user, map[string]any{"include_system_created": true}, append(slices.Clone(users), own...)},
		{"all", token, nil, everyToken},
		{"by name", token, map[string]any{"search": "SCHED"}, []string{"scheduled"}},
		{"active", token, map[string]any{"status": "active", "group_id": o.Group.ID}, []string{"own of group", "of group"}},
		{"pending", token, map[string]any{"status": "pending"}, []string{"pending"}},
		{"disabled", token, map[string]any{"status": "disabled"}, []string{"disabled"}},
		{"held", token, map[string]any{"status": "held"}, []string{"held"}},
		{"revoked", token, map[string]any{"status": "revoked"}, []string{"revoked"}},
		{"expired", token, map[string]any{"status": "expired"}, []string{"ended", "outlived", "due"}},
		{"of a user", token, map[string]any{"technical_user_id": o.Shop.ID}, []string{"used"}},
		{"expiring", token, map[string]any{"expires_within": "30d"}, []string{"ending"}},
		{"expiring later", token, map[string]any{"expires_within": "60d"}, []string{"scheduled", "ending"}},
		{"unused", token, map[string]any{"unused_for": "41d"}, nil},
		{"unused by a user", token, map[string]any{"unused_for": "30d", "technical_user_id": o.Shop.ID}, nil},
		{"recently used", token, map[string]any{"unused_for": "4d", "technical_user_id": o.Shop.ID}, []string{"used"}},
		{"all", share, nil, []string{
			"anna@example.com/" + o.own.User.Email + "/own", "bea@example.com/" + o.CI.Email + "/scheduled",
			"anna@example.com/" + o.CI.Email + "/scheduled",
		}},
		{"of a token", share, map[string]any{"access_token_id": o.own.ID},
			[]string{"anna@example.com/" + o.own.User.Email + "/own"}},
		{"of a member", share, map[string]any{"member_id": o.Bea.ID},
			[]string{"bea@example.com/" + o.CI.Email + "/scheduled"}},
	} {
		listed[test.typeName] = true
		t.Run(test.typeName+"/"+test.what, func(t *testing.T) {
			found, diagnostics := q.List(test.typeName, test.config, 0)
			acctest.NoDiagnostics(b, diagnostics)
			var names []string
			for _, f := range found {
				name := f.Name
				if _, bare, _ := strings.Cut(name, "/"); test.typeName == token && test.config != nil {
					name = bare
				}
				names = append(names, name)
			}
			want := test.want
			if test.typeName == user {
				slices.Sort(names)
				slices.Sort(want)
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("what is listed (-want +got):\n%s", diff)
			}
			for _, f := range found {
				expectImport(t, b, q, f)
			}
		})
	}
	for _, name := range q.Types() {
		if !listed[name] {
			t.Errorf("%s is never listed here", name)
		}
	}
	if len(q.Types()) != 6 {
		t.Errorf("the types that can be listed are %s", q.Types())
	}
}

// expectImport imports what was found, and expects the state that was listed and an empty plan.
func expectImport(t *testing.T, b *acctest.Bench, q *acctest.Query, f acctest.Found) {
	t.Helper()
	read, plan := q.Import(f)
	listed, held := q.Attributes(f.TypeName, f.State), q.Attributes(f.TypeName, read)
	for name, value := range held {
		if !value.Equal(listed[name]) {
			t.Errorf("%s %s: %s is listed as %s, and read as %s", f.TypeName, f.Name, name, listed[name], value)
		}
	}
	for _, d := range plan.Diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			t.Errorf("%s %s: %s: %s", f.TypeName, f.Name, d.Summary, d.Detail)
		}
	}
	planned := q.Attributes(f.TypeName, plan.PlannedState)
	var changed []string
	for name, value := range held {
		if !value.Equal(planned[name]) {
			changed = append(changed, name)
		}
	}
	_, name, _ := strings.Cut(f.Name, "/")
	why := changesAnyway[name]
	if f.TypeName != acctest.TypeName {
		why = ""
	}
	if len(plan.RequiresReplace) > 0 || (len(changed) > 0) != (why != "") {
		t.Errorf("%s %s: the plan changes %s, although %q", f.TypeName, f.Name, changed, why)
	}
}

// Long lists come in pages, up to the limit.
func TestListResourceInPages(t *testing.T) {
	b := acctest.New(t)
	p := b.MakePeople()
	const count = 230
	want := make([]string, count)
	for i := range want {
		name := fmt.Sprintf("t-%03d", i)
		want[i] = p.CI.Email + "/" + name
		b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: name, Enabled: true, TTL: 90 * acctest.Day}})
	}
	q := b.NewQuery()
	for _, limit := range []int64{0, 1, 99, 100, 101, 200, 229, 230, 1000} {
		expected := want
		if limit > 0 {
			expected = want[:min(limit, count)]
		}
		found, diagnostics := q.List(acctest.TypeName, map[string]any{"status": "active"}, limit)
		acctest.NoDiagnostics(b, diagnostics)
		var names []string
		for _, f := range found {
			names = append(names, f.Name)
		}
		if diff := cmp.Diff(expected, names); diff != "" {
			t.Errorf("with a limit of %d (-want +got):\n%s", limit, diff)
		}
	}
	found, _ := q.List(acctest.TypeName, nil, 0)
	for _, f := range found {
		expectImport(t, b, q, f)
	}
	if users, _ := q.List("latchkey_technical_user", nil, 2); len(users) != 2 {
		t.Errorf("with a limit of 2, %d technical users are listed", len(users))
	}
}

// A filter that can't be right is refused, where it stands.
func TestListResourceRefusesFilters(t *testing.T) {
	b := acctest.New(t)
	p := b.MakePeople()
	q := b.NewQuery()
	for _, test := range []struct {
		typeName, filter, value, says string
	}{
		{"latchkey_access_token", "status", "bogus", `there is no status "bogus"`},
		{"latchkey_access_token", "status", "", "it is empty"},
		{"latchkey_access_token", "group_id", p.CI.ID, "is not a valid group identifier"},
		{"latchkey_access_token", "technical_user_id", "ci", "is not a valid technical user identifier"},
		{"latchkey_access_token", "expires_within", "soon", "soon"},
		{"latchkey_access_token", "unused_for", "-1d", "-1d"},
		{"latchkey_technical_user", "group_id", "payments", "is not a valid group identifier"},
		{"latchkey_token_share", "access_token_id", p.CI.ID, "is not a valid access token identifier"},
		{"latchkey_token_share", "member_id", "anna@example.com", "is not a valid member identifier"},
	} {
		found, diagnostics := q.List(test.typeName, map[string]any{test.filter: test.value}, 0)
		if len(found) > 0 || len(diagnostics) != 1 {
			t.Errorf("%s, %s = %q: found %d with %d diagnostics", test.typeName, test.filter, test.value, len(found), len(diagnostics))
			continue
		}
		d := diagnostics[0]
		if d.Severity != tfprotov6.DiagnosticSeverityError || !strings.Contains(d.Detail, test.says) ||
			!strings.Contains(d.Attribute.String(), test.filter) {
			t.Errorf("%s, %s = %q: got %s at %s: %s", test.typeName, test.filter, test.value, d.Summary, d.Attribute, d.Detail)
		}
	}
}

// Where there is no database yet, lists are empty with a warning, as those of data sources are. Where none can be, they fail.
func TestListResourceWithoutDatabase(t *testing.T) {
	b := acctest.New(t)
	acctest.NotThroughServer(t, "a server that answers has a database")
	q := b.NewQuery()
	for _, typeName := range q.Types() {
		found, diagnostics := q.List(typeName, nil, 0)
		if len(found) != 0 || len(diagnostics) != 1 || diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning ||
			diagnostics[0].Summary != "There is no database yet" {
			t.Errorf("%s: found %d with %v", typeName, len(found), diagnostics)
		}
	}
	if !b.Place.IsEmpty() {
		t.Error("a list made a database")
	}
	var why string
	b.Place, why = b.Place.Unreachable()
	q = b.NewQuery()
	for _, typeName := range q.Types() {
		found, diagnostics := q.List(typeName, nil, 0)
		if len(found) != 0 || len(diagnostics) != 1 || diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError ||
			!strings.HasPrefix(diagnostics[0].Summary, "Unable to list ") || !strings.Contains(diagnostics[0].Detail, why) {
			t.Errorf("%s: found %d with %v where there can't be a database", typeName, len(found), diagnostics)
		}
	}
}

// A query by Terraform itself finds what matches its filters.
func TestTerraformQuery(t *testing.T) {
	b := acctest.New(t)
	o := makeUnmanaged(b)
	b.RunWith(acctest.Beside{Oldest: tfversion.Version1_14_0},
		resource.TestStep{Config: b.Config("")},
		resource.TestStep{
			Query: true,
			Config: `
				list "latchkey_access_token" "unused" {
					provider         = latchkey
					include_resource = true
					config {
						unused_for        = "4d"
						technical_user_id = "` + o.Shop.ID + `"
					}
				}
				list "latchkey_access_token" "few" {
					provider = latchkey
					limit    = 3
				}
				list "latchkey_technical_user" "all" {
					provider = latchkey
					config {
						include_system_created = true
					}
				}
				list "latchkey_token_share" "own" {
					provider = latchkey
					config {
						access_token_id = "` + o.own.ID + `"
					}
				}
			`,
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength("latchkey_access_token.unused", 1),
				querycheck.ExpectLength("latchkey_access_token.few", 3),
				querycheck.ExpectLength("latchkey_technical_user.all", 6),
				querycheck.ExpectLength("latchkey_token_share.own", 1),
				querycheck.ExpectIdentity("latchkey_token_share.own", map[string]knownvalue.Check{
					"access_token_id": knownvalue.StringExact(o.own.ID), "member_id": knownvalue.StringExact(o.Anna.ID),
				}),
				querycheck.ExpectResourceKnownValues("latchkey_access_token.unused",
					queryfilter.ByDisplayName(knownvalue.StringExact(o.Shop.Email+"/used")),
					[]querycheck.KnownValueCheck{
						{Path: tfjsonpath.New("name"), KnownValue: knownvalue.StringExact("used")},
						{Path: tfjsonpath.New("technical_user_id"), KnownValue: knownvalue.StringExact(o.Shop.ID)},
						{Path: tfjsonpath.New("token"), KnownValue: knownvalue.Null()},
					}),
			},
		},
	)
}
