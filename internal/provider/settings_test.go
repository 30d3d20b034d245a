package provider_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Where a run works follows from the configuration and, only where that names no place, from the environment. What
// contradicts itself is refused with both sides of it, and no answer repeats the token. Nothing is asked meanwhile.
func TestPlaces(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(server.Close)
	secret, err := tokens.NewSecret("corp")
	if err != nil {
		t.Fatal(err)
	}
	type attributes = map[string]any
	const other, nowhere = "https://other.example.com", "postgres://anna:hunter2@127.0.0.1:1"
	directory := t.TempDir()
	file, otherFile := filepath.Join(directory, "latchkey.db"), filepath.Join(directory, "other.db")
	token := secret.Reveal()
	for _, test := range []struct {
		name                        string
		settings                    attributes
		database, endpoint, inToken string // in the environment
		// never is what the provider doesn't say, where that matters.
		never string
		// says is what the provider says; reaches is where a look goes, if it says no error: "server" or "database".
		says    []string
		reaches string
	}{
		{name: "nothing", reaches: "database"},
		{name: "database in the environment", database: file, reaches: "database"},
		{name: "server in the environment", endpoint: server.URL, inToken: token, reaches: "server"},
		{name: "server in the environment, token in the configuration", endpoint: server.URL,
			settings: attributes{"token": token}, reaches: "server"},
		{name: "both in the environment", database: file, endpoint: server.URL, inToken: token, says: []string{
			"Unable to choose between database and server", "LATCHKEY_DATABASE", "LATCHKEY_ENDPOINT", "Unset one"}},
		{name: "database beats both", settings: attributes{"database": file}, database: file, endpoint: server.URL, inToken: token,
			says: []string{"Another server in the environment", file, "LATCHKEY_ENDPOINT"}, reaches: "database"},
		{name: "endpoint beats both", settings: attributes{"endpoint": server.URL}, database: file, endpoint: server.URL + "/",
			inToken: token, says: []string{"Another database in the environment", server.URL}, reaches: "server"},
		{name: "another endpoint in the environment", settings: attributes{"endpoint": server.URL, "token": token},
			endpoint: other, says: []string{"Another server in the environment", "LATCHKEY_ENDPOINT"}, reaches: "server"},
		{name: "another database in the environment", settings: attributes{"database": file}, database: otherFile,
			says: []string{"Another database in the environment", "LATCHKEY_DATABASE"}, reaches: "database"},
		{name: "both in the configuration", settings: attributes{"database": file, "endpoint": server.URL}, inToken: token,
			says: []string{"Invalid attribute value", "database and endpoint exclude each other"}},
		{name: "act_as at a server", settings: attributes{"act_as": "anna@example.com", "endpoint": server.URL}, inToken: token,
			says: []string{"act_as and endpoint exclude each other", "latchkey member token create"}},
		{name: "act_as at a server in the environment", settings: attributes{"act_as": "anna@example.com"},
			endpoint: server.URL, inToken: token, says: []string{"act_as and endpoint exclude each other", "LATCHKEY_ENDPOINT"}},
		{name: "token for a database", settings: attributes{"database": file, "token": token},
			says: []string{"Attribute token:", "database names a file"}},
		{name: "token for nothing", settings: attributes{"token": token}, database: file,
			says: []string{"Attribute token:", "no server is named", file, "LATCHKEY_ENDPOINT"}},
		{name: "no token", settings: attributes{"endpoint": server.URL},
			says: []string{"Unable to find access token", server.URL, "LATCHKEY_TOKEN"}},
		{name: "a token in the environment alone", inToken: token, says: []string{"Unable to find server", "LATCHKEY_TOKEN",
			"LATCHKEY_ENDPOINT", tokens.DefaultDatabase, "LATCHKEY_DATABASE"}},
		{name: "a database, and a token in the environment", settings: attributes{"database": file}, inToken: token,
			reaches: "database"},
		{name: "a database and a token in the environment", database: file, inToken: token, reaches: "database"},
		{name: "half a token", settings: attributes{"endpoint": server.URL, "token": token[:20]},
			says: []string{"token", "can't be an access token", "all of it was copied"}},
		{name: "a token with a line end", endpoint: server.URL, inToken: token + "\n",
			says: []string{"Unable to use access token", "LATCHKEY_TOKEN", "line ends"}},
		{name: "plain HTTP", settings: attributes{"endpoint": "http://latchkey.example.com", "token": token},
			says: []string{"Attribute endpoint:", "plain HTTP shows the access token", "use https://"}},
		{name: "plain HTTP in the environment", endpoint: "http://latchkey.example.com", inToken: token,
			says: []string{"Unable to find server", "LATCHKEY_ENDPOINT", "plain HTTP shows the access token"}},
		{name: "an address without a scheme", settings: attributes{"endpoint": "latchkey.example.com", "token": token},
			says: []string{"Attribute endpoint:", "write it as in"}},
		{name: "an address with a password", settings: attributes{"endpoint": "https://anna:hunter2@latchkey.example.com"},
			inToken: token, says: []string{"Attribute endpoint:", "user name or password"}},
		{name: "a password for a database", settings: attributes{"database": nowhere + "/x"},
			says: []string{"Password in the provider's configuration", "x in schema latchkey of PostgreSQL at 127.0.0.1:1", "PGPASSFILE",
				"can't be reached", "The database is named by database in the provider's configuration"}},
		{name: "a password for a database in the environment", database: nowhere + "/x", says: []string{"can't be reached"},
			never: "Password in the provider's configuration"},
		{name: "another database, with a password, in the environment", settings: attributes{"database": file},
			database: nowhere + "/x", says: []string{"Another database in the environment"}, reaches: "database"},
		{name: "the same database by another address", settings: attributes{"database": "postgres://127.0.0.1:1/x?sslmode=disable"},
			database: nowhere + "/x", says: []string{"can't be reached"}, never: "Another database in the environment"},
		{name: "another schema in the environment", settings: attributes{"database": "postgres://127.0.0.1:1/x?schema=y"},
			database: nowhere + "/x", says: []string{"Another database in the environment", "schema y"}},
		{name: "no database at the address", settings: attributes{"database": nowhere},
			says: []string{"Unable to find database", "names no database on the server"}},
		{name: "half a password", settings: attributes{"database": "postgres://anna:hun@hunter2@db/x"},
			says: []string{"an @, /, ? or # stands where none belongs"}},
		{name: "a setting of the session", settings: attributes{"database": nowhere + "/x?options=-c%20x%3Dhunter2"},
			says: []string{"has a parameter that means nothing here"}},
		{name: "no such file", settings: attributes{"database": nowhere + "/x?sslrootcert=" + file + ".crt"},
			says: []string{"can't be read", file + ".crt"}},
		{name: "unknown endpoint", settings: attributes{"endpoint": tftypes.UnknownValue}, inToken: token,
			says: []string{"the provider's endpoint is not known yet"}},
		{name: "unknown token", settings: attributes{"endpoint": server.URL, "token": tftypes.UnknownValue},
			says: []string{"the provider's token is not known yet"}},
		{name: "database, and an unknown endpoint", settings: attributes{"database": file, "endpoint": tftypes.UnknownValue},
			says: []string{"the provider's endpoint is not known yet"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(directory)
			t.Setenv(tokens.DatabaseVariable, test.database)
			t.Setenv(tokens.EndpointVariable, test.endpoint)
			t.Setenv(tokens.TokenVariable, test.inToken)
			asked.Store(0)
			said := judged(t, test.settings)
			if asked.Load() > 0 {
				t.Error("the server was asked before anything needed it")
			}
			if !slices.ContainsFunc(said.diagnostics, isError) {
				said.read(t)
			}
			text := said.text()
			for _, part := range test.says {
				if !strings.Contains(text, part) {
					t.Errorf("%q is not in what the provider says: %s", part, text)
				}
			}
			if test.never != "" && strings.Contains(text, test.never) {
				t.Errorf("%q is in what the provider says: %s", test.never, text)
			}
			if strings.Contains(text, token[:20]) || strings.Contains(text, "hunter2") {
				t.Error("the provider repeats a secret")
			}
			reached := ""
			switch {
			case asked.Load() > 0:
				reached = "server"
			case strings.Contains(text, "There is no database yet"):
				reached = "database"
			}
			if reached != test.reaches {
				t.Errorf("a look reached %q, want %q: %s", reached, test.reaches, text)
			}
		})
	}
}

