package provider_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// dataBlock returns a block of a data source with lines of attributes.
func dataBlock(kind, label string, lines ...string) string {
	return fmt.Sprintf("data \"latchkey_%s\" %q {\n  %s\n}\n", kind, label, strings.Join(lines, "\n  "))
}

// output returns a block of an output.
func output(name, expression string) string {
	return fmt.Sprintf("output %q {\n  value = %s\n}\n", name, expression)
}

// list returns an output of what an expression makes of each object x that a list data source answers.
func list(label, kind, expression string) string {
	return output(label, fmt.Sprintf(`join(" ", [for x in data.latchkey_%s.%s.%s : %s])`, kind, label, kind, expression))
}

// people are the objects that tests of data sources look for: the group payments, Anna and Bea, the technical user ci of
// the organization and one each called shop there and in the group.
type people struct {
	group          tokens.Group
	anna, bea      tokens.Member
	ci, shop, till tokens.TechnicalUser
}

// makePeople makes them outside Terraform.
func (b *bench) makePeople() (p people) {
	b.t.Helper()
	ctx := context.Background()
	var err error
	p.group, err = b.Outside.CreateGroup(ctx, tokens.NewGroup{Name: "payments", Description: "Moves money."})
	b.must(err)
	p.bea, err = b.Outside.CreateMember(ctx, tokens.NewMember{Email: "bea@example.com", Grants: tokens.Grants{Role: "viewer"}})
	b.must(err)
	p.anna, err = b.Outside.CreateMember(ctx, tokens.NewMember{Email: "anna@example.com", Name: "Anna", Grants: tokens.Grants{
		Role: "none", GroupRoles: []tokens.GroupRole{{GroupID: p.group.ID, Role: "administrator"}},
	}})
	b.must(err)
	user := func(name, groupID string) tokens.TechnicalUser {
		u, err := b.Outside.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{
			Name: name, GroupID: groupID, Description: "Serves " + name + ".", Grants: tokens.Grants{Role: "manager"}, Enabled: true,
		})
		b.must(err)
		return u
	}
	p.ci, p.shop, p.till = user("ci", ""), user("shop", ""), user("shop", p.group.ID)
	return p
}

// makeTokenOf makes an access token of a technical user outside Terraform.
func (b *bench) makeTokenOf(user tokens.TechnicalUser, token tokens.NewAccessToken) (tokens.AccessToken, tokens.Secret) {
	b.t.Helper()
	token.NewSecretFor, token.TechnicalUserID = b.newSecret(), user.ID
	created, err := b.Outside.CreateAccessToken(context.Background(), token)
	b.must(err)
	return created.AccessToken, token.Secret
}

// use makes a client use a secret, and writes that down.
func (b *bench) use(secret tokens.Secret) {
	b.t.Helper()
	server := b.open(b.database)
	v, err := server.VerifySecret(context.Background(), secret, tokens.VerifyOptions{RecordUse: true})
	b.must(err)
	if !v.Active {
		b.t.Fatal("the secret is not active")
	}
	b.must(server.Close())
}

// checkAttributes checks attributes of a resource or data source in the state; an empty text stands for null.
func checkAttributes(address string, want map[string]string) resource.TestCheckFunc {
	var checks []resource.TestCheckFunc
	for name, value := range want {
		if value == "" {
			checks = append(checks, resource.TestCheckNoResourceAttr(address, name))
		} else {
			checks = append(checks, resource.TestCheckResourceAttr(address, name, value))
		}
	}
	return resource.ComposeAggregateTestCheckFunc(checks...)
}

// checkOutputs checks all outputs.
func checkOutputs(want map[string]string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		for name, value := range want {
			if err := resource.TestCheckOutput(name, value)(s); err != nil {
				return err
			}
		}
		if outputs := s.RootModule().Outputs; len(outputs) != len(want) {
			return fmt.Errorf("%d outputs, of which %d are expected", len(outputs), len(want))
		}
		return nil
	}
}

// lists are the kinds of data sources that answer a list.
var lists = []string{"access_tokens", "technical_users", "members", "groups", "roles", "token_shares", "events"}

