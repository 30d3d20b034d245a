package accesstoken_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestHoldActionPlans(t *testing.T) {
	b := acctest.New(t)
	c := acctest.NewCaller(b, b.NewServer())
	token, user := tokens.NewID(tokens.KindAccessToken, b.Now()), tokens.NewID(tokens.KindTechnicalUser, b.Now())
	unknownIDs := tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, tftypes.UnknownValue)
	because := func(config map[string]any) actionConfig {
		config["reason"] = "leaked"
		return of(config)
	}
	alike := func(texts ...string) refusedAtPlan { return refusedAtPlan{validated: texts, planned: texts} }
	const none = "Unable to hold access tokens: Nothing says which ones … access_token_ids"
	for _, test := range []struct {
		name   string
		config actionConfig
		refusedAtPlan
	}{
		{name: "a technical user", config: because(map[string]any{"technical_user_id": user})},
		{name: "identifiers", config: because(map[string]any{"access_token_ids": []string{token}})},
		{name: "not known yet", config: because(map[string]any{"search": tftypes.UnknownValue})},
		{name: "identifiers that are not known yet", config: actionConfig{
			"access_token_ids": unknownIDs, "reason": tftypes.NewValue(tftypes.String, "leaked"),
		}},
		{name: "no selector", config: because(map[string]any{}), refusedAtPlan: alike(none)},
		{name: "no identifiers", config: because(map[string]any{"access_token_ids": []string{}}), refusedAtPlan: alike(none)},
		{name: "an empty search", config: because(map[string]any{"search": " "}), refusedAtPlan: alike("search: it is empty")},
		{name: "both ways", config: because(map[string]any{"search": "ci", "access_token_ids": []string{token}}),
			refusedAtPlan: alike("access_token_ids … set either this or those")},
		{name: "another kind", config: because(map[string]any{"technical_user_id": token}),
			refusedAtPlan: alike(`technical_user_id … would start with "tu_"`)},
		{name: "another kind among the identifiers", config: because(map[string]any{"access_token_ids": []string{token, user}}),
			refusedAtPlan: alike(`access_token_ids … would start with "tok_"`)},
		{name: "made up by a mock", config: because(map[string]any{"access_token_ids": []string{"a1b2c3d4"}, "group_id": nil}),
			refusedAtPlan: refusedAtPlan{planned: []string{"access_token_ids"}}},
		{name: "an empty reason", config: of(map[string]any{"search": "ci", "reason": " "}),
			refusedAtPlan: alike("reason … the reason is empty")},
		{name: "a secret as the reason", config: of(map[string]any{"search": "ci", "reason": b.NewSecret().Secret.Reveal()}),
			refusedAtPlan: alike("reason … ")},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.refusedAtPlan.config = test.config
			test.check(t, c, hold)
		})
	}
	if !b.Place.IsEmpty() {
		t.Error("a plan or a refused action changed something")
	}
}

// holdWorld is what hold actions are tried on.
type holdWorld struct {
	*acctest.Bench
	acctest.People
	deploy, scan, restricted, till, laptop tokens.AccessToken
}

func newHoldWorld(b *acctest.Bench) *holdWorld {
	w := &holdWorld{Bench: b, People: b.MakePeople()}
	token := func(user tokens.TechnicalUser, name string, visibility tokens.Visibility) tokens.AccessToken {
		made, _ := b.MakeTokenOf(user, tokens.NewAccessToken{
			Settings: tokens.Settings{Name: name, Enabled: true, Visibility: visibility},
		})
		return made
	}
	w.deploy = token(w.CI, "deploy", tokens.VisibilityOrganization)
	w.scan = token(w.CI, "scan", tokens.VisibilityOrganization)
	w.restricted = token(w.CI, "restricted", tokens.VisibilityRestricted)
	w.till = token(w.Till, "till", tokens.VisibilityOrganization)
	laptop, err := b.Outside.CreateAccessToken(context.Background(), tokens.NewAccessToken{
		NewSecretFor: b.NewSecret(), MemberID: w.Bea.ID, Settings: tokens.Settings{Name: "deploy", Enabled: true},
	})
	b.Must(err)
	w.laptop = laptop.AccessToken
	return w
}

