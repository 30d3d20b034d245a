package provider_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// lists are the kinds of data sources that answer a list.
var lists = []string{"access_tokens", "technical_users", "members", "groups", "roles", "token_shares", "events"}

// While there is no database, lists are empty, but for the roles that Latchkey brings along; nothing makes a database.
func TestListsWithoutDatabase(t *testing.T) {
	acctest.NotThroughServer(t, "a server that answers has a database")
	b := acctest.New(t)
	config, want := "", map[string]string{}
	for _, kind := range lists {
		config += acctest.Data(kind, "this") +
			acctest.Output(kind, fmt.Sprintf("length(data.latchkey_%s.this.%s)", kind, kind))
		want[kind] = "0"
	}
	want["roles"] = fmt.Sprint(len(tokens.BuiltInRoles()))
	b.Run(resource.TestStep{
		Config: b.Config(config),
		Check: resource.ComposeAggregateTestCheckFunc(acctest.CheckOutputs(want), func(*terraform.State) error {
			if !b.Place.IsEmpty() {
				return errors.New("a data source made a database")
			}
			return nil
		}),
	})
}

// What can't be reached is no empty database.
func TestListsOfUnreachableDatabase(t *testing.T) {
	acctest.NotThroughServer(t, "TestServerThatDoesNotAnswer is about servers that can't be reached")
	for _, kind := range lists {
		t.Run(kind, func(t *testing.T) {
			b := acctest.New(t)
			summary := "Unable to list " + strings.ReplaceAll(kind, "_", " ")
			unreachable, text := b.Place.Unreachable()
			b.Run(
				resource.TestStep{
					Config:      acctest.Provider("latchkey", unreachable) + acctest.Data(kind, "this"),
					ExpectError: acctest.Says(summary, text),
				},
				resource.TestStep{
					PreConfig:   func() { b.MakeToken("ci") },
					Config:      b.Provider("latchkey", `organization = "other"`) + acctest.Data(kind, "this"),
					ExpectError: acctest.Says(summary, `belongs to organization "default", not "other"`),
				},
			)
		})
	}
}

// One object that does not exist is an error, that of a database that does not exist too.
func TestLookUpOfNothing(t *testing.T) {
	const token, user, group = "tok_01jd0000000000000000000000", "tu_01jd0000000000000000000000",
		"grp_01jd0000000000000000000000"
	for _, test := range []struct {
		name, config string
		want         []string
	}{
		{"token by id", acctest.Data("access_token", "this", fmt.Sprintf("id = %q", token)),
			[]string{"Unable to read access token", "there is no access token " + token}},
		{
			"token by name of an address",
			acctest.Data("access_token", "this", `name = "deploy"`, `technical_user_email = "ci@default.latchkey.internal"`),
			[]string{"Unable to read access token",
				`Access token "deploy": name: technical user ci@default.latchkey.internal has no access token of this name`},
		},
		{
			"token by name of an account",
			acctest.Data("access_token", "this", `name = "deploy"`, fmt.Sprintf("technical_user_id = %q", user)),
			[]string{"Unable to read access token", user + " has no access token of this name"},
		},
		{"technical user by id", acctest.Data("technical_user", "this", fmt.Sprintf("id = %q", user)),
			[]string{"Unable to read technical user", "there is no technical user " + user}},
		{
			"technical user by address", acctest.Data("technical_user", "this", `email = "nobody@default.latchkey.internal"`),
			[]string{"Unable to read technical user",
				"email: there is no technical user with the address nobody@default.latchkey.internal"},
		},
		{
			"technical user by name", acctest.Data("technical_user", "this", `name = "nobody"`),
			[]string{"Unable to read technical user", `Technical user "nobody": name:`, "at the level of the organization"},
		},
		{
			"technical user of a group",
			acctest.Data("technical_user", "this", `name = "ci"`, fmt.Sprintf("group_id = %q", group)),
			[]string{"Unable to read technical user", "in group " + group},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.Run(
				resource.TestStep{
					Config:      b.Config(test.config),
					ExpectError: acctest.Says(append(test.want, b.Place.SaysEmpty())...),
				},
				resource.TestStep{
					PreConfig:   func() { b.MakePeople() },
					Config:      b.Config(test.config),
					ExpectError: acctest.Says(test.want...),
				},
			)
		})
	}
}

