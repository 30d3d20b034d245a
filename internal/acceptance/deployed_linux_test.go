package acceptance

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// deployment is a workspace whose database is on a PostgreSQL server, made as the guide says: by the scripts of
// examples/deploy/nodes, with TLS, and with passwords in a password file.
type deployment struct {
	*workspace
	server *pgtest.Secure
	// verifier is the address of the database for the role that can only verify.
	verifier string
	// passwords are those of the roles.
	passwords map[string]string
}

// newDeployment returns a workspace without a Terraform on a server for the test alone.
func newDeployment(t *testing.T) *deployment {
	t.Helper()
	d := newServer(t, newServedWorkspace(t))
	d.database, d.verifier = d.addressFor("latchkey"), d.addressFor("latchkey_verify")
	d.administer("postgres", `CREATE DATABASE latchkey ENCODING 'UTF8' TEMPLATE template0`)
	d.administer("latchkey", d.nodeFile("grants.sql"))
	for _, role := range []string{"latchkey", "latchkey_verify"} {
		d.setPassword(role)
	}
	return d
}

// newServer returns a workspace with a server for the test alone, on which nothing was made yet.
func newServer(t *testing.T, w *workspace) *deployment {
	t.Helper()
	d := &deployment{workspace: w, server: pgtest.NewSecure(t, "fsync=off"), passwords: map[string]string{}}
	t.Setenv("PGPASSFILE", d.path("pgpass")) // for the test itself, and for what it starts
	return d
}

// addressFor returns the address of the database for a role.
func (d *deployment) addressFor(role string) string {
	return d.server.NetworkAddress(role, "latchkey", url.Values{})
}

// nodeFile returns a file of examples/deploy/nodes.
func (w *workspace) nodeFile(name string) string { return w.deployFile(filepath.Join("nodes", name)) }

// administer runs statements as the administrator of the server.
func (d *deployment) administer(database, text string) {
	d.t.Helper()
	d.execute(d.server.AddressOf("postgres", database, url.Values{}), text)
}

// execute runs statements at an address.
func (d *deployment) execute(address, text string) {
	d.t.Helper()
	conn, err := pgx.Connect(d.t.Context(), address)
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close(d.t.Context())
	if _, err := conn.Exec(d.t.Context(), text, pgx.QueryExecModeSimpleProtocol); err != nil {
		d.t.Fatalf("%s: %s", text, err)
	}
}

// setPassword gives a role a new password, and writes the password file.
func (d *deployment) setPassword(role string) {
	d.t.Helper()
	d.passwords[role] = rand.Text()
	d.administer("postgres", fmt.Sprintf(`ALTER ROLE %s PASSWORD '%s'`, role, d.passwords[role]))
	var file strings.Builder
	for of, password := range d.passwords {
		fmt.Fprintf(&file, "localhost:*:*:%s:%s\n", of, password)
	}
	d.write("pgpass", file.String())
}

// verifierMayRead runs the script by which the owner of the tables lets the verifier read them.
func (d *deployment) verifierMayRead() {
	d.t.Helper()
	d.execute(d.database, d.nodeFile("verifier.sql"))
}

// adapted returns a text of an example with pairs of a text in it and what stands there instead.
func adapted(t testing.TB, text string, changes ...string) string {
	t.Helper()
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("the example has no %q:\n%s", changes[i], text)
		}
	}
	return strings.NewReplacer(changes...).Replace(text)
}

// writeTo writes a file of a folder.
func writeTo(t testing.TB, folder, name, content string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