// held returns the names of the tokens that are held, sorted; a personal one has its owner's.
func (w *holdWorld) held() []string {
	w.T.Helper()
	var names []string
	page, err := w.Outside.AccessTokens(context.Background(), tokens.TokenQuery{Ephemeral: true})
	w.Must(err)
	for _, t := range append(page.AccessTokens, w.laptop) {
		now, err := w.Outside.AccessToken(context.Background(), t.ID)
		w.Must(err)
		if now.Held != nil {
			names = append(names, map[bool]string{true: "bea's ", false: ""}[t.IsPersonal()]+t.Name)
		}
	}
	slices.Sort(names)
	return names
}

// All that is selected is held, whatever becomes of one of them; nothing else is.
func TestHoldAction(t *testing.T) {
	missing := "tok_01jz0000000000000000000000"
	const summary = "Unable to hold access tokens: "
	for _, test := range []struct {
		name     string
		as       string // a member's address
		before   func(*holdWorld) error
		config   func(*holdWorld) map[string]any
		held     string
		progress []string
		errors   []string
	}{
		{
			name:     "of a technical user",
			config:   func(w *holdWorld) map[string]any { return map[string]any{"technical_user_id": w.CI.ID} },
			held:     "deploy, restricted, scan",
			progress: []string{`"deploy" (tok_ … : held`, `"scan"`, `"restricted"`, "3 of 3 access tokens are held"},
		},
		{
			name:     "of a group",
			config:   func(w *holdWorld) map[string]any { return map[string]any{"group_id": w.Group.ID} },
			held:     "till",
			progress: []string{`"till"`, "1 of 1 access tokens"},
		},
		{
			name:     "no personal one",
			config:   func(*holdWorld) map[string]any { return map[string]any{"search": "DEPLOY"} },
			held:     "deploy",
			progress: []string{`"deploy"`, "1 of 1 access tokens"},
		},
		{
			name: "what all filters select",
			config: func(w *holdWorld) map[string]any {
				return map[string]any{"technical_user_id": w.CI.ID, "search": "s"}
			},
			held:     "restricted, scan",
			progress: []string{`"scan"`, `"restricted"`, "2 of 2"},
		},
		{
			name: "a token for one run, too",
			before: func(w *holdWorld) error {
				request := tokens.NewAccessToken{
					NewSecretFor: w.NewSecret(), TechnicalUserID: w.CI.ID, Ephemeral: true,
					Settings: tokens.Settings{Name: "a run", Enabled: true, ExpiresAt: w.Now().Add(time.Hour)},
				}
				_, err := w.Outside.CreateAccessToken(context.Background(), request)
				return err
			},
			config: func(w *holdWorld) map[string]any {
				return map[string]any{"technical_user_id": w.CI.ID, "search": "a run"}
			},
			held:     "a run",
			progress: []string{`"a run"`, "1 of 1 access tokens"},
		},
		{
			name: "held before",
			before: func(w *holdWorld) error {
				_, err := w.Outside.HoldAccessToken(context.Background(), w.scan.ID, "lost")
				return err
			},
			config: func(w *holdWorld) map[string]any { return map[string]any{"technical_user_id": w.CI.ID} },
			held:   "deploy, restricted, scan",
			progress: []string{`"deploy"`, `"scan" … is already held … lost`, `"restricted"`,
				"3 of 3 access tokens are held, 1 of them since before"},
		},
		{
			name: "disabled",
			before: func(w *holdWorld) error {
				_, err := w.Outside.UpdateAccessToken(context.Background(), w.scan.ID,
					tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}})
				return err
			},
			config:   func(*holdWorld) map[string]any { return map[string]any{"search": "scan"} },
			held:     "scan",
			progress: []string{`"scan" … : held`, "1 of 1"},
		},
		{
			name: "by identifier, a personal one and one that is gone too",
			config: func(w *holdWorld) map[string]any {
				return map[string]any{"access_token_ids": []string{w.laptop.ID, w.till.ID, missing}}
			},
			held: "bea's deploy, till",
			progress: []string{`"deploy" … : held`, `"till" … : held`, "could not be held … there is no access token " + missing,
				"2 of 3"},
			errors: []string{summary + "2 of 3 access tokens are held … there is no access token " + missing},
		},
		{
			name: "where one can't be held", as: "anna@example.com",
			config: func(w *holdWorld) map[string]any {
				return map[string]any{"access_token_ids": []string{w.till.ID, w.deploy.ID}}
			},
			held:     "till",
			progress: []string{`"till" … : held`, "could not be held … tokens:manage", "1 of 2"},
			errors:   []string{summary + "1 of 2 access tokens are held … tok_ … tokens:manage"},
		},
		{
			name: "what a member sees", as: "anna@example.com",
			config:   func(*holdWorld) map[string]any { return map[string]any{"search": "l"} },
			held:     "till",
			progress: []string{`"till"`, "1 of 1"},
		},
		{
			name: "without permission", as: "bea@example.com",
			config:   func(w *holdWorld) map[string]any { return map[string]any{"technical_user_id": w.CI.ID} },
			progress: []string{`"deploy" … could not be held`, `"scan"`, "0 of 2"},
			errors:   []string{summary + `0 of 2 … Access token "deploy" … tokens:manage … Access token "scan" … tokens:manage`},
		},
		{
			name:     "none that matches",
			config:   func(*holdWorld) map[string]any { return map[string]any{"search": "nothing"} },
			progress: []string{"0 of 0"}, errors: []string{summary + "None was held … filters … this run may see"},
		},
		{
			name:     "none that exists",
			config:   func(*holdWorld) map[string]any { return map[string]any{"access_token_ids": []string{missing}} },
			progress: []string{"could not be held", "0 of 1"},
			errors:   []string{summary + "0 of 1 … there is no access token " + missing},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			w := newHoldWorld(b)
			if test.before != nil {
				b.Must(test.before(w))
			}
			c := acctest.NewCaller(b, b.NewServer())
			if test.as != "" {
				c = acctest.NewCallerAs(b, b.NewServer(), test.as)
			}
			config := test.config(w)
			config["reason"] = "the laptop was stolen"
			progress, diagnostics := c.InvokeAction(t.Context(), hold, of(config))
			expectSays(t, "progress", progress, test.progress)
			expectSays(t, "diagnostics", texts(diagnostics), test.errors)
			if got := strings.Join(w.held(), ", "); got != test.held {
				t.Errorf("held: got %q, want %q", got, test.held)
			}
			if test.errors != nil {
				return
			}
			if again, diagnostics := c.InvokeAction(t.Context(), hold, of(config)); len(diagnostics) > 0 || len(again) != len(progress) {
				t.Errorf("again: got %q, %q", again, texts(diagnostics))
			}
			events, err := b.Outside.Events(t.Context(), tokens.EventQuery{
				Action: string(tokens.ActionAccessTokenHold), Outcome: tokens.OutcomeDone,
			})
			b.Must(err)
			for _, e := range events {
				if e.Detail != "the laptop was stolen" && e.Detail != "lost" {
					t.Errorf("the event says %q", e.Detail)
				}
			}
			if len(events) != len(w.held()) {
				t.Errorf("%d events of %d holds", len(events), len(w.held()))
			}
		})
	}
}

// A list at a server has pages; all of them are held.
func TestHoldActionFollowsPages(t *testing.T) {
	if testing.Short() {
		t.Skip("makes more than a thousand access tokens")
	}
	b := acctest.NewAtServer(t)
	p := b.MakePeople()
	const number = 1010 // a page has at most 1,000
	for i := range number {
		b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: fmt.Sprintf("t%d", i), Enabled: true}})
	}
	progress, diagnostics := acctest.NewCaller(b, b.NewServer()).InvokeAction(t.Context(), hold,
		of(map[string]any{"technical_user_id": p.CI.ID, "reason": "leaked"}))
	acctest.NoDiagnostics(b, diagnostics)
	if len(progress) != number+1 {
		t.Errorf("%d lines of progress", len(progress))
	}
	held, err := b.Outside.AccessTokens(t.Context(), tokens.TokenQuery{Status: tokens.StatusHeld})
	b.Must(err)
	if len(held.AccessTokens) != number {
		t.Errorf("%d of %d are held", len(held.AccessTokens), number)
	}
	if requests := b.Place.Requests()["GET /v1/access-tokens"]; requests < 2 {
		t.Errorf("the list was asked for %d times: %v", requests, b.Place.Requests())
	}
}
