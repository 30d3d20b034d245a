package accesstoken_test

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

// makeTokens makes an access token of each status, and one that is used. It is 10 February 2030 afterwards.
func makeTokens(b *acctest.Bench, p acctest.People) {
	b.T.Helper()
	ctx := context.Background()
	b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{
		Name:        "alpha",
		Description: "Deploys the shop.",
		Enabled:     true,
		ExpiresAt:   b.Now().Add(60 * 24 * time.Hour),
	}})
	_, beta := b.MakeTokenOf(p.CI,
		tokens.NewAccessToken{Settings: tokens.Settings{Name: "Beta", Enabled: true, Own: tokens.Grants{Role: "viewer"}}})
	gamma, _ := b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "gamma", Enabled: true}})
	b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{
		Name:    "delta",
		Enabled: true,
		TTL:     24 * time.Hour,
	}})
	b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{
		Name:        "epsilon",
		Enabled:     true,
		ActivatesAt: b.Now().Add(300 * 24 * time.Hour),
	}})
	_, zeta := b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "zeta", Enabled: true}})
	b.MakeTokenOf(p.Till, tokens.NewAccessToken{Settings: tokens.Settings{Name: "eta", Enabled: true}})
	b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "theta"}})
	b.Advance(35 * 24 * time.Hour)
	b.Use(beta)
	_, err := b.Outside.HoldAccessToken(ctx, gamma.ID, "It leaked.")
	b.Must(err)
	_, err = b.Outside.RevokeSecret(ctx, zeta)
	b.Must(err)
	b.Advance(5 * 24 * time.Hour)
}

// Every filter, alone and with others, the order, and pages.
func TestAccessTokenList(t *testing.T) {
	b := acctest.New(t)
	p := b.MakePeople()
	makeTokens(b, p)
	user, group := fmt.Sprintf("technical_user_id = %q", p.CI.ID), fmt.Sprintf("group_id = %q", p.Group.ID)
	var config strings.Builder
	want := map[string]string{}
	for label, test := range map[string]struct {
		lines []string
		total int
		names string
	}{
		"all":            {nil, 8, "alpha Beta gamma delta epsilon zeta eta theta"},
		"search":         {[]string{`search = "SHOP"`}, 2, "alpha eta"},
		"search_name":    {[]string{`search = "beta"`}, 1, "Beta"},
		"search_address": {[]string{`search = "@payments.default"`}, 1, "eta"},
		"search_nothing": {[]string{`search = "nothing"`}, 0, ""},
		"active":         {[]string{`status = "active"`}, 3, "alpha Beta eta"},
		"held":           {[]string{`status = "held"`}, 1, "gamma"},
		"disabled":       {[]string{`status = "disabled"`}, 1, "theta"},
		"expired":        {[]string{`status = "expired"`}, 1, "delta"},
		"pending":        {[]string{`status = "pending"`}, 1, "epsilon"},
		"revoked":        {[]string{`status = "revoked"`}, 1, "zeta"},
		"user":           {[]string{user}, 7, "alpha Beta gamma delta epsilon zeta theta"},
		"group":          {[]string{group}, 1, "eta"},
		"user_and_group": {[]string{user, group}, 0, ""},
		"expires_soon":   {[]string{`expires_within = "30d"`}, 1, "alpha"},
		"expires_sooner": {[]string{`expires_within = "10d"`}, 0, ""},
		"unused":         {[]string{`unused_for = "30d"`}, 7, "alpha gamma delta epsilon zeta eta theta"},
		"unused_briefly": {[]string{`unused_for = "4d12h"`}, 8, "alpha Beta gamma delta epsilon zeta eta theta"},
		"unused_long":    {[]string{`unused_for = "90d"`}, 0, ""},
		"sorted":         {[]string{`sort = "name"`}, 8, "alpha Beta delta epsilon eta gamma theta zeta"},
		"descending": {[]string{`sort = "name"`, `descending = true`}, 8,
			"zeta theta gamma eta epsilon delta Beta alpha"},
		"only_descending": {[]string{`descending = true`, `limit = 2`}, 8, "theta eta"},
		"last_used":       {[]string{`sort = "last_used_at"`, `descending = true`, `limit = 1`}, 8, "Beta"},
		"page":            {[]string{`sort = "name"`, `limit = 3`}, 8, "alpha Beta delta"},
		"everything":      {[]string{`limit = 0`}, 8, "alpha Beta gamma delta epsilon zeta eta theta"},
		"together": {[]string{user, `status = "active"`, `search = "a"`, `sort = "name"`, `descending = true`,
			`limit = 1`}, 2, "Beta"},
	} {
		config.WriteString(acctest.Data("access_tokens", label, append(test.lines, `count_total = true`)...) +
			acctest.ListOutput(label, "access_tokens", "x.name") +
			acctest.Output(label+"_total", fmt.Sprintf("data.latchkey_access_tokens.%s.total", label)))
		want[label], want[label+"_total"] = test.names, fmt.Sprint(test.total)
	}
	config.WriteString(acctest.Data("access_tokens", "uncounted") +
		acctest.Output("uncounted", "data.latchkey_access_tokens.uncounted.total == null"))
	want["uncounted"] = "true"
	b.Run(resource.TestStep{Config: b.Config(config.String()), Check: acctest.CheckOutputs(want)})
}

// Each column sorts both ways, as the backend does.
func TestAccessTokenListByEachColumn(t *testing.T) {
	b := acctest.New(t)
	makeTokens(b, b.MakePeople())
	var config strings.Builder
	want := map[string]string{}
	for _, column := range tokens.TokenColumns() {
		for _, descending := range []bool{false, true} {
			label := fmt.Sprintf("%s_%t", column, descending)
			config.WriteString(acctest.Data("access_tokens", label, fmt.Sprintf("sort = %q", column),
				fmt.Sprintf("descending = %t", descending)) + acctest.ListOutput(label, "access_tokens", "x.id"))
			page, err := b.Outside.AccessTokens(context.Background(), tokens.TokenQuery{Sort: column, Descending: descending})
			b.Must(err)
			ids := make([]string, len(page.AccessTokens))
			for i, token := range page.AccessTokens {
				ids[i] = token.ID
			}
			want[label] = strings.Join(ids, " ")
		}
	}
	b.Run(resource.TestStep{Config: b.Config(config.String()), Check: acctest.CheckOutputs(want)})
}

// A page of many tokens.
func TestAccessTokenListOfMany(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes 10,000 access tokens")
	}
	b := acctest.New(t)
	p := b.MakePeople()
	const many = 10_000
	for i := range many {
		b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{
			Name:    fmt.Sprintf("token %05d", i*7919%many),
			Enabled: i%100 != 0,
		}})
	}
	b.Run(resource.TestStep{
		Config: b.Config(acctest.Data("access_tokens", "page", `search = "TOKEN"`, `status = "active"`, `sort = "name"`,
			`descending = true`, `limit = 3`, `count_total = true`) +
			acctest.ListOutput("page", "access_tokens", "x.name") +
			acctest.Output("total", "data.latchkey_access_tokens.page.total")),
		Check: acctest.CheckOutputs(map[string]string{"page": "token 09999 token 09998 token 09997", "total": "9900"}),
	})
}
