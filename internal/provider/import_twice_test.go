package provider_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A run that imports an object which another address has as well, whichever it comes to first, warns: Terraform doesn't.
func TestImportToSecondAddress(t *testing.T) {
	b := acctest.New(t)
	token := b.MakeToken("ci")
	group, err := b.Outside.CreateGroup(context.Background(), tokens.NewGroup{
		Request: tokens.NewRequest(b.Now()), GroupSettings: tokens.GroupSettings{Name: "payments"},
	})
	b.Must(err)
	for _, object := range []struct{ typeName, id string }{
		{"latchkey_access_token", token.ID}, {"latchkey_group", group.ID},
	} {
		t.Run(object.typeName, func(t *testing.T) {
			imports := func(server tfprotov6.ProviderServer) (*tfprotov6.ImportedResource, []*tfprotov6.Diagnostic) {
				resp, err := server.ImportResourceState(t.Context(),
					&tfprotov6.ImportResourceStateRequest{TypeName: object.typeName, ID: object.id})
				b.Must(err)
				return resp.ImportedResources[0], resp.Diagnostics
			}
			reads := func(
				server tfprotov6.ProviderServer, state *tfprotov6.DynamicValue, private []byte,
			) (*tfprotov6.ReadResourceResponse, []*tfprotov6.Diagnostic) {
				resp, err := server.ReadResource(t.Context(),
					&tfprotov6.ReadResourceRequest{TypeName: object.typeName, CurrentState: state, Private: private})
				b.Must(err)
				return resp, resp.Diagnostics
			}
			newRun := func() tfprotov6.ProviderServer {
				server := b.NewServer()
				acctest.NewCaller(b, server) // which configures the provider
				return server
			}
			expect := func(when string, diagnostics []*tfprotov6.Diagnostic, warned bool) {
				t.Helper()
				var said strings.Builder
				for _, d := range diagnostics {
					said.WriteString(d.Summary + ": " + d.Detail)
				}
				if got := said.String(); strings.Contains(got, "Imported to a second address") != warned ||
					(got != "") != warned || warned && !strings.Contains(got, object.id) {
					t.Errorf("%s: %q", when, got)
				}
			}

			first := newRun()
			imported, diagnostics := imports(first)
			expect("an import", diagnostics, false)
			read, diagnostics := reads(first, imported.State, imported.Private)
			expect("its read", diagnostics, false)
			_, diagnostics = reads(first, read.NewState, read.Private)
			expect("the read of another address", diagnostics, true)

			second := newRun()
			again, diagnostics := reads(second, read.NewState, read.Private)
			expect("the next run", diagnostics, false)
			_, diagnostics = imports(second)
			expect("an import after the read of another address", diagnostics, true)

			third := newRun()
			imports(third)
			_, diagnostics = imports(third)
			expect("a second import", diagnostics, true)
			_, diagnostics = reads(newRun(), again.NewState, again.Private)
			expect("without an import", diagnostics, false)
		})
	}
}
