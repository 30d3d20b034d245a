package provider_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// changes are two values of each attribute that a configuration may set.
var changes = map[string][2]any{
	"access_token_id": {"tok_06hk3v9m2q7x4t8w5z1y6r0p3m", "tok_16hk3v9m2q7x4t8w5z1y6r0p3m"},
	"activates_at":    {"2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"},
	"description":     {"Deploys", "Builds"},
	"email":           {"ada@acme.example", "grace@acme.example"},
	"enabled":         {true, false},
	"encrypt_to": {
		texts("age1k8nz3vjy3p0pasm6yzquknv464qklwahxxhagxgpaqddmt5acylq3qcqls"),
		texts("age1mnfdss3hn5txy7wp20zzvwfjngte5en9j2wv3mwh9e0cyfczzdxsy3myv7"),
	},
	"expires_at":               {"2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"},
	"grace_period":             {"1d", "2d"},
	"group_id":                 {"grp_06hk3v9m2q7x4t8w5z1y6r0p3m", "grp_16hk3v9m2q7x4t8w5z1y6r0p3m"},
	"group_roles":              {oneGroupRole("viewer"), oneGroupRole("member")},
	"member_id":                {"mem_06hk3v9m2q7x4t8w5z1y6r0p3m", "mem_16hk3v9m2q7x4t8w5z1y6r0p3m"},
	"name":                     {"ci", "cd"},
	"on_expired":               {"ignore", "error"},
	"on_secret_drift":          {"accept", "error"},
	"permissions":              {texts("orders:read"), texts("orders:write")},
	"protect_if_used_within":   {"1d", "2d"},
	"regenerate_before_expiry": {"1d", "2d"},
	"regenerate_triggers":      {trigger("1"), trigger("2")},
	"replace_triggers":         {trigger("1"), trigger("2")},
	"role":                     {"viewer", "editor"},
	"secret_in_state":          {false, true},
	"technical_user_id":        {"tu_06hk3v9m2q7x4t8w5z1y6r0p3m", "tu_16hk3v9m2q7x4t8w5z1y6r0p3m"},
	"token_wo_version":         {1, 2},
	"ttl":                      {"90d", "60d"},
	"visibility":               {"organization", "restricted"},
}

func oneGroupRole(role string) []tftypes.Value {
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"group_id": tftypes.String, "role": tftypes.String}}
	return []tftypes.Value{tftypes.NewValue(typ, map[string]tftypes.Value{
		"group_id": tftypes.NewValue(tftypes.String, "grp_06hk3v9m2q7x4t8w5z1y6r0p3m"),
		"role":     tftypes.NewValue(tftypes.String, role),
	})}
}

func texts(text string) []tftypes.Value {
	return []tftypes.Value{tftypes.NewValue(tftypes.String, text)}
}

func trigger(value string) map[string]tftypes.Value {
	return map[string]tftypes.Value{"a": tftypes.NewValue(tftypes.String, value)}
}

// The description of an attribute says that a change forces replacement where it does, and nowhere else.
func TestForcesReplacement(t *testing.T) {
	ctx := context.Background()
	b := acctest.New(t)
	settings := map[string]any{}
	for name, value := range b.Place.Settings() {
		settings[name] = value
	}
	server := configured(b, settings)
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	b.Must(err)
	replaced := 0
	for kind, schema := range schemas.ResourceSchemas {
		// What a configuration has to set, and what the provider has set.
		required, computed := map[string]any{}, map[string]any{}
		for _, a := range schema.Block.Attributes {
			change := changes[a.Name]
			switch {
			case a.Required:
				required[a.Name] = change[0]
			case a.Computed && change[0] != nil:
				computed[a.Name] = change[0]
			case a.Computed && a.Type.Is(tftypes.String):
				computed[a.Name] = "2030-01-01T00:00:00Z"
			}
		}
		for _, a := range schema.Block.Attributes {
			if !a.Required && !a.Optional || a.WriteOnly { // no state has a former value of it
				continue
			}
			change, ok := changes[a.Name]
			if !ok {
				t.Errorf("%s.%s: add two values of it to the table", kind, a.Name)
				continue
			}
			config, state := maps.Clone(required), maps.Clone(computed)
			config[a.Name] = change[1]
			maps.Copy(state, required)
			state[a.Name] = change[0]
			proposed := maps.Clone(computed)
			maps.Copy(proposed, config)
			answer, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
				TypeName: kind, PriorState: object(b, schema, state), Config: object(b, schema, config),
				ProposedNewState: object(b, schema, proposed),
			})
			b.Must(err)
			acctest.NoDiagnostics(b, slices.DeleteFunc(answer.Diagnostics, func(d *tfprotov6.Diagnostic) bool {
				return d.Severity == tfprotov6.DiagnosticSeverityWarning // as of who still knows a secret
			}))
			forces := len(answer.RequiresReplace) > 0
			if forces {
				replaced++
			}
			if says := strings.Contains(a.Description, "forces replacement"); says != forces {
				t.Errorf("%s.%s: a change forces replacement: %t, but the description says so: %t", kind, a.Name, forces, says)
			}
		}
	}
	if replaced < 7 {
		t.Errorf("only %d attributes force replacement: do the plans still change them?", replaced)
	}
}
