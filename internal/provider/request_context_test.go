package provider_test

import (
	"context"
	"runtime"
	"testing"
	"weak"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
)

// What a request brings with it is free once it is answered, however long the provider lives.
func TestServerForgetsRequests(t *testing.T) {
	b := newBench(t)
	server := fastpath.NewServer(provider.New("test", b.Now))
	c := newCaller(b, server)
	state, private := c.create(map[string]any{"name": "ci"})
	config := c.config(map[string]any{"name": "other"})

	for name, call := range map[string]func(context.Context) error{
		"ValidateResourceConfig": func(ctx context.Context) error {
			_, err := server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: accessToken, Config: config})
			return err
		},
		"UpgradeResourceState": func(ctx context.Context) error {
			_, err := server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{TypeName: accessToken, RawState: &tfprotov6.RawState{}})
			return err
		},
		"ReadResource": func(ctx context.Context) error {
			_, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: accessToken, CurrentState: state})
			return err
		},
		"PlanResourceChange": func(ctx context.Context) error {
			_, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: accessToken, Config: config, PriorState: state, ProposedNewState: state})
			return err
		},
		"ApplyResourceChange": func(ctx context.Context) error {
			_, err := server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
				TypeName: accessToken, Config: config, PriorState: state, PlannedState: state, PlannedPrivate: private,
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
