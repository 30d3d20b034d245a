package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Every bad value is refused while planning, with the attribute, the reason and the way out.
func TestBadInputAtPlan(t *testing.T) {
	token := func(line string) string { return acctest.CIToken(line) }
	named := func(kind, attribute, value string) string {
		return acctest.Resource(kind, "this", fmt.Sprintf("%s = %q", attribute, value))
	}
	const user, group = "tu_01jd0000000000000000000000", "grp_01jd0000000000000000000000"
	for _, test := range []struct {
		name   string
		config string
		want   []string
	}{
		{"token without a name", acctest.Resource("access_token", "ci", `name = ""`),
			[]string{"Attribute name:", "is empty", "1 to 128"}},
		{"token with a long name",
			acctest.Resource("access_token", "ci", fmt.Sprintf("name = %q", strings.Repeat("é", 129))),
			[]string{"Attribute name:", "129 characters", "at most 128"}},
		{"token with a line feed in its name", acctest.Resource("access_token", "ci", `name = "a\nb"`),
			[]string{"Attribute name:", "can't be printed"}},
		{"token with a space around its name", acctest.Resource("access_token", "ci", `name = " a"`),
			[]string{"Attribute name:", "starts or ends with a space", "remove it"}},
		{"long description", token(fmt.Sprintf("description = %q", strings.Repeat("x", 1025))),
			[]string{"Attribute description:", "1025 characters", "at most 1024"}},
		{"group for a technical user", token(`technical_user_id = "grp_x"`),
			[]string{"Attribute technical_user_id:", "not a valid technical user identifier", "latchkey_technical_user"}},
		{"technical user for a group", token(fmt.Sprintf("group_id = %q", user)),
			[]string{"Attribute group_id:", "not a valid group identifier", "latchkey_group"}},
		{"no text for a group", token(`group_id = ""`), []string{"Attribute group_id:", "not a valid group identifier"}},
		{"technical user and group", token(fmt.Sprintf("technical_user_id = %q\ngroup_id = %q", user, group)),
			[]string{"Attribute group_id:", "remove one of them"}},
		{"group and group roles", token(fmt.Sprintf("group_id = %q\ngroup_roles = [{ group_id = %q, role = \"viewer\" }]",
			group, group)), []string{"Attribute group_roles:", "remove group_id"}},
		{"ill-formed role", token(`role = "Admin!"`),
			[]string{"Attribute role:", "not the name of a role", "none, viewer, member"}},
		{"group role of no group", token(`group_roles = [{ group_id = "mem_x", role = "viewer" }]`),
			[]string{"Attribute group_roles.group_id:", "not a valid group identifier"}},
		{"two roles in a group", token(fmt.Sprintf("group_roles = [{ group_id = %q, role = \"viewer\" }, { group_id = "+
			"%q, role = \"member\" }]", group, group)), []string{"Attribute group_roles:", "more than one role", "keep one"}},
		{"ill-formed group role", token(fmt.Sprintf("group_roles = [{ group_id = %q, role = \"\" }]", group)),
			[]string{"Attribute group_roles.role:", "not the name of a role"}},
		{"visibility", token(`visibility = "private"`),
			[]string{"Attribute visibility:", `no visibility "private"`, `"organization" or "restricted"`}},
		{"date without time", token(`expires_at = "2031-01-01"`),
			[]string{"Attribute expires_at:", "not an RFC 3339 timestamp", "2030-01-31T12:00:00Z"}},
		{"nanoseconds", token(`expires_at = "2031-01-01T00:00:00.000000001Z"`),
			[]string{"Attribute expires_at:", "finer than a microsecond"}},
		{"bad activation", token(`activates_at = "soon"`),
			[]string{"Attribute activates_at:", "not an RFC 3339 timestamp"}},
		{"activation after expiry", token("activates_at = \"2031-01-02T00:00:00Z\"\nexpires_at = \"2031-01-01T00:00:00Z\""),
			[]string{"Attribute activates_at:", "expire before it becomes active", "later expires_at"}},
		{"expiry in a word", token(`expires_at = "tomorrow"`),
			[]string{"Attribute expires_at:", "not an RFC 3339 timestamp"}},
		{"protection of one word", token(`protect_if_used_within = "always"`),
			[]string{"Attribute protect_if_used_within:", "not a duration"}},
		{"ttl and expiry", token("ttl = \"90d\"\nexpires_at = \"2031-01-01T00:00:00Z\""),
			[]string{"Attribute ttl:", "exclude each other", "remove one"}},
		{"ttl in words", token(`ttl = "90 days"`), []string{"Attribute ttl:", "not a duration", "90d"}},
		{"ttl without unit", token(`ttl = "90"`), []string{"Attribute ttl:", "not a duration"}},
		{"ttl of nothing", token(`ttl = "0s"`), []string{"Attribute ttl:", "at least one second"}},
		{"negative ttl", token(`ttl = "-1h"`), []string{"Attribute ttl:", "not a duration"}},
		{"ttl of ages", token(`ttl = "999999999d"`), []string{"Attribute ttl:", "too long", "at most 36500d"}},
		{"window without a ttl", token(`regenerate_before_expiry = "1d"`),
			[]string{"Attribute regenerate_before_expiry:", "needs ttl", "set ttl too"}},
		{"window as long as the ttl", token("ttl = \"1d\"\n  regenerate_before_expiry = \"24h\""),
			[]string{"Attribute regenerate_before_expiry:", "not shorter than the ttl of 1d", "longer ttl"}},
		{"window of nothing", token("ttl = \"1d\"\n  regenerate_before_expiry = \"0s\""),
			[]string{"Attribute regenerate_before_expiry:", "at least one second"}},
		{"policy for expiry", token(`on_expired = "renew"`),
			[]string{"Attribute on_expired:", `no policy "renew"`, `"regenerate", "ignore" or "error"`}},
		{"regeneration at a fixed end", token("expires_at = \"2031-01-01T00:00:00Z\"\n  on_expired = \"regenerate\""),
			[]string{"Attribute on_expired:", "would expire at expires_at, too", "use ttl"}},
		{"no policy for expiry", token(`on_expired = ""`),
			[]string{"Attribute on_expired:", `no policy ""`, `"regenerate", "ignore" or "error"`}},
		{"no policy for drift", token(`on_secret_drift = ""`), []string{"Attribute on_secret_drift:", `no policy ""`}},
		{"grace of no text", token(`grace_period = ""`), []string{"Attribute grace_period:", "neither a duration"}},
		{"policy for drift", token(`on_secret_drift = "ignore"`),
			[]string{"Attribute on_secret_drift:", `no policy "ignore"`, `"regenerate", "accept" or "error"`}},
		{"grace in words", token(`grace_period = "two days"`),
			[]string{"Attribute grace_period:", "neither a duration", `"until_expiry"`}},
		{"grace without an end", token(`grace_period = "until_expiry"`),
			[]string{"Attribute grace_period:", "needs secrets that expire", "set ttl or expires_at"}},
		{"protection of nothing", token(`protect_if_used_within = "0s"`),
			[]string{"Attribute protect_if_used_within:", "at least one second"}},
		{"protection that comes too late", token(`protect_if_used_within = "90s"`),
			[]string{"Attribute protect_if_used_within:", "1m30s is too short", "at least 2m"}},

		{"half a number", token(`token_wo_version = 5.5`),
			[]string{"Attribute token_wo_version:", "5.5 is no whole number", "up to 9223372036854775807"}},
		{"a number too large", token(`token_wo_version = 20261127123456789012`),
			[]string{"Attribute token_wo_version:", "20261127123456789012 is no whole number"}},

		{"group name", named("group", "name", "Payments"),
			[]string{"Attribute name:", "not a valid name", "1 to 63 lower-case letters"}},
		{"long group name", named("group", "name", strings.Repeat("x", 64)),
			[]string{"Attribute name:", "not a valid name"}},
		{"group without a name", named("group", "name", ""), []string{"Attribute name:", "not a valid name"}},
		{"technical user name", named("technical_user", "name", "-x"), []string{"Attribute name:", "not a valid name"}},
		{"role with a built-in name", acctest.Resource("role", "this", `name = "owner"`, `permissions = []`),
			[]string{"Attribute name:", `"owner" is a built-in role`, "choose another name"}},
		{"role with an ill-formed name", acctest.Resource("role", "this", `name = "Deployer"`, `permissions = []`),
			[]string{"Attribute name:", "not a valid name"}},
		{"role with an ill-formed permission",
			acctest.Resource("role", "this", `name = "x"`, `permissions = ["read orders"]`),
			[]string{"Attribute permissions:", `"read orders" is not a permission`, "area:verb"}},
		{"role with an unknown permission of Latchkey's own",
			acctest.Resource("role", "this", `name = "x"`, `permissions = ["tokens:delete"]`),
			[]string{"Attribute permissions:", `no permission "tokens:delete"`, "read, write, manage"}},
		{"role with a null permission",
			acctest.Resource("role", "this", `name = "x"`, `permissions = ["orders:read", null]`),
			[]string{"Attribute permissions:", `"" is not a permission`, "area:verb"}},
		{"role with too many permissions",
			acctest.Resource("role", "this", `name = "x"`, `permissions = [for i in range(257) : "orders:${i}"]`),
			[]string{"Attribute permissions:", "257 permissions", "at most 256"}},
		{"technical user of a technical user",
			acctest.Resource("technical_user", "this", `name = "x"`, `group_id = "tu_x"`),
			[]string{"Attribute group_id:", "not a valid group identifier"}},
		{"technical user of a group with group roles",
			acctest.Resource("technical_user", "this", `name = "x"`, fmt.Sprintf("group_id = %q", group),
				fmt.Sprintf("group_roles = [{ group_id = %q, role = \"viewer\" }]", group)),
			[]string{"Attribute group_roles:", "remove group_id"}},
		{"member address", named("member", "email", "Anna <anna@example.com>"),
			[]string{"Attribute email:", "not an e-mail address", "bare address"}},
		{"member without address", named("member", "email", ""), []string{"Attribute email:", "not an e-mail address"}},
		{"member name", acctest.Resource("member", "this", `email = "a@example.com"`, `name = "a\tb"`),
			[]string{"Attribute name:", "can't be printed"}},
		{"share of a member",
			acctest.Resource("token_share", "this", `access_token_id = "mem_x"`, `member_id = "mem_01jd0000000000000000000000"`,
				`role = "viewer"`), []string{"Attribute access_token_id:", "not a valid access token identifier"}},
		{"share with a token",
			acctest.Resource("token_share", "this", `access_token_id = "tok_01jd0000000000000000000000"`,
				`member_id = "tok_01jd0000000000000000000000"`, `role = "viewer"`),
			[]string{"Attribute member_id:", "not a valid member identifier"}},
		{"share role", acctest.Resource("token_share", "this", `access_token_id = "tok_01jd0000000000000000000000"`,
			`member_id = "mem_01jd0000000000000000000000"`, `role = "owner"`),
			[]string{"Attribute role:", `no role "owner" for a share`, "viewer, editor, manager"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.Run(resource.TestStep{
				Config:      b.Config(test.config),
				PlanOnly:    true,
				ExpectError: acctest.Says(append([]string{"Invalid attribute value"}, test.want...)...),
			})
		})
	}
}

