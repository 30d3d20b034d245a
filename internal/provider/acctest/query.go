package acctest

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Query calls the provider as `terraform query -generate-config-out` does, and as the plan that imports what was found.
type Query struct {
	b      *Bench
	server queryServer
	// resources, lists and identities are the types of objects, of the configurations of lists, and of identities.
	resources, lists, identities map[string]tftypes.Type
	decidable                    map[string]map[string]bool // computed attributes
}

// queryServer is what of the protocol a query needs.
type queryServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

// Found is an object that a list resource found.
type Found struct {
	TypeName, Name  string
	State, identity *tfprotov6.DynamicValue
}

// NewQuery returns a query in the bench's place, with a provider of its own.
func (b *Bench) NewQuery() *Query {
	b.T.Helper()
	ctx := context.Background()
	server := newRun(b)
	q := &Query{b: b, server: server, decidable: map[string]map[string]bool{}}
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	b.Must(err)
	NoDiagnostics(b, schemas.Diagnostics)
	q.resources, q.lists = typesOf(schemas.ResourceSchemas), typesOf(schemas.ListResourceSchemas)
	for name, schema := range schemas.ResourceSchemas {
		q.decidable[name] = map[string]bool{}
		for _, a := range schema.Block.Attributes {
			q.decidable[name][a.Name] = a.Computed
		}
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	b.Must(err)
	q.identities = map[string]tftypes.Type{}
	for name, schema := range identities.IdentitySchemas {
		q.identities[name] = schema.ValueType()
	}
	return q
}

// newRun returns the server of a provider that is configured, as each run has one.
func newRun(b *Bench) queryServer {
	b.T.Helper()
	server := b.NewServer()
	NewCaller(b, server)        // which configures the provider
	return server.(queryServer) //nolint:forcetypeassert // it has that part of the protocol
}

// typesOf returns the types of what schemas describe.
func typesOf(schemas map[string]*tfprotov6.Schema) map[string]tftypes.Type {
	all := map[string]tftypes.Type{}
	for name, schema := range schemas {
		all[name] = schema.ValueType()
	}
	return all
}

// Types returns the types that can be listed.
func (q *Query) Types() (names []string) {
	for name := range q.lists {
		names = append(names, name)
	}
	return names
}

// List validates a configuration and lists what it selects, up to a limit; zero for all. It returns the diagnostics of either.
func (q *Query) List(
	typeName string, config map[string]any, limit int64,
) (found []Found, diagnostics []*tfprotov6.Diagnostic) {
	q.b.T.Helper()
	ctx := context.Background()
	encoded := q.encode(q.lists[typeName], config)
	valid, err := q.server.ValidateListResourceConfig(ctx,
		&tfprotov6.ValidateListResourceConfigRequest{TypeName: typeName, Config: encoded})
	q.b.Must(err)
	if len(valid.Diagnostics) > 0 {
		return nil, valid.Diagnostics
	}
	stream, err := q.server.ListResource(ctx,
		&tfprotov6.ListResourceRequest{TypeName: typeName, Config: encoded, IncludeResource: true, Limit: limit})
	q.b.Must(err)
	for result := range stream.Results {
		diagnostics = append(diagnostics, result.Diagnostics...)
		if result.Identity != nil {
			found = append(found, Found{typeName, result.DisplayName, result.Resource, result.Identity.IdentityData})
		}
	}
	return found, diagnostics
}

// Import lets the provider generate the configuration of what was found, validates it, imports the object by its identity,
// reads it and plans it, in a run of its own. It returns the state that was read and the plan.
func (q *Query) Import(f Found) (read *tfprotov6.DynamicValue, plan *tfprotov6.PlanResourceChangeResponse) {
	q.b.T.Helper()
	ctx, run := context.Background(), newRun(q.b)
	generated, err := run.GenerateResourceConfig(ctx,
		&tfprotov6.GenerateResourceConfigRequest{TypeName: f.TypeName, State: f.State})
	q.b.Must(err)
	NoDiagnostics(q.b, generated.Diagnostics)
	valid, err := run.ValidateResourceConfig(ctx,
		&tfprotov6.ValidateResourceConfigRequest{TypeName: f.TypeName, Config: generated.Config})
	q.b.Must(err)
	NoDiagnostics(q.b, valid.Diagnostics)
	imported, err := run.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{
		TypeName: f.TypeName, Identity: &tfprotov6.ResourceIdentityData{IdentityData: f.identity},
	})
	q.b.Must(err)
	NoDiagnostics(q.b, imported.Diagnostics)
	object := imported.ImportedResources[0]
	refreshed, err := run.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName: f.TypeName, CurrentState: object.State, Private: object.Private, CurrentIdentity: object.Identity,
	})
	q.b.Must(err)
	NoDiagnostics(q.b, refreshed.Diagnostics)
	proposed := map[string]tftypes.Value{}
	prior := q.Attributes(f.TypeName, refreshed.NewState)
	for name, value := range q.Attributes(f.TypeName, generated.Config) {
		if value.IsNull() && q.decidable[f.TypeName][name] {
			value = prior[name]
		}
		proposed[name] = value
	}
	typ := q.resources[f.TypeName]
	plan, err = run.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: f.TypeName, Config: generated.Config, PriorState: refreshed.NewState, PriorPrivate: refreshed.Private,
		PriorIdentity: refreshed.NewIdentity, ProposedNewState: Encode(q.b, typ, tftypes.NewValue(typ, proposed)),
	})
	q.b.Must(err)
	return refreshed.NewState, plan
}

// Attributes returns the attributes of an object of a type.
func (q *Query) Attributes(typeName string, value *tfprotov6.DynamicValue) (attributes map[string]tftypes.Value) {
	q.b.T.Helper()
	raw, err := value.Unmarshal(q.resources[typeName])
	q.b.Must(err)
	q.b.Must(raw.As(&attributes))
	return attributes
}

// encode encodes configured attributes; the others are null.
func (q *Query) encode(typ tftypes.Type, config map[string]any) *tfprotov6.DynamicValue {
	q.b.T.Helper()
	values := map[string]tftypes.Value{}
	for name, of := range typ.(tftypes.Object).AttributeTypes {
		values[name] = tftypes.NewValue(of, config[name])
	}
	return Encode(q.b, typ, tftypes.NewValue(typ, values))
}
