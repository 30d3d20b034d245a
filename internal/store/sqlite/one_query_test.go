package sqlite_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/cli"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The search of the command line and that of the data source take one statement each, beside those that open the
// database.
func TestSearchIsOneQuery(t *testing.T) {
	count := sqlite.CountStatements(t)
	path := filepath.Join(t.TempDir(), "latchkey.db")
	fillOrganization(t, path)
	now := func() time.Time { return time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC) }
	statements := func(do func()) int {
		before := count()
		do()
		return count() - before
	}
	opening := statements(func() {
		backend := service.Open(service.Options{Database: path, Now: now}).As(tokens.AsDatabaseOwner("local:anna@host"))
		if _, err := backend.Database(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := backend.Close(); err != nil {
			t.Fatal(err)
		}
	})
	for name, search := range map[string]func() (found int){
		"latchkey token list --search": func() int {
			var stdout, stderr bytes.Buffer
			code := cli.Run(t.Context(), cli.Env{
				Args: []string{"--database", path, "token", "list", "--search", "NEEDLE"}, Stdout: &stdout, Stderr: &stderr,
				LookupEnv: func(string) (string, bool) { return "", false }, Now: now, Actor: "local:anna@host",
			})
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, &stderr)
			}
			return strings.Count(stdout.String(), "tok_")
		},
		"the data source": func() int { return searchInDataSource(t, path, now) },
	} {
		found := 0
		if ran := statements(func() { found = search() }) - opening; ran != 1 || found != manyTokens/1000 {
			t.Errorf("%s: %d statements found %d tokens, want 1 and %d", name, ran, found, manyTokens/1000)
		}
	}
}

// searchInDataSource reads the data source latchkey_access_tokens as Terraform does, and returns how many tokens it
// found.
func searchInDataSource(t *testing.T, database string, now func() time.Time) int {
	t.Helper()
	p := provider.New("test", now)
	t.Cleanup(func() { _ = p.Close() })
	server := fastpath.NewServer(p)
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	const name = "latchkey_access_tokens"
	config := func(typ tftypes.Type, attribute, value string) *tfprotov6.DynamicValue {
		values := map[string]tftypes.Value{}
		for name, typ := range typ.(tftypes.Object).AttributeTypes {
			values[name] = tftypes.NewValue(typ, nil)
		}
		values[attribute] = tftypes.NewValue(tftypes.String, value)
		encoded, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, values))
		if err != nil {
			t.Fatal(err)
		}
		return &encoded
	}
	configured, err := server.ConfigureProvider(t.Context(),
		&tfprotov6.ConfigureProviderRequest{Config: config(schemas.Provider.ValueType(), "database", database)})
	if err != nil || len(configured.Diagnostics) > 0 {
		t.Fatal(err, configured.Diagnostics)
	}
	typ := schemas.DataSourceSchemas[name].ValueType()
	read, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name,
		Config: config(typ, "search", "NEEDLE")})
	if err != nil || len(read.Diagnostics) > 0 {
		t.Fatal(err, read.Diagnostics)
	}
	state, err := read.State.Unmarshal(typ)
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := state.As(&attributes); err != nil {
		t.Fatal(err)
	}
	var list []tftypes.Value
	if err := attributes["access_tokens"].As(&list); err != nil {
		t.Fatal(err)
	}
	return len(list)
}
