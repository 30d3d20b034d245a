package provider_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A plan that makes the database says so once, whatever it creates first, and louder in a pipeline. What can't make one
// says nothing.
func TestNewDatabase(t *testing.T) {
	acctest.NotThroughServer(t, "no run makes the database of a server")
	type attributes = map[string]any
	const made, inPipeline = "A new database will be made", "A new database will be made in a pipeline"
	group := attributes{"name": "shop"}
	for _, test := range []struct {
		name        string
		environment string // NAME=value
		settings    attributes
		exists      bool
		kind        tokens.Kind
		config      attributes
		want        string
	}{
		{name: "group", kind: tokens.KindGroup, config: group, want: made},
		{name: "role", kind: tokens.KindRole, config: attributes{"name": "clerk"}, want: made},
		{name: "member", kind: tokens.KindMember, config: attributes{"email": "anna@acme.example"}, want: made},
		{name: "technical user", kind: tokens.KindTechnicalUser, config: attributes{"name": "ci"}, want: made},
		{name: "token", kind: tokens.KindAccessToken, config: attributes{"name": "deploy"}, want: made},
		{name: "token of a user who is yet to be made", kind: tokens.KindAccessToken,
			config: attributes{"name": "deploy", "technical_user_id": tftypes.UnknownValue}, want: made},
		{name: "token of a user who was lost", kind: tokens.KindAccessToken,
			config: attributes{"name": "deploy", "technical_user_id": "tu_06hk3v9m2q7x4t8w5z1y6r0p3m"}},
		{name: "user in a group that was lost", kind: tokens.KindTechnicalUser,
			config: attributes{"name": "ci", "group_id": "grp_06hk3v9m2q7x4t8w5z1y6r0p3m"}},
		{name: "share", kind: tokens.KindTokenShare, config: attributes{"role": "viewer"}},
		{name: "act_as", settings: attributes{"act_as": "anna@acme.example"}, kind: tokens.KindGroup, config: group},
		{name: "unknown database", settings: attributes{"database": tftypes.UnknownValue}, kind: tokens.KindGroup,
			config: group},
		{name: "database is there", exists: true, kind: tokens.KindGroup, config: group},
		{name: "CI", environment: "CI=true", kind: tokens.KindAccessToken, config: attributes{"name": "deploy"},
			want: inPipeline},
		{name: "HCP Terraform", environment: "TFC_RUN_ID=run-1", kind: tokens.KindGroup, config: group, want: inPipeline},
		{name: "Atlantis", environment: "ATLANTIS_TERRAFORM_VERSION=1.11.4", kind: tokens.KindGroup, config: group,
			want: inPipeline},
		{name: "Azure Pipelines", environment: "TF_BUILD=True", kind: tokens.KindGroup, config: group, want: inPipeline},
		{name: "no CI", environment: "CI=false", kind: tokens.KindGroup, config: group, want: made},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, variable := range []string{"CI", "TF_BUILD", "TFC_RUN_ID", "ATLANTIS_TERRAFORM_VERSION"} {
				t.Setenv(variable, "")
			}
			if name, value, ok := strings.Cut(test.environment, "="); ok {
				t.Setenv(name, value)
			}
			b := acctest.NewSerial(t)
			if test.exists {
				b.MakePeople()
			}
			settings := attributes{"database": b.Place.Settings()["database"], "organization": "acme"}
			for name, value := range test.settings {
				settings[name] = value
			}
			server := configured(b, settings)
			var said []*tfprotov6.Diagnostic
			for range 2 { // of one run
				said = append(said, planCreation(b, server, test.kind, test.config)...)
			}
			if acctest.IsInPostgreSQL() && test.want == inPipeline { // no runner takes the database with it
				test.want, test.environment = made, ""
			}
			if test.want == "" {
				acctest.NoDiagnostics(b, said)
			} else if len(said) != 1 || said[0].Summary != test.want {
				t.Fatalf("the plans say %v, want %q once", said, test.want)
			} else {
				where := settings["database"].(string)
				if acctest.IsInPostgreSQL() {
					where = "There is no database of Latchkey's at postgres in schema s_"
				}
				variable, _, _ := strings.Cut(test.environment, "=")
				for _, part := range []string{where, `organization "acme"`, "don't apply", variable} {
					if !strings.Contains(said[0].Detail, part) {
						t.Errorf("the warning lacks %q: %s", part, said[0].Detail)
					}
				}
			}
			if !test.exists && !b.Place.IsEmpty() {
				t.Error("planning made a database")
			}
		})
	}
}

// configured returns a server of the provider with settings.
func configured(b *acctest.Bench, settings map[string]any) tfprotov6.ProviderServer {
	b.T.Helper()
	p := provider.New("test", b.Now)
	b.T.Cleanup(func() { b.Must(p.Close()) })
	server := fastpath.NewServer(p)
	schemas, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	b.Must(err)
	answer, err := server.ConfigureProvider(context.Background(),
		&tfprotov6.ConfigureProviderRequest{Config: object(b, schemas.Provider, settings)})
	b.Must(err)
	acctest.NoDiagnostics(b, answer.Diagnostics)
	return server
}

// planCreation plans an object that does not exist, and returns what the provider says of it.
func planCreation(
	b *acctest.Bench, server tfprotov6.ProviderServer, kind tokens.Kind, config map[string]any,
) []*tfprotov6.Diagnostic {
	b.T.Helper()
	schemas, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	b.Must(err)
	name := "latchkey_" + strings.ReplaceAll(kind.Noun(), " ", "_")
	schema := schemas.ResourceSchemas[name]
	typ := schema.ValueType()
	answer, err := server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: name, PriorState: acctest.Encode(b, typ, tftypes.NewValue(typ, nil)),
		Config: object(b, schema, config), ProposedNewState: object(b, schema, config),
	})
	b.Must(err)
	return answer.Diagnostics
}

// object encodes the attributes of a schema; those that are not given are null.
func object(b *acctest.Bench, schema *tfprotov6.Schema, given map[string]any) *tfprotov6.DynamicValue {
	b.T.Helper()
	values := map[string]tftypes.Value{}
	for _, a := range schema.Block.Attributes {
		values[a.Name] = tftypes.NewValue(a.ValueType(), given[a.Name])
	}
	return acctest.Encode(b, schema.ValueType(), tftypes.NewValue(schema.ValueType(), values))
}
