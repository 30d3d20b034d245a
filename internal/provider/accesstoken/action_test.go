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

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	retire = "latchkey_retire_previous_secret"
	hold   = "latchkey_hold_tokens"
)

// actionConfig are the attributes of an action.
type actionConfig = map[string]tftypes.Value

// of returns attributes of texts and lists of texts.
func of(texts map[string]any) actionConfig {
	set := actionConfig{}
	for name, value := range texts {
		switch value := value.(type) {
		case []string:
			elements := []tftypes.Value{}
			for _, text := range value {
				elements = append(elements, tftypes.NewValue(tftypes.String, text))
			}
			set[name] = tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, elements)
		default:
			set[name] = tftypes.NewValue(tftypes.String, value)
		}
	}
	return set
}

// expectSays checks texts of diagnostics or progress: each holds what is expected, and there are no others.
func expectSays(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
		return
	}
	for i, text := range want {
		for part := range strings.SplitSeq(text, " … ") {
			if !strings.Contains(got[i], part) {
				t.Errorf("%s %d: got %q, want %q in it", what, i, got[i], part)
			}
		}
	}
}

// texts returns what diagnostics say, the severity of a warning first.
func texts(diagnostics []*tfprotov6.Diagnostic) []string {
	var texts []string
	for _, d := range diagnostics {
		text := d.Summary + ": " + d.Detail
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			text = "Warning: " + text
		}
		texts = append(texts, text)
	}
	return texts
}

// refusedAtPlan is a configuration of an action that is refused before anything is done, and what is said.
type refusedAtPlan struct {
	name      string
	config    actionConfig
	validated []string // by validation; nil for what passes there
	planned   []string
}

func (r refusedAtPlan) check(t *testing.T, c *acctest.Caller, action string) {
	t.Helper()
	expectSays(t, "validation", texts(c.ValidateAction(action, r.config)), r.validated)
	expectSays(t, "plan", texts(c.PlanAction(action, r.config)), r.planned)
	for _, value := range r.config {
		if !value.IsFullyKnown() {
			return
		}
	}
	if len(r.planned) > 0 {
		progress, diagnostics := c.InvokeAction(t.Context(), action, r.config)
		expectSays(t, "progress", progress, nil)
		expectSays(t, "invocation", texts(diagnostics), r.planned)
	}
}

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
			errors: []string{summary + " … " + id + " … tokens:manage"}},
		{name: "another secret than the one rolled out", caller: owner, config: version(1), works: true,
			errors: []string{summary + ` … "ci" (` + id + ") … is not version 1 … nothing was changed"}},
		{name: "after a regeneration", caller: owner, config: version(2), progress: `Access token "ci" (` + id + `) … has ended … version 2`},
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
			config:   func(w *holdWorld) map[string]any { return map[string]any{"technical_user_id": w.CI.ID} },
			held:     "deploy, restricted, scan",
			progress: []string{`"deploy"`, `"scan" … is already held … lost`, `"restricted"`, "3 of 3 access tokens are held, 1 of them since before"},
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
			held:     "bea's deploy, till",
			progress: []string{`"deploy" … : held`, `"till" … : held`, "could not be held … there is no access token " + missing, "2 of 3"},
			errors:   []string{summary + "2 of 3 access tokens are held … there is no access token " + missing},
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
			progress: []string{"could not be held", "0 of 1"}, errors: []string{summary + "0 of 1 … there is no access token " + missing},
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

// A run at a server holds everything but what it asks by, and ends no value by which it asks.
func TestActionsSpareOwnCredential(t *testing.T) {
	b := acctest.NewAtServer(t)
	w := newHoldWorld(b)
	_, err := b.Outside.UpdateTechnicalUser(t.Context(), w.CI.ID, tokens.TechnicalUserUpdate{
		Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: tokens.RoleOwner}},
		Fields:   tokens.Fields{"role"},
	})
	b.Must(err)
	own, old := b.MakeTokenOf(w.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "run", Enabled: true,
		Policies: tokens.Policies{Grace: tokens.Grace{Duration: acctest.Day}}}})
	current := b.Regenerate("run")
	byOld, byCurrent := acctest.NewCallerBy(b, b.NewServer(), old), acctest.NewCallerBy(b, b.NewServer(), current)
	retiring := of(map[string]any{"access_token_id": own.ID})
	const summary = "Unable to change what the run works with: "

	progress, diagnostics := byOld.InvokeAction(t.Context(), retire, retiring)
	expectSays(t, "progress by the old value", progress, nil)
	expectSays(t, "diagnostics by the old value", texts(diagnostics),
		[]string{summary + " … by the previous secret … LATCHKEY_TOKEN … retire-previous " + own.ID})
	if !b.IsActive(old.Reveal()) {
		t.Fatal("the run ended the value by which it asks")
	}
	progress, diagnostics = byCurrent.InvokeAction(t.Context(), retire, retiring)
	expectSays(t, "progress by the current value", progress, []string{"has ended"})
	expectSays(t, "diagnostics by the current value", texts(diagnostics), nil)
	if b.IsActive(old.Reveal()) || !b.IsActive(current.Reveal()) {
		t.Error("not the previous value ended")
	}

	progress, diagnostics = byCurrent.InvokeAction(t.Context(), hold,
		of(map[string]any{"technical_user_id": w.CI.ID, "reason": "leaked"}))
	expectSays(t, "progress", progress, []string{`"deploy"`, `"scan"`, `"restricted"`, "3 of 4"})
	expectSays(t, "diagnostics", texts(diagnostics),
		[]string{`Unable to hold what the run works with: Access token "run" (` + own.ID + ` … left out … latchkey token hold ` + own.ID})
	if got := w.held(); len(got) != 3 || !b.IsActive(current.Reveal()) {
		t.Errorf("held: %q", got)
	}
}

// Where there is no database yet, there is nothing to stop, and no action makes one.
func TestActionsWithoutDatabase(t *testing.T) {
	b := acctest.New(t)
	c := acctest.NewCaller(b, b.NewServer())
	id := tokens.NewID(tokens.KindAccessToken, b.Now())
	for _, test := range []struct {
		action, summary string
		config          map[string]any
	}{
		{retire, "Unable to retire the previous secret of access token", map[string]any{"access_token_id": id}},
		{hold, "Unable to hold access tokens", map[string]any{"search": "ci", "reason": "leaked"}},
		{hold, "Unable to hold access tokens", map[string]any{"access_token_ids": []string{id}, "reason": "leaked"}},
	} {
		_, diagnostics := c.InvokeAction(t.Context(), test.action, of(test.config))
		expectSays(t, test.action, texts(diagnostics), []string{test.summary + " … " + b.Place.SaysEmpty()})
	}
	if !b.Place.IsEmpty() {
		t.Error("an action made a database")
	}
}