// Every bad setting of a data source is refused while planning, with the attribute, the reason and the way out.
func TestBadDataSourceSettings(t *testing.T) {
	const token, user = `id = "tok_01jd0000000000000000000000"`, `technical_user_id = "tu_01jd0000000000000000000000"`
	const email = `technical_user_email = "ci@default.latchkey.internal"`
	for _, test := range []struct {
		name, kind string
		lines      []string
		want       []string
	}{
		{"token without a key", "access_token", nil, []string{"Attribute id:", "set id, or name"}},
		{"token by id and name", "access_token", []string{token, `name = "x"`}, []string{"Attribute id:", "by itself"}},
		{"token by id and account", "access_token", []string{token, user}, []string{"Attribute id:", "by itself"}},
		{"token by name alone", "access_token", []string{`name = "x"`},
			[]string{"Attribute name:", "set technical_user_id or technical_user_email"}},
		{"token by account alone", "access_token", []string{user}, []string{"Attribute id:", "set id, or name"}},
		{"token by name and two accounts", "access_token", []string{`name = "x"`, user, email},
			[]string{"Attribute technical_user_email:", "remove one"}},
		{"token of another kind", "access_token", []string{`id = "tu_01jd0000000000000000000000"`},
			[]string{"Attribute id:", "not a valid access token identifier"}},
		{"token of a nameless account", "access_token", []string{`name = "x"`, `technical_user_email = "ci"`},
			[]string{"Attribute technical_user_email:", "not an e-mail address"}},
		{"status", "access_tokens", []string{`status = "dead"`},
			[]string{"Attribute status:", `no status "dead"`, "held, disabled"}},
		{"empty status", "access_tokens", []string{`status = ""`}, []string{"Attribute status:", "is empty"}},
		{"column", "access_tokens", []string{`sort = "age"`}, []string{"Attribute sort:", `no column "age"`, "created_at"}},
		{"empty column", "access_tokens", []string{`sort = ""`}, []string{"Attribute sort:", "is empty"}},
		{"account by name", "access_tokens", []string{`technical_user_id = "ci"`},
			[]string{"Attribute technical_user_id:", "not a valid technical user identifier"}},
		{"group by name", "access_tokens", []string{`group_id = "payments"`},
			[]string{"Attribute group_id:", "not a valid group identifier"}},
		{"expiry in words", "access_tokens", []string{`expires_within = "a month"`},
			[]string{"Attribute expires_within:", "not a duration", "90d"}},
		{"no time", "access_tokens", []string{`unused_for = "0s"`},
			[]string{"Attribute unused_for:", "at least one second", "leave unused_for out"}},
		{"limit", "access_tokens", []string{`limit = -1`}, []string{"Attribute limit:", "-1 is negative"}},
		{"half a limit", "access_tokens", []string{`limit = 1.5`}, []string{"Attribute limit:", "1.5 is no whole number"}},
		{"half a limit of events", "events", []string{`limit = 1.5`}, []string{"Attribute limit:", "1.5 is no whole number"}},
		{"technical user without a key", "technical_user", nil, []string{"Attribute id:", "set id, email or name"}},
		{"technical user by id and name", "technical_user", []string{`id = "tu_01jd0000000000000000000000"`, `name = "ci"`},
			[]string{"Attribute id:", "by itself"}},
		{"technical user by address and name", "technical_user",
			[]string{`email = "ci@default.latchkey.internal"`, `name = "ci"`}, []string{"Attribute email:", "by itself"}},
		{"technical user by address and group", "technical_user",
			[]string{`email = "ci@default.latchkey.internal"`, `group_id = "grp_01jd0000000000000000000000"`},
			[]string{"Attribute group_id:", "with name alone"}},
		{"technical user of a nameless group", "technical_user", []string{`name = "ci"`, `group_id = "payments"`},
			[]string{"Attribute group_id:", "not a valid group identifier"}},
		{"technical users of a nameless group", "technical_users", []string{`group_id = "payments"`},
			[]string{"Attribute group_id:", "not a valid group identifier"}},
		{"shares of a nameless token", "token_shares", []string{`access_token_id = "deploy"`},
			[]string{"Attribute access_token_id:", "not a valid access token identifier"}},
		{"shares with a nameless member", "token_shares", []string{`member_id = "anna@example.com"`},
			[]string{"Attribute member_id:", "not a valid member identifier"}},
		{"events of a name", "events", []string{`object_id = "deploy"`},
			[]string{"Attribute object_id:", "not the identifier of an object"}},
		{"events since a day", "events", []string{`since = "yesterday"`},
			[]string{"Attribute since:", "not an RFC 3339 timestamp"}},
		{"events of an unknown action", "events", []string{`action = "token.*"`},
			[]string{"Attribute action:", `no action is called "token.*"`, "access_token"}},
		{"events of an unknown outcome", "events", []string{`outcome = "failed"`},
			[]string{"Attribute outcome:", "done or refused"}},
		{"number of events", "events", []string{`limit = -1`}, []string{"Attribute limit:", "-1 is negative"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.Run(resource.TestStep{
				Config: b.Config(acctest.Data(test.kind, "this", test.lines...)), PlanOnly: true,
				ExpectError: acctest.Says(append([]string{"Invalid attribute value"}, test.want...)...),
			})
		})
	}
}

