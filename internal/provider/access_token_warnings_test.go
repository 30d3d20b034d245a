package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The warnings of a plan, whether it was preceded by a refresh or not: they come from the recorded facts alone.
func TestPlanWarnings(t *testing.T) {
	made := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	now := made.Add(48 * time.Hour)
	stop := &tokens.Stop{By: "local:anna@elsewhere", At: made, Reason: "seen in a public log"}
	observe := func(change func(*tokens.AccessToken)) accessTokenModel {
		token := tokens.AccessToken{
			ID: "tok_01jd0000000000000000000000", Name: "ci", Enabled: true, CreatedAt: made, UpdatedAt: made,
			User:   tokens.TechnicalUser{ID: "tu_01jd0000000000000000000000", Enabled: true},
			Secret: tokens.SecretState{Version: 1, Preview: "lk_0123456", CreatedAt: made},
		}
		change(&token)
		state := accessTokenModel{Token: types.StringValue("lk_the-value-itself")}
		state.observe(token.Observed(now, tokens.NewRoles(nil)))
		return state
	}
	enabled := observe(func(*tokens.AccessToken) {})
	disabled := observe(func(t *tokens.AccessToken) { t.Enabled, t.Disabled = false, stop })
	held := observe(func(t *tokens.AccessToken) { t.Held = stop })
	expired := observe(func(t *tokens.AccessToken) { t.ExpiresAt = made.Add(time.Hour) })
	revoked := observe(func(t *tokens.AccessToken) { t.Secret.EndedAt = made.Add(time.Hour) })
	outlived := observe(func(t *tokens.AccessToken) { t.TTL = time.Hour })

	for _, test := range []struct {
		name  string
		state accessTokenModel
		facts facts
		plan  func(*accessTokenModel)
		// want holds the summary of each warning; says what its detail holds.
		want []string
		says []string
	}{
		{"nothing to say", enabled, facts{}, func(*accessTokenModel) {}, nil, nil},
		{
			"held", held, facts{Held: stop}, func(*accessTokenModel) {},
			[]string{"Access token is held"},
			[]string{`Access token "ci" (tok_01jd0000000000000000000000)`, "local:anna@elsewhere", "2030-01-01T12:00:00Z", "seen in a public log", "latchkey token release tok_"},
		},
		{
			"held, and other things change", held, facts{Held: stop}, func(m *accessTokenModel) { m.Description = types.StringValue("new") },
			[]string{"Access token is held"}, nil,
		},
		{
			"disabled by another hand", disabled, facts{Disabled: stop}, func(m *accessTokenModel) { m.Enabled = types.BoolValue(true) },
			[]string{"Enabling what was disabled outside Terraform"},
			[]string{`"ci" (tok_`, "local:anna@elsewhere", "2030-01-01T12:00:00Z", "enabled = false", "latchkey token hold tok_"},
		},
		{"disabled by another hand, as the configuration is now", disabled, facts{Disabled: stop}, func(*accessTokenModel) {}, nil, nil},
		{"disabled by Terraform, enabled again", disabled, facts{}, func(m *accessTokenModel) { m.Enabled = types.BoolValue(true) }, nil, nil},
		{
			"expired for good", expired, facts{ObservedAt: now}, func(*accessTokenModel) {},
			[]string{"Access token has expired"},
			[]string{`"ci" (tok_`, "2030-01-01T13:00:00Z", "later expires_at"},
		},
		{"expired, and given a later end", expired, facts{ObservedAt: now}, func(m *accessTokenModel) { m.ExpiresAt = timestampOf(now.Add(time.Hour)) }, nil, nil},
		{"expired by its ttl, and given a longer one", outlived, facts{ObservedAt: now}, func(m *accessTokenModel) { m.TTL = durationOf(90 * 24 * time.Hour) }, nil, nil},
		{"outlived its ttl and is regenerated", outlived, facts{ObservedAt: now}, func(*accessTokenModel) {}, nil, nil},
		{
			"outlived its ttl again", regenerated(outlived, tokens.ReasonExpired), facts{ObservedAt: now}, func(*accessTokenModel) {},
			[]string{"Regenerating access token for the same reason as before"},
			[]string{`"ci" (tok_`, "expired at 2030-01-01T13:00:00Z", "latchkey event list --object tok_"},
		},
		{
			"held once, and the backend knows of neither hold nor release", enabled, facts{Held: stop}, func(*accessTokenModel) {},
			[]string{"Access token " + enabled.ID.ValueString() + " is not held any more"},
			[]string{`"ci" (tok_`, "held by local:anna@elsewhere since 2030-01-01T12:00:00Z: seen in a public log", "restored from an older backup", "status is active", "latchkey token hold tok_"},
		},
		{"revoked, for the first time", revoked, facts{Revoked: true}, func(*accessTokenModel) {}, nil, nil},
		{
			"revoked once, and the backend knows nothing of it", enabled, facts{Revoked: true}, func(*accessTokenModel) {},
			[]string{"Revoked secret works again"},
			[]string{`"ci" (tok_`, "restored from an older backup", "until a regeneration replaces it", "latchkey token hold tok_"},
		},
		{"revoked once, and the backend has another secret of that version", enabled, facts{Revoked: true, HeldMade: made.Add(time.Hour).UnixMicro()}, func(*accessTokenModel) {}, nil, nil},
		{
			"revoked again", regenerated(revoked, tokens.ReasonDrift), facts{Revoked: true}, func(*accessTokenModel) {},
			[]string{"Regenerating access token for the same reason as before"},
			[]string{"regenerated or revoked outside Terraform"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := test.state
			test.plan(&plan)
			test.facts.HeldVersion = 1
			var diags diag.Diagnostics
			r := accessTokenResource{managed{&connection{now: func() time.Time { return now }}}}
			r.planUpdate(&test.state, &plan, test.facts, &diags)
			if diags.HasError() {
				t.Fatal(diags.Errors())
			}
			var got []string
			var details strings.Builder
			for _, w := range diags.Warnings() {
				got = append(got, w.Summary())
				details.WriteString(w.Detail())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			for _, text := range test.says {
				if !strings.Contains(details.String(), text) {
					t.Errorf("the warning does not say %q: %s", text, details.String())
				}
			}
			if strings.Contains(details.String(), "the-value-itself") {
				t.Error("the warning holds the secret")
			}
		})
	}
}

// regenerated returns a state with the reason of its last regeneration.
func regenerated(state accessTokenModel, reason tokens.RegenerationReason) accessTokenModel {
	state.RegenerationReason = types.StringValue(string(reason))
	return state
}

// A warning for each namesake that was never used, with the block that adopts it.
func TestWarnOfNamesakes(t *testing.T) {
	created := tokens.CreatedAccessToken{
		AccessToken: tokens.AccessToken{ID: "tok_new", Name: "ci"},
		Namesakes:   []tokens.AccessToken{{ID: "tok_a", Name: "ci"}, {ID: "tok_b", Name: "ci"}},
	}
	var diags diag.Diagnostics
	warnOfNamesakes(created, &diags)
	if len(diags) != 2 || diags[0].Summary() != diags[1].Summary() {
		t.Fatalf("got %v", diags)
	}
	for i, id := range []string{"tok_a", "tok_b"} {
		for _, text := range []string{`"ci" (tok_new)`, "latchkey token delete " + id, "import {\n  to = latchkey_access_token.NAME\n  id = \"" + id + "\"\n}"} {
			if !strings.Contains(diags[i].Detail(), text) {
				t.Errorf("the warning does not say %q: %s", text, diags[i].Detail())
			}
		}
	}
}
