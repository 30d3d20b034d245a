//go:build unix

package acceptance

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// TestNoLeakOfDatabasePassword names a database by an address that holds a password, with all logs on and in failures, and
// searches everything that was written for it. Only the configuration and a saved plan hold the password.
func TestNoLeakOfDatabasePassword(t *testing.T) {
	w := newWorkspace(t)
	database := pgtest.NewSecure(t, "fsync=off")
	password := rand.Text() + "/@ÿ:?" + rand.Text()
	conn, err := pgx.Connect(t.Context(), database.AdminAddress())
	w.must(err)
	_, err = conn.Exec(t.Context(), `CREATE ROLE keeper LOGIN PASSWORD '`+password+`'; GRANT CREATE ON DATABASE postgres TO keeper`,
		pgx.QueryExecModeSimpleProtocol)
	w.must(err)
	w.must(conn.Close(context.Background()))
	address := func(password string) string {
		plain := database.NetworkAddress("keeper", "postgres", url.Values{"schema": {"acme"}})
		return strings.Replace(plain, "keeper@", url.UserPassword("keeper", password).String()+"@", 1)
	}
	const group = `resource "latchkey_group" "shop" { name = "shop" }`
	said := &transcript{search: newLeakSearch(), texts: map[string]string{}}
	said.search.add(password)
	w.env = []string{"TF_LOG=TRACE", "TF_LOG_PATH=" + w.path("trace.log")}
	run := func(code int, command string, args ...string) result {
		t.Helper()
		got := w.terraform(command, args...).exits(code)
		said.add(got)
		return got
	}
	latchkey := func(code int, args ...string) result {
		t.Helper()
		got := w.latchkey(args...).exits(code)
		said.add(got)
		return got
	}

	// In the configuration, which is warned of.
	w.database = address(password)
	w.configure(everyKind + group)
	run(0, "plan").says("A new database will be made", "There is no database of Latchkey's at postgres in schema acme of PostgreSQL at localhost:",
		"Password in the provider's configuration")
	run(0, "apply")
	run(0, "plan", "-detailed-exitcode")
	w.env = slices.Concat(w.env, []string{"TF_LOG=JSON", "TF_LOG_PATH=" + w.path("json.log")})
	run(0, "apply", "-replace=latchkey_access_token.deploy")
	w.env = append(w.env[:2:2], "LATCHKEY_DATABASE="+w.path("other.db"))
	run(0, "plan").says("Another database in the environment")

	// On the command line, and in a server.
	for _, args := range [][]string{{"token", "list"}, {"event", "list", "--json"}, {"doctor"}, {"doctor", "--json"}} {
		latchkey(0, args...)
	}
	server := w.serve()
	said.texts["the metrics"], said.texts["/readyz"] = server.get("/metrics", "").body, server.get("/readyz?verbose", "").body

	// Failures: an attribute, the address, the password, the server.
	w.configure(group + "\n" + `resource "latchkey_group" "search" { name = "" }`)
	run(1, "plan").says("Attribute name:")
	good := w.database
	for _, bad := range []struct {
		address string
		code    int // of the command line
		says    string
	}{
		{good + "&schema=acme", 2, "the parameter schema twice"},
		{strings.Replace(good, "@localhost", "@@localhost", 1), 2, "stands where none belongs"},
		{strings.Replace(good, "postgres://", "postgresq://", 1), 2, "the value is a URL (postgresq://"},
		{strings.Replace(good, "@localhost:", "@localhost:9", 1), 2, "its address can't be used"},
		{strings.Replace(good, "keeper", "intruder", 1), 3, "refuses the role or its password"},
		{address(password + "?"), 3, "refuses the role or its password"},
	} {
		w.database = bad.address
		w.configure(group)
		run(1, "plan").says(bad.says)
		latchkey(bad.code, "token", "list").says(bad.says)
	}
	w.database = good
	w.configure(group)
	database.Stop(syscall.SIGQUIT)
	run(1, "plan").says("can't be reached")
	run(1, "apply", "-refresh=false")
	latchkey(3, "token", "list")
	latchkey(1, "doctor")
	server.eventually("the loss of the database is logged", func() bool { return strings.Contains(server.log(), "can't be read") })
	said.texts["the log of the server"] = server.log()

	w.remove("main.tf")
	state, err := os.ReadFile(w.path("terraform.tfstate"))
	w.must(err)
	said.texts["the state"] = string(state)
	said.addFiles(t, w.dir)
	said.check(t, 1)
	said.provesItself(t, w.path("trace.log"))
}