// judgement is what a provider says of its configuration, and afterwards of a look.
type judgement struct {
	server      tfprotov6.ProviderServer
	schemas     *tfprotov6.GetProviderSchemaResponse
	diagnostics []*tfprotov6.Diagnostic
}

// judged validates a configuration of the provider and, unless that fails, configures a provider with it.
func judged(t *testing.T, settings map[string]any) *judgement {
	t.Helper()
	b := &acctest.Bench{T: t}
	p := provider.New("test", time.Now)
	t.Cleanup(func() { b.Must(p.Close()) })
	j := &judgement{server: fastpath.NewServer(p)}
	var err error
	j.schemas, err = j.server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	b.Must(err)
	config := object(b, j.schemas.Provider, settings)
	validated, err := j.server.ValidateProviderConfig(context.Background(),
		&tfprotov6.ValidateProviderConfigRequest{Config: config})
	b.Must(err)
	j.diagnostics = validated.Diagnostics
	if slices.ContainsFunc(j.diagnostics, isError) {
		return j
	}
	configured, err := j.server.ConfigureProvider(context.Background(), &tfprotov6.ConfigureProviderRequest{Config: config})
	b.Must(err)
	j.diagnostics = append(j.diagnostics, configured.Diagnostics...)
	return j
}

// read reads a data source.
func (j *judgement) read(t *testing.T) {
	t.Helper()
	b := &acctest.Bench{T: t}
	read, err := j.server.ReadDataSource(context.Background(), &tfprotov6.ReadDataSourceRequest{
		TypeName: "latchkey_groups", Config: object(b, j.schemas.DataSourceSchemas["latchkey_groups"], nil),
	})
	b.Must(err)
	j.diagnostics = append(j.diagnostics, read.Diagnostics...)
}

func (j *judgement) text() string {
	var said strings.Builder
	for _, d := range j.diagnostics {
		said.WriteString(d.Summary + "\n" + d.Detail + "\n")
	}
	return said.String()
}

func isError(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError }
