package accesstoken_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// forRun is an ephemeral token of a technical user, with lines of attributes, and what takes its value.
func forRun(b *acctest.Bench, version int, lines ...string) string {
	return b.Config(acctest.Resource("technical_user", "ci", `name = "ci"`, `role = "member"`) + fmt.Sprintf(`
		ephemeral "latchkey_access_token" "run" {
			technical_user_id = latchkey_technical_user.ci.id
			%s
		}
		resource "store_secret" "seen" {
			value_wo         = ephemeral.latchkey_access_token.run.token
			value_wo_version = %d
		}
	`, strings.Join(lines, "\n"), version))
}

// ephemeralTokens returns the ephemeral tokens that there are.
func ephemeralTokens(b *acctest.Bench) []tokens.AccessToken {
	b.T.Helper()
	page, err := b.Outside.AccessTokens(context.Background(), tokens.TokenQuery{Ephemeral: true})
	b.Must(err)
	return slices.DeleteFunc(page.AccessTokens, func(t tokens.AccessToken) bool { return !t.Ephemeral })
}

// mints counts the ephemeral tokens that were ever minted.
func mints(b *acctest.Bench) (n int) {
	b.T.Helper()
	events, err := b.Outside.Events(context.Background(), tokens.EventQuery{})
	b.Must(err)
	for _, e := range events {
		if e.Action == tokens.ActionAccessTokenCreate && strings.HasPrefix(e.ObjectName, "run ") {
			n++
		}
	}
	return n
}

// The token works while the run lasts, may do no more than its role says, and is gone after it.
func TestEphemeralToken(t *testing.T) {
	b, store := acctest.New(t), &acctest.SecretStore{}
	var during []tokens.AccessToken
	store.Written = func() {
		value, _ := store.Value()
		during = ephemeralTokens(b)
		if !b.IsActive(value) {
			t.Error("the token does not work while the run lasts")
		}
	}
	gone := func(writes int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if _, n := store.Value(); n != writes {
				return fmt.Errorf("%d values were written, not %d", n, writes)
			}
			if value, _ := store.Value(); b.IsActive(value) {
				return fmt.Errorf("the token works after the run")
			}
			if left := ephemeralTokens(b); len(left) > 0 {
				return fmt.Errorf("%d tokens are left", len(left))
			}
			return nil
		}
	}
	b.RunWith(store.Beside(),
		resource.TestStep{Config: forRun(b, 1), Check: gone(1)},
		resource.TestStep{
			Config: forRun(b, 2, `role = "viewer"`, `ttl = "15m"`),
			Check: resource.ComposeTestCheckFunc(gone(2), func(*terraform.State) error {
				if len(during) != 1 || during[0].Grants.Role != tokens.RoleViewer ||
					during[0].ExpiresAt.Sub(during[0].CreatedAt) > 15*time.Minute {
					return fmt.Errorf("during the run: %+v", during)
				}
				return nil
			}),
		},
		resource.TestStep{Config: forRun(b, 2, `ttl = "25h"`), ExpectError: acctest.Says("from 1m to 24h")},
		resource.TestStep{Config: forRun(b, 2, `role = ""`), ExpectError: acctest.Says("role", "is not the name of a role")},
		resource.TestStep{Config: forRun(b, 2, `ttl = "59s"`), ExpectError: acctest.Says("from 1m to 24h")},
		resource.TestStep{Config: forRun(b, 2, `role = "nobody"`), ExpectError: acctest.Says("Unable to mint access token", "nobody")},
	)
}

// Each phase mints one, also where nothing refers to it; what can't know the technical user yet mints none.
func TestEphemeralTokenPerPhase(t *testing.T) {
	if acctest.IsOpenTofu() {
		t.Skip("OpenTofu opens only what something refers to")
	}
	b := acctest.New(t)
	config := b.Config(acctest.Resource("technical_user", "ci", `name = "ci"`) + `
		ephemeral "latchkey_access_token" "run" {
			technical_user_id = latchkey_technical_user.ci.id
		}
	`)
	var before int
	b.Run(
		resource.TestStep{Config: config, Check: func(*terraform.State) error {
			if before = mints(b); before == 0 {
				return fmt.Errorf("nothing was minted")
			}
			return nil
		}},
		resource.TestStep{Config: config, PlanOnly: true},
	)
	if after := mints(b); after <= before {
		t.Errorf("%d tokens were minted after a plan, and %d before it", after, before)
	}
	if left := ephemeralTokens(b); len(left) > 0 {
		t.Errorf("%d tokens are left", len(left))
	}
}

// A refusal names the permission, and says that a plan needs it.
func TestEphemeralTokenRefused(t *testing.T) {
	b := acctest.New(t)
	people := acctest.Resource("technical_user", "ci", `name = "ci"`) +
		acctest.Resource("member", "anna", `email = "anna@example.com"`, `role = "viewer"`)
	b.Run(
		resource.TestStep{Config: b.Config(people)},
		resource.TestStep{
			Config: b.Config(b.ProviderAs("acting", "latchkey_member.anna.email") + people + `
				ephemeral "latchkey_access_token" "run" {
					provider          = acting
					technical_user_id = latchkey_technical_user.ci.id
				}
			`),
			ExpectError: acctest.Says("Unable to mint access token", "lacks the permission tokens:manage",
				"whoever plans needs that permission"),
		},
	)
}

// caller speaks the protocol for ephemeral resources.
type ephemeralCaller struct {
	b      *acctest.Bench
	server tfprotov6.ProviderServer
	typ    tftypes.Object
}

func newEphemeralCaller(b *acctest.Bench) *ephemeralCaller {
	server := b.NewServer()
	acctest.NewCaller(b, server)
	schemas, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	b.Must(err)
	return &ephemeralCaller{b, server, schemas.EphemeralResourceSchemas[acctest.TypeName].ValueType().(tftypes.Object)}
}

func (c *ephemeralCaller) open(user, ttl string) *tfprotov6.OpenEphemeralResourceResponse {
	c.b.T.Helper()
	config := map[string]tftypes.Value{}
	for name, typ := range c.typ.AttributeTypes {
		config[name] = tftypes.NewValue(typ, nil)
	}
	config["technical_user_id"] = tftypes.NewValue(tftypes.String, user)
	config["ttl"] = tftypes.NewValue(tftypes.String, ttl)
	resp, err := c.server.OpenEphemeralResource(context.Background(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: acctest.TypeName, Config: acctest.Encode(c.b, c.typ, tftypes.NewValue(c.typ, config)),
	})
	c.b.Must(err)
	return resp
}

func (c *ephemeralCaller) renew(private []byte) *tfprotov6.RenewEphemeralResourceResponse {
	c.b.T.Helper()
	resp, err := c.server.RenewEphemeralResource(context.Background(),
		&tfprotov6.RenewEphemeralResourceRequest{TypeName: acctest.TypeName, Private: private})
	c.b.Must(err)
	return resp
}

func (c *ephemeralCaller) close(private []byte) {
	c.b.T.Helper()
	resp, err := c.server.CloseEphemeralResource(context.Background(),
		&tfprotov6.CloseEphemeralResourceRequest{TypeName: acctest.TypeName, Private: private})
	c.b.Must(err)
	acctest.NoDiagnostics(c.b, resp.Diagnostics)
}

// newUser makes a technical user outside Terraform.
func newUser(b *acctest.Bench) tokens.TechnicalUser {
	b.T.Helper()
	u, err := b.Outside.CreateTechnicalUser(context.Background(), tokens.NewTechnicalUser{
		Request:               b.NewSecret().Request,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Enabled: true, Grants: tokens.Grants{Role: tokens.RoleMember}},
	})
	b.Must(err)
	return u
}

