package accesstoken_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestRetireActionPlans(t *testing.T) {
	b := acctest.New(t)
	c := acctest.NewCaller(b, b.NewServer())
	id := func(value any) actionConfig { return of(map[string]any{"access_token_id": value}) }
	version := func(number float64) actionConfig {
		config := id(tokens.NewID(tokens.KindAccessToken, b.Now()))
		config["secret_version"] = tftypes.NewValue(tftypes.Number, number)
		return config
	}
	for _, test := range []refusedAtPlan{
		{name: "an identifier", config: id(tokens.NewID(tokens.KindAccessToken, b.Now()))},
		{name: "not known yet", config: id(tftypes.UnknownValue)},
		{name: "another kind", config: id(tokens.NewID(tokens.KindTechnicalUser, b.Now())),
			validated: []string{`access_token_id … would start with "tok_" … id attribute of a latchkey_access_token`},
			planned:   []string{`access_token_id … would start with "tok_"`}},
		{name: "made up by a mock", config: id("a1b2c3d4"), planned: []string{`access_token_id … would start with "tok_"`}},
		{name: "empty", config: id(""), validated: []string{"access_token_id"}, planned: []string{"access_token_id"}},
		{name: "a version that no secret has", config: version(0), planned: []string{"secret_version … versions begin at 1"}},
		{name: "half a version", config: version(1.5), validated: []string{"secret_version … 1.5 is no whole number"},
			planned: []string{"secret_version … 1.5 is no whole number"}},
	} {
		t.Run(test.name, func(t *testing.T) { test.check(t, c, retire) })
	}
	if !b.Place.IsEmpty() {
		t.Error("a plan or a refused action changed something")
	}
}

// The previous secret ends at once. Whatever is invoked again, or for a token without one, is done.
func TestRetireAction(t *testing.T) {
	b := acctest.New(t)
	p := b.MakePeople()
	made, old := b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "ci", Enabled: true,
		Policies: tokens.Policies{Grace: tokens.Grace{Duration: acctest.Day}}}})
	id := made.ID
	config := of(map[string]any{"access_token_id": id})
	version := func(number int64) actionConfig {
		return actionConfig{"access_token_id": tftypes.NewValue(tftypes.String, id),
			"secret_version": tftypes.NewValue(tftypes.Number, number)}
	}
	owner, bea := acctest.NewCaller(b, b.NewServer()), acctest.NewCallerAs(b, b.NewServer(), p.Bea.Email)
	missing := tokens.NewID(tokens.KindAccessToken, b.Now())
	const summary, nothing = "Unable to retire the previous secret of access token: ", "there is nothing to retire"
	for _, test := range []struct {
		name     string
		before   func()
		caller   *acctest.Caller
		config   actionConfig
		progress string
		errors   []string
		works    bool // the old value afterwards
	}{
		{name: "a new token", caller: owner, progress: `"ci" (` + id + ") … " + nothing, works: true},
		{name: "without permission", before: func() { b.Regenerate("ci") }, caller: bea, works: true,
			errors: []string{summary + " … " + id + " … tokens:manage … The next apply does not repeat this … " +
				"terraform apply -invoke=action." + retire + ".NAME … latchkey token retire-previous " + id}},
		{name: "another secret than the one rolled out", caller: owner, config: version(1), works: true,
			errors: []string{summary + ` … "ci" (` + id + ") … is not version 1 … nothing was changed"}},
		{name: "after a regeneration", caller: owner, config: version(2),
			progress: `Access token "ci" (` + id + `) … has ended … version 2`},
		{name: "again", caller: owner, progress: `"ci" (` + id + ") … " + nothing},
		{name: "an unknown token", caller: owner, config: of(map[string]any{"access_token_id": missing}),
			errors: []string{summary + " … there is no access token " + missing}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.before != nil {
				test.before()
			}
			if test.config == nil {
				test.config = config
			}
			progress, diagnostics := test.caller.InvokeAction(t.Context(), retire, test.config)
			var want []string
			if test.progress != "" {
				want = []string{test.progress}
			}
			expectSays(t, "progress", progress, want)
			expectSays(t, "diagnostics", texts(diagnostics), test.errors)
			if v := b.IsActive(old.Reveal()); v != test.works {
				t.Errorf("the previous value works: %t", v)
			}
		})
	}
	events, err := b.Outside.Events(t.Context(), tokens.EventQuery{ObjectID: id})
	b.Must(err)
	var did []string
	for _, e := range events {
		if e.Action == tokens.ActionAccessTokenRetirePrevious && e.Outcome == tokens.OutcomeDone {
			did = append(did, string(e.Actor))
		}
	}
	if len(did) != 1 || !strings.HasPrefix(did[0], b.Place.Actor()) {
		t.Errorf("the previous secret was retired by %q", did)
	}
}