func TestBadProviderSettings(t *testing.T) {
	for _, test := range []struct {
		name, settings string
		want           []string
	}{
		{"empty path", `database = ""`, []string{"Attribute database:", "the path is empty"}},
		{"URL", `database = "mysql://localhost/latchkey"`,
			[]string{"Attribute database:", "is a URL", "write a path"}},
		{"organization", `organization = "Acme Inc."`, []string{"Attribute organization:", "not a valid name"}},
		{"acting member", `act_as = "Anna <anna@example.com>"`, []string{"Attribute act_as:", "not an e-mail address"}},
		{"prefix", `token_prefix = "LK"`, []string{"Attribute token_prefix:", "not a prefix", "1 to 8 lower-case"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.Run(resource.TestStep{
				Config:      fmt.Sprintf("provider \"latchkey\" {\n %s\n}\n%s", test.settings, acctest.CIToken()),
				PlanOnly:    true,
				ExpectError: acctest.Says(test.want...),
			})
		})
	}
}

// What only the backend knows is refused by the apply, which changes nothing.
func TestBadInputAtApply(t *testing.T) {
	const missingUser, missingGroup, missingMember, missingToken = "tu_01jd0000000000000000000000",
		"grp_01jd0000000000000000000000", "mem_01jd0000000000000000000000", "tok_01jd0000000000000000000000"
	for _, test := range []struct {
		name, config string
		want         []string
	}{
		{"past expiry", acctest.CIToken(`expires_at = "2029-12-31T00:00:00Z"`),
			[]string{"expires_at:", "has passed", "set a later time"}},
		{"unknown role", acctest.CIToken(`role = "superuser"`),
			[]string{"role:", `there is no role "superuser"`, "none, viewer, member, manager, administrator, owner"}},
		{"ill-formed role of letters", acctest.CIToken(`role = "Viewer"`),
			[]string{"role:", `"Viewer" is not the name of a role`, "none, viewer, member"}},
		{"unknown role of a technical user", acctest.Resource("technical_user", "x", `name = "x"`, `role = "superuser"`),
			[]string{`there is no role "superuser"`}},
		{"unknown role of a member", acctest.Resource("member", "x", `email = "x@example.com"`, `role = "superuser"`),
			[]string{`there is no role "superuser"`}},
		{"unknown role in a group",
			acctest.Resource("group", "g", `name = "g"`) +
				acctest.CIToken(`group_roles = [{ group_id = latchkey_group.g.id, role = "superuser" }]`),
			[]string{"group_roles:", `there is no role "superuser"`}},
		{"missing technical user", acctest.CIToken(fmt.Sprintf("technical_user_id = %q", missingUser)),
			[]string{"technical_user_id:", missingUser}},
		{"missing group", acctest.CIToken(fmt.Sprintf("group_id = %q", missingGroup)), []string{"group_id:", missingGroup}},
		{"missing group of a technical user",
			acctest.Resource("technical_user", "x", `name = "x"`, fmt.Sprintf("group_id = %q", missingGroup)),
			[]string{"group_id:", missingGroup}},
		{"missing group in group roles",
			acctest.CIToken(fmt.Sprintf("group_roles = [{ group_id = %q, role = \"viewer\" }]", missingGroup)),
			[]string{"group_roles:", missingGroup}},
		{"missing member", acctest.CIToken() +
			acctest.Resource("token_share", "s", `access_token_id = latchkey_access_token.ci.id`,
				fmt.Sprintf("member_id = %q", missingMember), `role = "viewer"`), []string{"member_id:", missingMember}},
		{"missing token", acctest.Resource("member", "m", `email = "m@example.com"`) +
			acctest.Resource("token_share", "s", fmt.Sprintf("access_token_id = %q", missingToken),
				`member_id = latchkey_member.m.id`, `role = "viewer"`), []string{"access_token_id:", missingToken}},
		{"technical user by name", acctest.CIToken(`technical_user_id = "deployer"`),
			[]string{"technical_user_id:", "not a valid technical user identifier", "latchkey_technical_user"}},
		{"group by name", acctest.CIToken(`group_id = "payments"`),
			[]string{"group_id:", "not a valid group identifier", "latchkey_group"}},
		{"group role in a group by name", acctest.CIToken(`group_roles = [{ group_id = "payments", role = "viewer" }]`),
			[]string{"group_roles:", "not a valid group identifier"}},
		{"technical user of a group by name",
			acctest.Resource("technical_user", "x", `name = "x"`, `group_id = "payments"`),
			[]string{"group_id:", "not a valid group identifier"}},
		{"share of a token by name", acctest.Resource("token_share", "s", `access_token_id = "ci"`,
			fmt.Sprintf("member_id = %q", missingMember), `role = "viewer"`),
			[]string{"access_token_id:", "not a valid access token identifier"}},
		{"share with a member by address", acctest.Resource("token_share", "s",
			fmt.Sprintf("access_token_id = %q", missingToken), `member_id = "anna@example.com"`, `role = "viewer"`),
			[]string{"member_id:", "not a valid member identifier"}},
		{"secret that expires before activation", acctest.CIToken(`ttl = "1d"`, `activates_at = "2030-02-01T00:00:00Z"`),
			[]string{"activates_at:", "its secret expires at", "set an earlier activation, a later expiry or a longer ttl"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			_, err := b.Outside.CreateGroup(context.Background(),
				tokens.NewGroup{
					Request:       tokens.NewRequest(b.Now()),
					GroupSettings: tokens.GroupSettings{Name: "there-is-a-database"},
				})
			b.Must(err)
			b.Run(resource.TestStep{
				Config:      b.Config(test.config),
				ExpectError: acctest.Says(append([]string{"Unable to create"}, test.want...)...),
			})
		})
	}
}

