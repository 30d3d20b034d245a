package fastpath_test

import (
	"context"
	"runtime"
	"testing"
	"weak"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// What a request brings with it is free once it is answered, however long the provider lives.
func TestServerForgetsRequests(t *testing.T) {
	b := acctest.New(t)
	server := b.NewServer()
	c := acctest.NewCaller(b, server)
	state, private := c.Create(map[string]any{"name": "ci"})
	config := c.Config(map[string]any{"name": "other"})

	for name, call := range map[string]func(context.Context) error{
		"ValidateResourceConfig": func(ctx context.Context) error {
			_, err := server.ValidateResourceConfig(ctx,
				&tfprotov6.ValidateResourceConfigRequest{TypeName: acctest.TypeName, Config: config})
			return err
		},
		"UpgradeResourceState": func(ctx context.Context) error {
			_, err := server.UpgradeResourceState(ctx,
				&tfprotov6.UpgradeResourceStateRequest{TypeName: acctest.TypeName, RawState: &tfprotov6.RawState{}})
			return err
		},
		"ReadResource": func(ctx context.Context) error {
			_, err := server.ReadResource(ctx,
				&tfprotov6.ReadResourceRequest{TypeName: acctest.TypeName, CurrentState: state})
			return err
		},
		"PlanResourceChange": func(ctx context.Context) error {
			_, err := server.PlanResourceChange(ctx,
				&tfprotov6.PlanResourceChangeRequest{
					TypeName:         acctest.TypeName,
					Config:           config,
					PriorState:       state,
					ProposedNewState: state,
				})
			return err
		},
		"ApplyResourceChange": func(ctx context.Context) error {
			_, err := server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
				TypeName: acctest.TypeName, Config: config, PriorState: state, PlannedState: state, PlannedPrivate: private,
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			type key struct{}
			carried := new([1 << 10]byte)
			held := weak.Make(carried)
			if err := call(context.WithValue(context.Background(), key{}, carried)); err != nil {
				t.Fatal(err)
			}
			carried = nil //nolint:ineffassign,wastedassign // nothing here refers to it any more
			runtime.GC()
			if held.Value() != nil {
				t.Error("the server still holds the context of the request")
			}
			runtime.KeepAlive(server)
		})
	}
}