// The lists of accounts, groups and shares, each with its filters.
func TestLists(t *testing.T) {
	b := acctest.New(t)
	p := b.MakePeople()
	deploy, _ := b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "deploy", Enabled: true}})
	alone := b.MakeToken("alone")
	for _, share := range []tokens.NewTokenShare{
		{AccessTokenID: deploy.ID, MemberID: p.Anna.ID, Role: "manager"},
		{AccessTokenID: deploy.ID, MemberID: p.Bea.ID, Role: "viewer"},
		{AccessTokenID: alone.ID, MemberID: p.Bea.ID, Role: "editor"},
	} {
		share.Request = tokens.NewRequest(b.Now())
		_, err := b.Outside.ShareAccessToken(context.Background(), share)
		b.Must(err)
	}
	const role = `"${x.role}:${element(split("@", ` +
		`[for m in data.latchkey_members.members.members : m.email if m.id == x.member_id][0]), 0)}"`
	config := b.Config(
		acctest.Data("groups", "groups") + acctest.ListOutput("groups", "groups", `"${x.name}:${x.description}"`) +
			acctest.Data("members", "members") +
			acctest.ListOutput("members", "members",
				`"${x.email}:${x.role}:${coalesce(x.name, "-")}:${join(",", [for g in coalesce(x.group_roles, []) : g.role])}"`) +
			acctest.Data("technical_users", "all") +
			acctest.ListOutput("all", "technical_users", `"${x.email}:${x.system_created}"`) +
			acctest.Data("technical_users", "searched", `search = "SERVES shop"`) +
			acctest.ListOutput("searched", "technical_users", `x.email`) +
			acctest.Data("technical_users", "grouped", fmt.Sprintf("group_id = %q", p.Group.ID)) +
			acctest.ListOutput("grouped", "technical_users", `x.email`) +
			acctest.Data("technical_users", "both", fmt.Sprintf("group_id = %q", p.Group.ID), `search = "ci"`) +
			acctest.ListOutput("both", "technical_users", `x.email`) +
			acctest.Data("token_shares", "shares") + acctest.ListOutput("shares", "token_shares", role) +
			acctest.Data("token_shares", "of_token", fmt.Sprintf("access_token_id = %q", deploy.ID)) +
			acctest.ListOutput("of_token", "token_shares", role) +
			acctest.Data("token_shares", "of_member", fmt.Sprintf("member_id = %q", p.Bea.ID)) +
			acctest.ListOutput("of_member", "token_shares", role) +
			acctest.Data("token_shares", "of_both", fmt.Sprintf("access_token_id = %q", alone.ID),
				fmt.Sprintf("member_id = %q", p.Anna.ID)) + acctest.ListOutput("of_both", "token_shares", role),
	)
	b.Run(resource.TestStep{Config: config, Check: resource.ComposeAggregateTestCheckFunc(
		acctest.CheckOutputs(map[string]string{
			"groups":  "payments:Moves money.",
			"members": "anna@example.com:none:Anna:administrator bea@example.com:viewer:-:",
			"all": alone.User.Email +
				":true ci@default.latchkey.internal:false shop@default.latchkey.internal:false " +
				"shop@payments.default.latchkey.internal:false",
			"searched":  "shop@default.latchkey.internal shop@payments.default.latchkey.internal",
			"grouped":   "shop@payments.default.latchkey.internal",
			"both":      "",
			"shares":    "viewer:bea manager:anna editor:bea",
			"of_token":  "viewer:bea manager:anna",
			"of_member": "viewer:bea editor:bea",
			"of_both":   "",
		}),
		acctest.CheckAttributes("data.latchkey_groups.groups", map[string]string{
			"groups.#": "1", "groups.0.id": p.Group.ID, "groups.0.created_at": tokens.FormatTimestamp(p.Group.CreatedAt),
			"groups.0.updated_at": tokens.FormatTimestamp(p.Group.UpdatedAt),
		}),
		acctest.CheckAttributes("data.latchkey_members.members", map[string]string{
			"members.0.id": p.Anna.ID, "members.0.group_roles.0.group_id": p.Group.ID,
			"members.0.created_at": tokens.FormatTimestamp(p.Anna.CreatedAt),
		}),
		acctest.CheckAttributes("data.latchkey_token_shares.of_both", map[string]string{"token_shares.#": "0"}),
	)})
}

