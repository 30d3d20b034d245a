package fastpath_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// Each method of the framework's server, those of parts of the protocol that the provider makes no use of too, is there
// and answers a request about something unknown as the framework's does.
func TestServerHasTheWholeProtocol(t *testing.T) {
	b := acctest.New(t)
	framework := reflect.ValueOf(providerserver.NewProtocol6(provider.New("test", b.Now))())
	ours := reflect.ValueOf(b.NewServer())
	schemas, err := providerserver.NewProtocol6(provider.New("test", b.Now))().GetProviderSchema(
		context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	b.Must(err)
	configType := schemas.Provider.ValueType()
	config := acctest.Encode(b, configType, tftypes.NewValue(configType, nil))
	options := cmp.Options{
		cmp.Exporter(func(reflect.Type) bool { return true }),
		cmp.FilterPath(func(p cmp.Path) bool { // a stream is a function
			return p.Last().Type() != nil && p.Last().Type().Kind() == reflect.Func
		}, cmp.Ignore()),
		cmpopts.SortSlices(func(a, b tfprotov6.ResourceMetadata) bool { return a.TypeName < b.TypeName }),
		cmpopts.SortSlices(func(a, b tfprotov6.DataSourceMetadata) bool { return a.TypeName < b.TypeName }),
		cmpopts.SortSlices(func(a, b tfprotov6.EphemeralResourceMetadata) bool { return a.TypeName < b.TypeName }),
		cmpopts.SortSlices(func(a, b tfprotov6.ListResourceMetadata) bool { return a.TypeName < b.TypeName }),
		cmpopts.SortSlices(func(a, b tfprotov6.ActionMetadata) bool { return a.TypeName < b.TypeName }),
		cmpopts.SortSlices(func(a, b tfprotov6.FunctionMetadata) bool { return a.Name < b.Name }),
	}
	options = append(options, cmpopts.IgnoreFields(tfprotov6.ServerCapabilities{}, "GenerateResourceConfig"))
	for i := range framework.NumMethod() {
		name := framework.Type().Method(i).Name
		t.Run(name, func(t *testing.T) {
			method := ours.MethodByName(name)
			if !method.IsValid() {
				t.Fatal("the server lacks it")
			}
			if got, want := method.Type(), framework.Method(i).Type(); got != want {
				t.Fatalf("it is %s, not %s", got, want)
			}
			call := func(method reflect.Value) any {
				req := reflect.New(method.Type().In(1).Elem())
				if configure, ok := req.Interface().(*tfprotov6.ConfigureProviderRequest); ok { // which needs one
					configure.Config = config
				}
				answer := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), req})
				if err := answer[1].Interface(); err != nil {
					return err
				}
				return answer[0].Interface()
			}
			if diff := cmp.Diff(call(framework.Method(i)), call(method), options...); diff != "" {
				t.Errorf("the answer is not the framework's (-framework +ours):\n%s", diff)
			}
		})
	}
}

// What a request carries that the short way does not look at comes back with the answer. A field that a later protocol
// adds has to be sorted here first.
func TestShortWayKnowsEachField(t *testing.T) {
	for _, test := range []struct {
		message any
		fields  []string
	}{
		// The version, of which there is one, and the state decide.
		{tfprotov6.UpgradeResourceStateRequest{}, []string{"TypeName", "Version", "RawState"}},
		{tfprotov6.UpgradeResourceStateResponse{}, []string{"UpgradedState", "Diagnostics"}},
		// State and facts decide; the identity comes back. The resource reads no provider_meta and defers nothing.
		{tfprotov6.ReadResourceRequest{}, []string{
			"TypeName", "CurrentState", "Private", "CurrentIdentity", "ProviderMeta", "ClientCapabilities",
		}},
		{tfprotov6.ReadResourceResponse{}, []string{"NewState", "Private", "NewIdentity", "Diagnostics", "Deferred"}},
		// State, proposal and facts decide, for a new token the configuration alone.
		{tfprotov6.PlanResourceChangeRequest{}, []string{
			"TypeName", "PriorState", "ProposedNewState", "PriorPrivate", "PriorIdentity", "Config", "ProviderMeta",
			"ClientCapabilities",
		}},
		// A legacy type system is never asked for, and nothing is replaced where nothing changes.
		{tfprotov6.PlanResourceChangeResponse{}, []string{
			"PlannedState", "PlannedPrivate", "PlannedIdentity", "RequiresReplace", "Diagnostics", "Deferred",
			"UnsafeToUseLegacyTypeSystem",
		}},
	} {
		typ := reflect.TypeOf(test.message)
		for _, field := range reflect.VisibleFields(typ) {
			if !slices.Contains(test.fields, field.Name) {
				t.Errorf("%s has a field %s, which nobody has thought of yet", typ, field.Name)
			}
		}
	}
}

// The short way answers with the identity of the token, whether Terraform sends one or not. What it sends and is not that of
// the state is the framework's to deal with.
func TestShortWayIdentifies(t *testing.T) {
	b := acctest.New(t)
	ours := acctest.NewCaller(b, b.NewServer())
	config := map[string]any{"name": "ci"}
	state, private := ours.Create(config)
	id := acctest.Plain(b, ours.Attributes(state)["id"])
	for _, ours.Identifies = range []bool{true, false} {
		read := ours.Read(state, private)
		if got := ours.Identified(read.NewIdentity); read.NewState != state || got != id {
			t.Errorf("a read with an identity, %t: got %q", ours.Identifies, got)
		}
		plan := ours.Plan(config, state, private, false)
		if got := ours.Identified(plan.PlannedIdentity); plan.PlannedState != state || got != id {
			t.Errorf("a plan with an identity, %t: got %q", ours.Identifies, got)
		}
	}
	another, _ := ours.Create(config)
	ours.IdentifiesBy, ours.Identifies = another, true
	if read := ours.Read(state, private); len(read.Diagnostics) == 0 {
		t.Error("a read with the identity of another token is accepted")
	}
	if plan := ours.Plan(config, state, private, false); len(plan.Diagnostics) == 0 {
		t.Error("a plan with the identity of another token is accepted")
	}
}