// While there is no database, lists are empty, but for the roles that Latchkey brings along; nothing makes a database.
func TestListsWithoutDatabase(t *testing.T) {
	b := newBench(t)
	config, want := "", map[string]string{}
	for _, kind := range lists {
		config += dataBlock(kind, "this") + output(kind, fmt.Sprintf("length(data.latchkey_%s.this.%s)", kind, kind))
		want[kind] = "0"
	}
	want["roles"] = fmt.Sprint(len(tokens.BuiltInRoles()))
	b.run(resource.TestStep{Config: b.config(config), Check: resource.ComposeAggregateTestCheckFunc(checkOutputs(want), func(*terraform.State) error {
		if _, err := os.Stat(b.database); err == nil {
			return errors.New("a data source made a database")
		}
		return nil
	})})
}

// What can't be reached is no empty database.
func TestListsOfUnreachableDatabase(t *testing.T) {
	for _, kind := range lists {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t)
			summary := "Unable to list " + strings.ReplaceAll(kind, "_", " ")
			b.run(
				resource.TestStep{
					Config:      configFor(b.database+"/missing/latchkey.db", dataBlock(kind, "this")),
					ExpectError: says(summary, "directory", "does not exist"),
				},
				resource.TestStep{
					PreConfig:   func() { b.makeToken("ci") },
					Config:      fmt.Sprintf("provider \"latchkey\" {\n database = %q\n organization = \"other\"\n}\n", b.database) + dataBlock(kind, "this"),
					ExpectError: says(summary, `belongs to organization "default", not "other"`),
				},
			)
		})
	}
}

