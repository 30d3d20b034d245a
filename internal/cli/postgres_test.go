//go:build unix

package cli_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// The address of a PostgreSQL server does what a path does, and no answer repeats the password in it.
func TestDatabaseInPostgreSQL(t *testing.T) {
	address := must(url.Parse(pgtest.Address(t)))
	address.User = url.UserPassword("postgres", "hunter2/ÿ")
	at := terminal{database: address.String()}
	for _, step := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"token", "list"}, 3, "PostgreSQL at /"},
		{[]string{"token", "create", "deploy"}, 0, "in schema s_"},
		{[]string{"token", "list", "--columns", "name"}, 0, "deploy\n"},
		{[]string{"--database", address.String() + "&schema=x", "token", "list"}, 2, "schema twice"},
		{[]string{"--database", "postgres://anna:hunter2@127.0.0.1:1/x", "token", "list"}, 3, "whether the server runs (dial tcp 127.0.0.1:1: " +
			"connect: connection refused); --database or LATCHKEY_DATABASE names another one\n"},
		{[]string{"--database", "postgres://anna:hunter2@127.0.0.1:1", "token", "list"}, 2, "names no database on the server"},
		{[]string{"token", "list", "--databas", address.String()}, 2, "there is no flag"},
		{[]string{"token", "show", address.String()}, 2, "unable to show"},
		{[]string{address.String()}, 2, "there is no command"},
	} {
		got := at.run(t, step.args...)
		said := got.Stdout + got.Stderr
		if got.Code != step.code || !strings.Contains(said, step.says) {
			t.Errorf("latchkey %q ends with %d, want %d, and says %q, want %q", step.args, got.Code, step.code, said, step.says)
		}
		for _, part := range []string{"hunter2", "%C3%BF"} {
			if strings.Contains(said, part) {
				t.Errorf("latchkey %q shows the password: %s", step.args, said)
			}
		}
	}
}
