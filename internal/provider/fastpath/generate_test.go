package fastpath_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A generated configuration names a technical user, but not one that the system created.
func TestGeneratedConfigurationLeavesOut(t *testing.T) {
	b := acctest.New(t)
	server := b.NewServer()
	c := acctest.NewCaller(b, server)
	p := b.MakePeople()
	for name, test := range map[string]struct {
		config map[string]any
		names  bool
	}{
		"of a technical user":    {map[string]any{"technical_user_id": p.CI.ID}, true},
		"of the organization":    {map[string]any{}, false},
		"of a group":             {map[string]any{"group_id": p.Group.ID}, false},
		"with the default roles": {map[string]any{"role": tokens.DefaultRole}, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.config["name"] = name
			state, _ := c.Create(test.config)
			resp, err := server.GenerateResourceConfig(context.Background(), &tfprotov6.GenerateResourceConfigRequest{
				TypeName: acctest.TypeName, State: state,
			})
			b.Must(err)
			acctest.NoDiagnostics(b, resp.Diagnostics)
			generated := c.Attributes(resp.Config)
			if got := !generated["technical_user_id"].IsNull(); got != test.names {
				t.Errorf("names a technical user: %t", got)
			}
			for attribute, value := range test.config {
				if got := acctest.Plain(b, generated[attribute]); got != value {
					t.Errorf("%s is %v, not %v", attribute, got, value)
				}
			}
		})
	}
}