// What can't be an identifier is refused before the object that is to be replaced is gone.
func TestBadReferenceInReplacement(t *testing.T) {
	b := acctest.New(t)
	made := func(token, user, sharedToken, member string) string {
		return b.Config(acctest.Resource("group", "g", `name = "g"`) +
			acctest.Resource("member", "m", `email = "m@example.com"`) +
			acctest.Resource("access_token", "of_user", `name = "x"`, "technical_user_id = "+token) +
			acctest.Resource("access_token", "of_group", `name = "x"`, "group_id = "+user) +
			acctest.Resource("technical_user", "x", `name = "x"`, "group_id = "+user) +
			acctest.Resource("technical_user", "y", `name = "y"`) +
			acctest.Resource("token_share", "s", `role = "viewer"`, "access_token_id = "+sharedToken, "member_id = "+member))
	}
	const user, group, token, member = "latchkey_technical_user.y.id", "latchkey_group.g.id",
		"latchkey_access_token.of_user.id", "latchkey_member.m.id"
	steps := []resource.TestStep{{Config: made(user, group, token, member)}}
	for _, bad := range []struct{ config, want string }{
		{made(`"deployer"`, group, token, member), "not a valid technical user identifier"},
		{made(user, `"payments"`, token, member), "not a valid group identifier"},
		{made(user, group, `"deploy"`, member), "not a valid access token identifier"},
		{made(user, group, token, `"m@example.com"`), "not a valid member identifier"},
	} {
		steps = append(steps, resource.TestStep{
			Config: bad.config, PlanOnly: true, ExpectError: acctest.Says("Invalid attribute value", bad.want),
		})
	}
	b.Run(steps...)
}

// A regeneration of a token whose fixed end has passed would make a dead secret: it is refused, with the way out.
func TestRegenerateAfterExpiry(t *testing.T) {
	b := acctest.New(t)
	expiry := `expires_at = "2030-01-02T00:00:00Z"`
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken(expiry, `regenerate_triggers = { n = "1" }`))},
		resource.TestStep{
			PreConfig:   func() { b.Advance(48 * time.Hour) },
			Config:      b.Config(acctest.CIToken(expiry, `regenerate_triggers = { n = "2" }`)),
			ExpectError: acctest.Says("Attribute expires_at:", "has passed", "set a later time"),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`expires_at = "2031-01-02T00:00:00Z"`, `regenerate_triggers = { n = "2" }`)),
			Check:  b.CheckActive(acctest.CI),
		},
	)
}
