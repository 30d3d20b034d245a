package accesstoken_test

import (
	"strings"
	"testing"

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