// One object that does not exist is an error, that of a database that does not exist too.
func TestLookUpOfNothing(t *testing.T) {
	const token, user, group = "tok_01jd0000000000000000000000", "tu_01jd0000000000000000000000", "grp_01jd0000000000000000000000"
	for _, test := range []struct {
		name, config string
		want         []string
	}{
		{"token by id", dataBlock("access_token", "this", fmt.Sprintf("id = %q", token)), []string{"Unable to read access token", "there is no access token " + token}},
		{
			"token by name of an address", dataBlock("access_token", "this", `name = "deploy"`, `technical_user_email = "ci@default.latchkey.internal"`),
			[]string{"Unable to read access token", `Access token "deploy": name: technical user ci@default.latchkey.internal has no access token of this name`},
		},
		{
			"token by name of an account", dataBlock("access_token", "this", `name = "deploy"`, fmt.Sprintf("technical_user_id = %q", user)),
			[]string{"Unable to read access token", user + " has no access token of this name"},
		},
		{"technical user by id", dataBlock("technical_user", "this", fmt.Sprintf("id = %q", user)), []string{"Unable to read technical user", "there is no technical user " + user}},
		{
			"technical user by address", dataBlock("technical_user", "this", `email = "nobody@default.latchkey.internal"`),
			[]string{"Unable to read technical user", "email: there is no technical user with the address nobody@default.latchkey.internal"},
		},
		{
			"technical user by name", dataBlock("technical_user", "this", `name = "nobody"`),
			[]string{"Unable to read technical user", `Technical user "nobody": name:`, "at the level of the organization"},
		},
		{
			"technical user of a group", dataBlock("technical_user", "this", `name = "ci"`, fmt.Sprintf("group_id = %q", group)),
			[]string{"Unable to read technical user", "in group " + group},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.run(
				resource.TestStep{Config: b.config(test.config), ExpectError: says(append(test.want, "there is no database at")...)},
				resource.TestStep{PreConfig: func() { b.makePeople() }, Config: b.config(test.config), ExpectError: says(test.want...)},
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
		{"token by name alone", "access_token", []string{`name = "x"`}, []string{"Attribute name:", "set technical_user_id or technical_user_email"}},
		{"token by account alone", "access_token", []string{user}, []string{"Attribute id:", "set id, or name"}},
		{"token by name and two accounts", "access_token", []string{`name = "x"`, user, email}, []string{"Attribute technical_user_email:", "remove one"}},
		{"token of another kind", "access_token", []string{`id = "tu_01jd0000000000000000000000"`}, []string{"Attribute id:", "no access token identifier"}},
		{"token of a nameless account", "access_token", []string{`name = "x"`, `technical_user_email = "ci"`}, []string{"Attribute technical_user_email:", "not an e-mail address"}},
		{"status", "access_tokens", []string{`status = "dead"`}, []string{"Attribute status:", `no status "dead"`, "held, disabled"}},
		{"empty status", "access_tokens", []string{`status = ""`}, []string{"Attribute status:", "is empty"}},
		{"column", "access_tokens", []string{`sort = "age"`}, []string{"Attribute sort:", `no column "age"`, "created_at"}},
		{"empty column", "access_tokens", []string{`sort = ""`}, []string{"Attribute sort:", "is empty"}},
		{"account by name", "access_tokens", []string{`technical_user_id = "ci"`}, []string{"Attribute technical_user_id:", "no technical user identifier"}},
		{"group by name", "access_tokens", []string{`group_id = "payments"`}, []string{"Attribute group_id:", "no group identifier"}},
		{"expiry in words", "access_tokens", []string{`expires_within = "a month"`}, []string{"Attribute expires_within:", "not a duration", "90d"}},
		{"no time", "access_tokens", []string{`unused_for = "0s"`}, []string{"Attribute unused_for:", "at least one second", "leave unused_for out"}},
		{"limit", "access_tokens", []string{`limit = -1`}, []string{"Attribute limit:", "-1 is negative"}},
		{"offset", "access_tokens", []string{`offset = -5`}, []string{"Attribute offset:", "-5 is negative"}},
		{"technical user without a key", "technical_user", nil, []string{"Attribute id:", "set id, email or name"}},
		{"technical user by id and name", "technical_user", []string{`id = "tu_01jd0000000000000000000000"`, `name = "ci"`}, []string{"Attribute id:", "by itself"}},
		{"technical user by address and name", "technical_user", []string{`email = "ci@default.latchkey.internal"`, `name = "ci"`}, []string{"Attribute email:", "by itself"}},
		{"technical user by address and group", "technical_user", []string{`email = "ci@default.latchkey.internal"`, `group_id = "grp_01jd0000000000000000000000"`}, []string{"Attribute group_id:", "with name alone"}},
		{"technical user of a nameless group", "technical_user", []string{`name = "ci"`, `group_id = "payments"`}, []string{"Attribute group_id:", "no group identifier"}},
		{"technical users of a nameless group", "technical_users", []string{`group_id = "payments"`}, []string{"Attribute group_id:", "no group identifier"}},
		{"shares of a nameless token", "token_shares", []string{`access_token_id = "deploy"`}, []string{"Attribute access_token_id:", "no access token identifier"}},
		{"shares with a nameless member", "token_shares", []string{`member_id = "anna@example.com"`}, []string{"Attribute member_id:", "no member identifier"}},
		{"events of a name", "events", []string{`object_id = "deploy"`}, []string{"Attribute object_id:", "not the identifier of an object"}},
		{"events since a day", "events", []string{`since = "yesterday"`}, []string{"Attribute since:", "not an RFC 3339 timestamp"}},
		{"number of events", "events", []string{`limit = -1`}, []string{"Attribute limit:", "-1 is negative"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.run(resource.TestStep{
				Config: b.config(dataBlock(test.kind, "this", test.lines...)), PlanOnly: true,
				ExpectError: says(append([]string{"Invalid attribute value"}, test.want...)...),
			})
		})
	}
}

// The lists of accounts, groups and shares, each with its filters.
func TestLists(t *testing.T) {
	b := newBench(t)
	p := b.makePeople()
	deploy, _ := b.makeTokenOf(p.ci, tokens.NewAccessToken{Name: "deploy", Enabled: true})
	alone := b.makeToken("alone")
	for _, share := range []tokens.TokenShare{
		{AccessTokenID: deploy.ID, MemberID: p.anna.ID, Role: "manager"},
		{AccessTokenID: deploy.ID, MemberID: p.bea.ID, Role: "viewer"},
		{AccessTokenID: alone.ID, MemberID: p.bea.ID, Role: "editor"},
	} {
		_, err := b.Outside.ShareAccessToken(context.Background(), share)
		b.must(err)
	}
	const role = `"${x.role}:${element(split("@", [for m in data.latchkey_members.members.members : m.email if m.id == x.member_id][0]), 0)}"`
	config := b.config(
		dataBlock("groups", "groups") + list("groups", "groups", `"${x.name}:${x.description}"`) +
			dataBlock("members", "members") + list("members", "members", `"${x.email}:${x.role}:${coalesce(x.name, "-")}:${join(",", [for g in coalesce(x.group_roles, []) : g.role])}"`) +
			dataBlock("technical_users", "all") + list("all", "technical_users", `"${x.email}:${x.system_created}"`) +
			dataBlock("technical_users", "searched", `search = "SERVES shop"`) + list("searched", "technical_users", `x.email`) +
			dataBlock("technical_users", "grouped", fmt.Sprintf("group_id = %q", p.group.ID)) + list("grouped", "technical_users", `x.email`) +
			dataBlock("technical_users", "both", fmt.Sprintf("group_id = %q", p.group.ID), `search = "ci"`) + list("both", "technical_users", `x.email`) +
			dataBlock("token_shares", "shares") + list("shares", "token_shares", role) +
			dataBlock("token_shares", "of_token", fmt.Sprintf("access_token_id = %q", deploy.ID)) + list("of_token", "token_shares", role) +
			dataBlock("token_shares", "of_member", fmt.Sprintf("member_id = %q", p.bea.ID)) + list("of_member", "token_shares", role) +
			dataBlock("token_shares", "of_both", fmt.Sprintf("access_token_id = %q", alone.ID), fmt.Sprintf("member_id = %q", p.anna.ID)) + list("of_both", "token_shares", role),
	)
	b.run(resource.TestStep{Config: config, Check: resource.ComposeAggregateTestCheckFunc(
		checkOutputs(map[string]string{
			"groups":    "payments:Moves money.",
			"members":   "anna@example.com:none:Anna:administrator bea@example.com:viewer:-:",
			"all":       alone.User.Email + ":true ci@default.latchkey.internal:false shop@default.latchkey.internal:false shop@payments.default.latchkey.internal:false",
			"searched":  "shop@default.latchkey.internal shop@payments.default.latchkey.internal",
			"grouped":   "shop@payments.default.latchkey.internal",
			"both":      "",
			"shares":    "viewer:bea manager:anna editor:bea",
			"of_token":  "viewer:bea manager:anna",
			"of_member": "viewer:bea editor:bea",
			"of_both":   "",
		}),
		checkAttributes("data.latchkey_groups.groups", map[string]string{
			"groups.#": "1", "groups.0.id": p.group.ID, "groups.0.created_at": tokens.FormatTimestamp(p.group.CreatedAt), "groups.0.updated_at": tokens.FormatTimestamp(p.group.UpdatedAt),
		}),
		checkAttributes("data.latchkey_members.members", map[string]string{
			"members.0.id": p.anna.ID, "members.0.group_roles.0.group_id": p.group.ID, "members.0.created_at": tokens.FormatTimestamp(p.anna.CreatedAt),
		}),
		checkAttributes("data.latchkey_token_shares.of_both", map[string]string{"token_shares.#": "0"}),
	)})
}

// A technical user by each of its keys, and an access token for an account that is looked up.
func TestTechnicalUserLookUp(t *testing.T) {
	b := newBench(t)
	p := b.makePeople()
	group := fmt.Sprintf("group_id = %q", p.group.ID)
	want := func(u tokens.TechnicalUser) map[string]string {
		return map[string]string{
			"id": u.ID, "name": u.Name, "email": u.Email, "description": u.Description, "group_id": u.GroupID, "role": "manager", "enabled": "true",
			"system_created": "false", "created_at": tokens.FormatTimestamp(u.CreatedAt), "updated_at": tokens.FormatTimestamp(u.UpdatedAt),
		}
	}
	b.run(
		resource.TestStep{
			Config: b.config(dataBlock("technical_user", "id", fmt.Sprintf("id = %q", p.ci.ID)) +
				dataBlock("technical_user", "email", `email = "shop@payments.default.latchkey.internal"`) +
				dataBlock("technical_user", "name", `name = "shop"`) +
				dataBlock("technical_user", "in_group", `name = "shop"`, group) +
				resourceBlock("access_token", "ci", `name = "deploy"`, `technical_user_id = data.latchkey_technical_user.name.id`)),
			Check: resource.ComposeAggregateTestCheckFunc(
				checkAttributes("data.latchkey_technical_user.id", want(p.ci)),
				checkAttributes("data.latchkey_technical_user.email", want(p.till)),
				checkAttributes("data.latchkey_technical_user.name", want(p.shop)),
				checkAttributes("data.latchkey_technical_user.in_group", want(p.till)),
				resource.TestCheckResourceAttr(ci, "technical_user_id", p.shop.ID),
				b.checkActive(ci),
			),
		},
		resource.TestStep{
			PreConfig: func() {
				b.must(b.Outside.DeleteTechnicalUser(context.Background(), p.ci.ID))
				_, err := b.Outside.CreateTechnicalUser(context.Background(), tokens.NewTechnicalUser{Name: "robot", GroupID: p.group.ID, Grants: tokens.Grants{Role: "none"}})
				b.must(err)
			},
			Config:      b.config(dataBlock("technical_user", "this", `name = "robot"`)),
			ExpectError: says("there is one in group "+p.group.ID, "set group_id"),
		},
	)
}

// A token is shared with a person picked from the members by e-mail address.
func TestShareWithPickedMember(t *testing.T) {
	b := newBench(t)
	p := b.makePeople()
	b.run(resource.TestStep{
		Config: b.config(dataBlock("members", "all") + ciToken() +
			resourceBlock("token_share", "anna", `access_token_id = latchkey_access_token.ci.id`, `role = "viewer"`,
				`member_id = one([for m in data.latchkey_members.all.members : m.id if m.email == "anna@example.com"])`)),
		Check: resource.TestCheckResourceAttr("latchkey_token_share.anna", "member_id", p.anna.ID),
	})
}

// The roles that there are, built-in and custom, with what they permit.
func TestRoleList(t *testing.T) {
	b := newBench(t)
	role, err := b.Outside.CreateRole(context.Background(), tokens.NewRole{Name: "clerk", Description: "Takes orders.", Permissions: []string{"orders:write", "orders:read"}})
	b.must(err)
	all := "data.latchkey_roles.roles"
	b.run(resource.TestStep{
		Config: b.config(dataBlock("roles", "roles") + list("roles", "roles", `"${x.name}:${length(x.permissions)}:${x.built_in}"`)),
		Check: resource.ComposeAggregateTestCheckFunc(
			checkOutputs(map[string]string{"roles": "none:0:true viewer:2:true member:3:true manager:5:true administrator:9:true owner:10:true clerk:2:false"}),
			checkAttributes(all, map[string]string{
				"roles.0.id": "", "roles.0.created_at": "", "roles.5.permissions.0": "*",
				"roles.6.id": role.ID, "roles.6.description": "Takes orders.", "roles.6.permissions.0": "orders:read", "roles.6.created_at": tokens.FormatTimestamp(role.CreatedAt),
			}),
		),
	})
}

// The events of one object, since an instant, and the latest ones.
func TestEventList(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	p := b.makePeople()
	b.advance(time.Hour)
	since := b.Now()
	token, _ := b.makeTokenOf(p.ci, tokens.NewAccessToken{Name: "deploy", Enabled: true})
	_, err := b.Outside.HoldAccessToken(ctx, token.ID, "It leaked.")
	b.must(err)
	if err := b.Outside.DeleteTechnicalUser(ctx, p.ci.ID); err == nil {
		t.Fatal("a technical user in use was deleted")
	}
	what := `"${x.action}:${x.outcome}"`
	b.run(resource.TestStep{
		Config: b.config(dataBlock("events", "token", fmt.Sprintf("object_id = %q", token.ID)) + list("token", "events", what) +
			dataBlock("events", "since", fmt.Sprintf("since = %q", tokens.FormatTimestamp(since))) + list("since", "events", what) +
			dataBlock("events", "latest", `limit = 2`) + list("latest", "events", what) +
			dataBlock("events", "none", `since = "2031-01-01T00:00:00+01:00"`) + list("none", "events", what)),
		Check: resource.ComposeAggregateTestCheckFunc(
			checkOutputs(map[string]string{
				"token":  "access_token.create:done access_token.hold:done",
				"since":  "access_token.create:done access_token.hold:done technical_user.delete:refused",
				"latest": "access_token.hold:done technical_user.delete:refused",
				"none":   "",
			}),
			checkAttributes("data.latchkey_events.token", map[string]string{
				"events.1.actor": "local:anna@elsewhere", "events.1.object_id": token.ID, "events.1.object_name": "deploy",
			}),
			resource.TestMatchResourceAttr("data.latchkey_events.token", "events.1.detail", says("It leaked.")),
			resource.TestMatchResourceAttr("data.latchkey_events.latest", "events.1.detail", says("deploy")),
		),
	})
}