// A technical user by each of its keys, and an access token for an account that is looked up.
func TestTechnicalUserLookUp(t *testing.T) {
	b := acctest.New(t)
	p := b.MakePeople()
	group := fmt.Sprintf("group_id = %q", p.Group.ID)
	want := func(u tokens.TechnicalUser) map[string]string {
		return map[string]string{
			"id": u.ID, "name": u.Name, "email": u.Email, "description": u.Description, "group_id": u.GroupID,
			"role": "manager", "enabled": "true",
			"system_created": "false", "created_at": tokens.FormatTimestamp(u.CreatedAt),
			"updated_at": tokens.FormatTimestamp(u.UpdatedAt),
		}
	}
	b.Run(
		resource.TestStep{
			Config: b.Config(acctest.Data("technical_user", "id", fmt.Sprintf("id = %q", p.CI.ID)) +
				acctest.Data("technical_user", "email", `email = "shop@payments.default.latchkey.internal"`) +
				acctest.Data("technical_user", "name", `name = "shop"`) +
				acctest.Data("technical_user", "in_group", `name = "shop"`, group) +
				acctest.Resource("access_token", "ci", `name = "deploy"`,
					`technical_user_id = data.latchkey_technical_user.name.id`)),
			Check: resource.ComposeAggregateTestCheckFunc(
				acctest.CheckAttributes("data.latchkey_technical_user.id", want(p.CI)),
				acctest.CheckAttributes("data.latchkey_technical_user.email", want(p.Till)),
				acctest.CheckAttributes("data.latchkey_technical_user.name", want(p.Shop)),
				acctest.CheckAttributes("data.latchkey_technical_user.in_group", want(p.Till)),
				resource.TestCheckResourceAttr(acctest.CI, "technical_user_id", p.Shop.ID),
				b.CheckActive(acctest.CI),
			),
		},
		resource.TestStep{
			PreConfig: func() {
				b.Must(b.Outside.DeleteTechnicalUser(context.Background(), p.CI.ID))
				_, err := b.Outside.CreateTechnicalUser(context.Background(),
					tokens.NewTechnicalUser{
						Request:               tokens.NewRequest(b.Now()),
						GroupID:               p.Group.ID,
						TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "robot", Grants: tokens.Grants{Role: "none"}},
					})
				b.Must(err)
			},
			Config:      b.Config(acctest.Data("technical_user", "this", `name = "robot"`)),
			ExpectError: acctest.Says("there is one in group "+p.Group.ID, "set group_id"),
		},
	)
}

// A token is shared with a person picked from the members by e-mail address.
func TestShareWithPickedMember(t *testing.T) {
	b := acctest.New(t)
	p := b.MakePeople()
	b.Run(resource.TestStep{
		Config: b.Config(acctest.Data("members", "all") + acctest.CIToken() +
			acctest.Resource("token_share", "anna", `access_token_id = latchkey_access_token.ci.id`, `role = "viewer"`,
				`member_id = one([for m in data.latchkey_members.all.members : m.id if m.email == "anna@example.com"])`)),
		Check: resource.TestCheckResourceAttr("latchkey_token_share.anna", "member_id", p.Anna.ID),
	})
}

