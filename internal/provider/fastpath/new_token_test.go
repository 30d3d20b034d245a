package fastpath_test

import (
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// The server plans a new token as the framework's server does, by the short way unless there is something to say. The
// short way shows in how much is allocated.
func TestServerPlansNewTokenAsFramework(t *testing.T) {
	b := acctest.NewSerial(t)
	b.MakePeople() // and so the database, of which the plan would otherwise have something to say
	framework := acctest.NewCaller(b, providerserver.NewProtocol6(provider.New("test", b.Now))())
	ours := acctest.NewCaller(b, b.NewServer())
	type attributes = map[string]any
	unknown := tftypes.UnknownValue
	roleType := tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"group_id": tftypes.String, "role": tftypes.String,
	}}
	groupRole := func(group, role any) tftypes.Value {
		return tftypes.NewValue(roleType, map[string]tftypes.Value{
			"group_id": tftypes.NewValue(tftypes.String, group), "role": tftypes.NewValue(tftypes.String, role),
		})
	}
	for _, test := range []struct {
		name    string
		config  attributes
		private string
		long    bool
	}{
		{name: "a name alone"},
		{name: "every attribute", config: attributes{
			"description": "for the pipeline", "technical_user_id": "tu_1", "role": "viewer",
			"group_roles": []tftypes.Value{groupRole("g_1", "clerk")}, "visibility": "organization", "enabled": true,
			"activates_at": "2031-01-01T00:00:00+01:00", "ttl": "24h", "regenerate_before_expiry": "1h",
			"on_expired": "error", "on_secret_drift": "error", "grace_period": "0s", "protect_if_used_within": "9d",
			"regenerate_triggers": attributes{"a": "1"}, "replace_triggers": attributes{"a": "1"},
		}},
		{name: "other values than the defaults", config: attributes{"enabled": false, "visibility": "restricted"}},
		{name: "an end", config: attributes{"expires_at": "2031-01-01T01:00:00+01:00"}},
		{name: "an end that has passed", config: attributes{"expires_at": "2029-01-01T00:00:00Z"}, long: true},
		{name: "unknown defaults", config: attributes{"enabled": unknown, "visibility": unknown}},
		{name: "unknown ends", config: attributes{"expires_at": unknown, "ttl": unknown}},
		{name: "unknown references", config: attributes{"technical_user_id": unknown, "group_id": unknown}},
		{name: "unknown elements", config: attributes{
			"group_roles":         []tftypes.Value{groupRole(unknown, "clerk")},
			"regenerate_triggers": attributes{"a": unknown}, "replace_triggers": unknown,
		}},
		{name: "in the place of another", private: `{"f":"e30="}`, long: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := attributes{"name": "ci"}
			maps.Copy(config, test.config)
			null := acctest.Encode(b, ours.Type, tftypes.NewValue(ours.Type, nil))
			plan := func(c *acctest.Caller) *tfprotov6.PlanResourceChangeResponse {
				return c.Plan(config, null, []byte(test.private), false)
			}
			ours.ExpectSame(plan(ours), plan(framework))

			long := testing.AllocsPerRun(5, func() { plan(framework) })
			short := testing.AllocsPerRun(5, func() { plan(ours) })
			t.Logf("%.0f allocations, the framework %.0f", short, long)
			if got := short > 0.5*long; got != test.long {
				t.Errorf("the plan took the framework's way: %t, not %t", got, test.long)
			}
		})
	}
}
