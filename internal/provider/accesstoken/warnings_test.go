package accesstoken

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The warnings of a plan, whether it was preceded by a refresh or not: they come from the recorded facts alone.
func TestPlanWarnings(t *testing.T) {
	made := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	now := made.Add(48 * time.Hour)
	stop := &tokens.Stop{By: "local:anna@elsewhere", At: made, Reason: "seen in a public log"}
	observe := func(change func(*tokens.AccessToken)) model {
		token := tokens.AccessToken{
			ID:        "tok_01jd0000000000000000000000",
			CreatedAt: made,
			UpdatedAt: made,
			User: tokens.TechnicalUser{
				ID:                    "tu_01jd0000000000000000000000",
				TechnicalUserSettings: tokens.TechnicalUserSettings{Enabled: true},
			},
			Secret:   tokens.SecretState{Version: 1, Preview: "lk_0123456", CreatedAt: made},
			Settings: tokens.Settings{Name: "ci", Enabled: true},
		}
		change(&token)
		state := model{Token: types.StringValue("lk_the-value-itself")}
		state.observe(token.Observed(now, tokens.NewRoles(nil)))
		return state
	}
	enabled := observe(func(*tokens.AccessToken) {})
	disabled := observe(func(t *tokens.AccessToken) { t.Enabled, t.Disabled = false, stop })
	held := observe(func(t *tokens.AccessToken) { t.Held = stop })
	expired := observe(func(t *tokens.AccessToken) { t.ExpiresAt = made.Add(time.Hour) })
	revoked := observe(func(t *tokens.AccessToken) { t.Secret.EndedAt = made.Add(time.Hour) })
	outlived := observe(func(t *tokens.AccessToken) { t.TTL = time.Hour })
	another := observe(func(t *tokens.AccessToken) { t.Secret.Version, t.OnSecretDrift = 2, tokens.OnSecretDriftAccept })
	another.Token, another.TokenWOVersion = types.StringNull(), customtypes.WholeNumberOf(1)
	encrypted := observe(func(*tokens.AccessToken) {})
	encrypted.Token, encrypted.TokenWOVersion = types.StringNull(), customtypes.WholeNumberOf(1)
	encrypted.EncryptedToken = types.StringValue("-----BEGIN AGE ENCRYPTED FILE-----")
	encrypted.EncryptTo = types.SetValueMust(types.StringType, []attr.Value{types.StringValue("age1a"), types.StringValue("age1b")})

	for _, test := range []struct {
		name  string
		state model
		facts tokenFacts
		plan  func(*model)
		// want holds the summary of each warning; says what its detail holds.
		want []string
		says []string
	}{
		{"nothing to say", enabled, tokenFacts{}, func(*model) {}, nil, nil},
		{
			"held", held, tokenFacts{Held: stop}, func(*model) {},
			[]string{"Access token is held"},
			[]string{`Access token "ci" (tok_01jd0000000000000000000000)`, "local:anna@elsewhere", "2030-01-01T12:00:00Z",
				"seen in a public log", "latchkey token release tok_"},
		},
		{
			"held, and other things change", held, tokenFacts{Held: stop},
			func(m *model) { m.Description = types.StringValue("new") },
			[]string{"Access token is held"}, nil,
		},
		{
			"held, and given its first triggers", held, tokenFacts{Held: stop},
			func(m *model) {
				m.RegenerateTriggers = types.MapValueMust(types.StringType, map[string]attr.Value{"leak": types.StringValue("1")})
			},
			[]string{"Recording triggers of a held access token", "Access token is held"},
			[]string{"keeps its secret", "works again once the token is released"},
		},
		{
			"disabled by another hand", disabled, tokenFacts{Facts: managed.Facts{Disabled: stop}},
			func(m *model) { m.Enabled = types.BoolValue(true) },
			[]string{"Enabling what was disabled outside Terraform"},
			[]string{`"ci" (tok_`, "local:anna@elsewhere", "2030-01-01T12:00:00Z", "enabled = false",
				"latchkey token hold tok_"},
		},
		{"disabled by another hand, as the configuration is now", disabled,
			tokenFacts{Facts: managed.Facts{Disabled: stop}}, func(*model) {}, nil, nil},
		{"disabled by Terraform, enabled again", disabled, tokenFacts{},
			func(m *model) { m.Enabled = types.BoolValue(true) }, nil, nil},
		{
			"outlived since the last refresh", outlived, tokenFacts{ObservedAt: made}, func(*model) {},
			[]string{"Access token has expired", "Access token was due after its last refresh"},
			[]string{"looked at 2030-01-01T12:00:00Z", "ends at 2030-01-01T13:00:00Z", "A plan with a refresh would regenerate"},
		},
		{
			"outlived since the last refresh, an error", outlived, tokenFacts{ObservedAt: made},
			func(m *model) { m.OnExpired = types.StringValue("error") },
			[]string{"Access token has expired", "Access token was due after its last refresh"},
			[]string{"has expired since then", `would fail, since on_expired is "error"`},
		},
		{
			"expired for good", expired, tokenFacts{ObservedAt: now}, func(*model) {},
			[]string{"Access token has expired"},
			[]string{`"ci" (tok_`, "2030-01-01T13:00:00Z", "later expires_at"},
		},
		{"expired, and given a later end", expired, tokenFacts{ObservedAt: now},
			func(m *model) { m.ExpiresAt = customtypes.TimestampOf(now.Add(time.Hour)) }, nil, nil},
		{"expired by its ttl, and given a longer one", outlived, tokenFacts{ObservedAt: now},
			func(m *model) { m.TTL = customtypes.DurationOf(90 * 24 * time.Hour) }, nil, nil},
		{"outlived its ttl and is regenerated", outlived, tokenFacts{ObservedAt: now}, func(*model) {}, nil, nil},
		{
			"outlived its ttl again", regenerated(outlived, tokens.ReasonExpired), tokenFacts{ObservedAt: now},
			func(*model) {},
			[]string{"Regenerating access token for the same reason as before"},
			[]string{`"ci" (tok_`, "expired at 2030-01-01T13:00:00Z", "latchkey event list --object tok_"},
		},
		{
			"held once, and the backend knows of neither hold nor release", enabled, tokenFacts{Held: stop}, func(*model) {},
			[]string{"Access token " + enabled.ID.ValueString() + " is not held any more"},
			[]string{`"ci" (tok_`, "held by local:anna@elsewhere since 2030-01-01T12:00:00Z: seen in a public log",
				"restored from an older backup", "status is active", "latchkey token hold tok_"},
		},
		{"revoked, for the first time", revoked, tokenFacts{Revoked: true}, func(*model) {}, nil, nil},
		{
			"revoked once, and the backend knows nothing of it", enabled, tokenFacts{Revoked: true}, func(*model) {},
			[]string{"Revoked secret works again"},
			[]string{`"ci" (tok_`, "restored from an older backup", "until a regeneration replaces it",
				"latchkey token hold tok_"},
		},
		{"revoked once, and the backend has another secret of that version", enabled,
			tokenFacts{Revoked: true, HeldMade: made.Add(time.Hour).UnixMicro()}, func(*model) {}, nil, nil},
		{
			"revoked again", regenerated(revoked, tokens.ReasonDrift), tokenFacts{Revoked: true}, func(*model) {},
			[]string{"Regenerating access token for the same reason as before"},
			[]string{"regenerated or revoked outside Terraform"},
		},
		{
			"a reader less, and a value that may be the present one", encrypted, tokenFacts{},
			func(m *model) {
				m.EncryptTo, m.TokenWOVersion = types.SetValueMust(types.StringType, []attr.Value{types.StringValue("age1a")}),
					customtypes.WholeNumberOf(2)
				m.TokenWO = types.StringValue("brought")
			},
			[]string{"Removed recipients know the secret"},
			[]string{"loses 1 of its recipients", "if token_wo brings another value than the present one"},
		},
		{
			"secrets come back into the state", func() model {
				state := encrypted
				state.TokenWOVersion = customtypes.WholeNumber{Int64Value: types.Int64Null()}
				state.SecretInState = types.BoolValue(false)
				return state
			}(), tokenFacts{Recipients: digestOf([]string{"age1a", "age1b"})},
			func(m *model) { m.SecretInState = types.BoolNull() },
			[]string{"State gets the next secret"},
			[]string{`"ci" (tok_`, "token stays null", "change a value in regenerate_triggers"},
		},
		{"revoked once, and another secret since, accepted", func() model {
			state := another
			state.TokenWOVersion = customtypes.WholeNumber{Int64Value: types.Int64Null()}
			return state
		}(), tokenFacts{Revoked: true}, func(*model) {}, nil, nil},
		{
			"another secret than people brought, accepted", another, tokenFacts{}, func(*model) {},
			[]string{"Secret is not the one that was brought"},
			[]string{`"ci" (tok_`, "the backend version 2", "raise token_wo_version without token_wo"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := test.state
			test.plan(&plan)
			test.facts.HeldVersion = 1
			var diags diag.Diagnostics
			r := tokenResource{managed.Resource{Connection: &managed.Connection{Now: func() time.Time { return now }}}}
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
func regenerated(state model, reason tokens.RegenerationReason) model {
	state.RegenerationReason = types.StringValue(string(reason))
	return state
}

// A warning for each namesake that was never used and is in no state, with the block that adopts it.
func TestWarnOfNamesakes(t *testing.T) {
	created := tokens.CreatedAccessToken{
		AccessToken: tokens.AccessToken{ID: "tok_new", Settings: tokens.Settings{Name: "ci"}},
		Namesakes: []tokens.AccessToken{{ID: "tok_a", Settings: tokens.Settings{Name: "ci"}},
			{ID: "tok_sibling", Settings: tokens.Settings{Name: "ci"}}, {ID: "tok_b", Settings: tokens.Settings{Name: "ci"}}},
	}
	var diags diag.Diagnostics
	warnOfNamesakes(created, func(id string) bool { return id == "tok_sibling" }, &diags)
	if len(diags) != 2 || diags[0].Summary() != diags[1].Summary() {
		t.Fatalf("got %v", diags)
	}
	for i, id := range []string{"tok_a", "tok_b"} {
		for _, text := range []string{`"ci" (tok_new)`, "latchkey token delete " + id,
			"import {\n  to = latchkey_access_token.NAME\n  id = \"" + id + "\"\n}"} {
			if !strings.Contains(diags[i].Detail(), text) {
				t.Errorf("the warning does not say %q: %s", text, diags[i].Detail())
			}
		}
	}
}