// The roles that there are, built-in and custom, with what they permit.
func TestRoleList(t *testing.T) {
	b := acctest.New(t)
	role, err := b.Outside.CreateRole(context.Background(),
		tokens.NewRole{
			Request: tokens.NewRequest(b.Now()),
			RoleSettings: tokens.RoleSettings{
				Name:        "clerk",
				Description: "Takes orders.",
				Permissions: []string{"orders:write", "orders:read"},
			},
		})
	b.Must(err)
	all := "data.latchkey_roles.roles"
	b.Run(resource.TestStep{
		Config: b.Config(acctest.Data("roles", "roles") +
			acctest.ListOutput("roles", "roles", `"${x.name}:${length(x.permissions)}:${x.built_in}"`)),
		Check: resource.ComposeAggregateTestCheckFunc(
			acctest.CheckOutputs(map[string]string{"roles": "none:0:true viewer:2:true member:3:true manager:5:true " +
				"administrator:9:true owner:10:true clerk:2:false"}),
			acctest.CheckAttributes(all, map[string]string{
				"roles.0.id": "", "roles.0.created_at": "", "roles.5.permissions.0": "*",
				"roles.6.id": role.ID, "roles.6.description": "Takes orders.", "roles.6.permissions.0": "orders:read",
				"roles.6.created_at": tokens.FormatTimestamp(role.CreatedAt),
			}),
		),
	})
}

// The events of one object, since an instant, and the latest ones.
func TestEventList(t *testing.T) {
	b := acctest.New(t)
	ctx := context.Background()
	p := b.MakePeople()
	b.Advance(time.Hour)
	since := b.Now()
	token, _ := b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "deploy", Enabled: true}})
	_, err := b.Outside.HoldAccessToken(ctx, token.ID, "It leaked.")
	b.Must(err)
	if err := b.Outside.DeleteTechnicalUser(ctx, p.CI.ID); err == nil {
		t.Fatal("a technical user in use was deleted")
	}
	what := `"${x.action}:${x.outcome}"`
	b.Run(resource.TestStep{
		Config: b.Config(acctest.Data("events", "token", fmt.Sprintf("object_id = %q", token.ID)) +
			acctest.ListOutput("token", "events", what) +
			acctest.Data("events", "since", fmt.Sprintf("since = %q", tokens.FormatTimestamp(since))) +
			acctest.ListOutput("since", "events", what) +
			acctest.Data("events", "latest", `limit = 2`) + acctest.ListOutput("latest", "events", what) +
			acctest.Data("events", "refused", `outcome = "refused"`, `action = "*.delete"`, `actor = "local:anna@*"`) +
			acctest.ListOutput("refused", "events", what) +
			acctest.Data("events", "until", fmt.Sprintf("until = %q", tokens.FormatTimestamp(since)), `action = "database.*"`) +
			acctest.ListOutput("until", "events", what) +
			acctest.Data("events", "none", `since = "2031-01-01T00:00:00+01:00"`) +
			acctest.ListOutput("none", "events", what)),
		Check: resource.ComposeAggregateTestCheckFunc(
			acctest.CheckOutputs(map[string]string{
				"token": "technical_user.create:done access_token.create:done access_token.hold:done " +
					"technical_user.delete:refused",
				"since":   "access_token.create:done access_token.hold:done technical_user.delete:refused",
				"latest":  "access_token.hold:done technical_user.delete:refused",
				"refused": "technical_user.delete:refused",
				"until":   "database.create:done",
				"none":    "",
			}),
			acctest.CheckAttributes("data.latchkey_events.token", map[string]string{
				"events.2.actor": "local:anna@elsewhere", "events.2.object_id": token.ID, "events.2.object_name": "deploy",
				"events.2.detail": "It leaked.", "events.2.details.reason": "It leaked.",
				"events.2.details.changes.#": "0", "events.3.details.code": "conflict",
			}),
			resource.TestCheckNoResourceAttr("data.latchkey_events.token", "events.1.details.reason"),
			resource.TestMatchResourceAttr("data.latchkey_events.latest", "events.1.detail", acctest.Says("deploy")),
		),
	})
}

// Events tell the run of the pipeline in which Terraform was started.
func TestEventsOfARun(t *testing.T) {
	t.Setenv(tokens.RunVariable, "nightly 7")
	b := acctest.NewSerial(t)
	b.Run(resource.TestStep{
		Config: b.Config(acctest.Resource("group", "payments", `name = "payments"`) +
			acctest.Data("events", "run", `run = "*7"`, `action = "group.*"`, `depends_on = [latchkey_group.payments]`) +
			acctest.ListOutput("run", "events", `"${x.action}: ${x.claimed_run}"`)),
		Check: acctest.CheckOutputs(map[string]string{"run": "group.create: nightly 7"}),
	})
}