// Renewals move the end, and stop at 24 hours from the mint; what is gone is closed.
func TestEphemeralTokenRenewal(t *testing.T) {
	b := acctest.New(t)
	user := newUser(b)
	c := newEphemeralCaller(b)
	for _, ttl := range []time.Duration{10 * time.Hour, 24 * time.Hour} {
		opened := c.open(user.ID, ttl.String())
		acctest.NoDiagnostics(b, opened.Diagnostics)
		made := ephemeralTokens(b)[0]
		last := made.CreatedAt.Add(tokens.MaxEphemeralLife)
		private, renewAt, renewals := opened.Private, opened.RenewAt, 0
		for !renewAt.IsZero() {
			now := b.Now()
			if !renewAt.After(now) || !renewAt.Before(ephemeralTokens(b)[0].ExpiresAt) {
				t.Fatalf("ttl %s: to be renewed at %s; it is %s, and the token ends at %s", ttl, renewAt, now,
					ephemeralTokens(b)[0].ExpiresAt)
			}
			b.Advance(renewAt.Sub(now))
			renewed := c.renew(private)
			acctest.NoDiagnostics(b, renewed.Diagnostics)
			private, renewAt = renewed.Private, renewed.RenewAt
			if renewals++; renewals > 10 {
				t.Fatal("it is renewed for ever")
			}
		}
		if end := ephemeralTokens(b)[0].ExpiresAt; renewals == 0 || !end.Equal(last) {
			t.Errorf("ttl %s: after %d renewals it ends at %s, not at %s", ttl, renewals, end, last)
		}
		c.close(private)
		if left := ephemeralTokens(b); len(left) > 0 {
			t.Errorf("%d are left", len(left))
		}
		c.close(private) // it is gone already
	}
	opened := c.open(user.ID, "1h")
	acctest.NoDiagnostics(b, opened.Diagnostics)
	b.Must(b.Outside.DeleteAccessToken(context.Background(), ephemeralTokens(b)[0].ID))
	if renewed := c.renew(opened.Private); len(renewed.Diagnostics) != 1 ||
		renewed.Diagnostics[0].Summary != "Unable to renew access token" {
		t.Errorf("the renewal of a token that is gone says %v", renewed.Diagnostics)
	}
	c.close(opened.Private)
}

// A token that no run deleted is dead by its ttl, and the next mint of its technical user deletes it.
func TestEphemeralTokenLeftOver(t *testing.T) {
	b := acctest.New(t)
	user := newUser(b)
	c := newEphemeralCaller(b)
	acctest.NoDiagnostics(b, c.open(user.ID, "1h").Diagnostics)
	leftOver := ephemeralTokens(b)[0]
	b.Advance(2 * time.Hour)
	acctest.NoDiagnostics(b, c.open(user.ID, "1h").Diagnostics)
	if left := ephemeralTokens(b); len(left) != 1 || left[0].ID == leftOver.ID {
		t.Errorf("left are %v", left)
	}
}

// Neither an import nor the data source takes one, and the list has them where it is asked to.
func TestEphemeralTokenElsewhere(t *testing.T) {
	b := acctest.New(t)
	user := newUser(b)
	c := newEphemeralCaller(b)
	acctest.NoDiagnostics(b, c.open(user.ID, "1h").Diagnostics)
	id := ephemeralTokens(b)[0].ID
	b.Run(
		resource.TestStep{
			Config:      b.Config(acctest.Data("access_token", "run", fmt.Sprintf("id = %q", id))),
			ExpectError: acctest.Says("is ephemeral, made for one run"),
		},
		resource.TestStep{
			Config: b.Config(fmt.Sprintf("import {\n to = %s\n id = %q\n}\n", acctest.CI, id) +
				acctest.CIToken(fmt.Sprintf("technical_user_id = %q", user.ID))),
			ExpectError: acctest.Says("is ephemeral, made for one run"),
		},
		resource.TestStep{
			Config: b.Config(acctest.Data("access_tokens", "lasting") +
				acctest.Data("access_tokens", "all", `include_ephemeral = true`) +
				acctest.ListOutput("lasting", "access_tokens", "x.id") + acctest.ListOutput("all", "access_tokens", "x.ephemeral")),
			Check: resource.ComposeTestCheckFunc(
				resource.TestCheckOutput("lasting", ""), resource.TestCheckOutput("all", "true")),
		},
	)
}

// What is minted for a technical user that is disabled is refused, and the run hears of it; it may be about to enable that one.
func TestEphemeralTokenOfDisabledUser(t *testing.T) {
	b := acctest.New(t)
	user := newUser(b)
	_, err := b.Outside.UpdateTechnicalUser(context.Background(), user.ID, tokens.TechnicalUserUpdate{Fields: tokens.Fields{"enabled"}})
	b.Must(err)
	c := newEphemeralCaller(b)
	opened := c.open(user.ID, "1h")
	expectSays(t, "the mint", texts(opened.Diagnostics),
		[]string{"Warning: Access token of this run is refused … " + user.ID + " … is disabled … Enable the technical user"})
	c.close(opened.Private)
}
