package acceptance

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestPoolerOfGuide runs everything through the pgbouncer of the guide, in both of its modes: a server makes and verifies
// tokens, and sees within a second what a command stops. Through a connection for each transaction no notification comes,
// but where the server listens past the pooler.
func TestPoolerOfGuide(t *testing.T) {
	d := newDeployment(t)
	pooler := d.startPooler()
	d.latchkey("bootstrap", "--organization", "acme", "--output", d.path("owner.token")).exits(0)
	for _, test := range []struct {
		name, database string
		flags          []string
		hears          bool
	}{
		{"session", "latchkey_session", nil, true},
		{"transaction", "latchkey", nil, false},
		{"transaction, listening past it", "latchkey", []string{"--listen-database", d.database}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := *d.workspace
			w.t, w.database = t, "postgres://latchkey@localhost:"+pooler+"/"+test.database+"?"+url.Values{
				"sslmode": {"verify-full"}, "sslrootcert": {d.server.Authority},
			}.Encode()
			s := w.serve(test.flags...)
			token := issue(t, w.owner(), nil)
			if got := s.judge(authenticate, token.value); got.status != http.StatusOK {
				t.Errorf("a good value gets %d", got.status)
			}
			w.latchkey("token", "disable", token.ID).exits(0)
			s.eventually("what was stopped is refused", func() bool {
				return s.judge(authenticate, token.value).status == http.StatusUnauthorized
			})
			s.eventually("it is known whether notifications come", func() bool {
				body := s.get("/readyz", "").body
				return test.hears && body == "ready\n" || !test.hears && strings.Contains(body, "did not come")
			})
			w.latchkey("doctor").exits(0)
			s.stop()
		})
	}
}

// startPooler starts pgbouncer as the example has it, and returns its port. It skips the test where this machine has none.
func (d *deployment) startPooler() (port string) {
	d.t.Helper()
	program := d.installed("pgbouncer")
	if program == "" {
		d.t.SkipNow()
	}
	var stored string
	conn, err := pgx.Connect(d.t.Context(), d.server.AddressOf("postgres", "postgres", url.Values{}))
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close(d.t.Context())
	if err := conn.QueryRow(d.t.Context(), `SELECT rolpassword FROM pg_authid WHERE rolname = 'latchkey'`).Scan(&stored); err != nil {
		d.t.Fatal(err)
	}
	folder := d.server.Directory // which belongs to the user as whom it runs
	users := writeTo(d.t, folder, "userlist.txt", `"latchkey" "`+stored+`"`+"\n")
	address := freeAddress(d.t)
	_, port, _ = strings.Cut(address, ":")
	config := writeTo(d.t, folder, "pgbouncer.ini", adapted(d.t, d.nodeFile("pgbouncer.ini"),
		"host=db.acme.example port=5432", "host=localhost port="+d.server.Port,
		"listen_addr = *", "listen_addr = 127.0.0.1", "listen_port = 6432", "listen_port = "+port,
		"/etc/pgbouncer/userlist.txt", users, "/etc/pgbouncer/pooler.crt", d.server.Authority,
		"/etc/pgbouncer/pooler.key", d.server.Key, "/etc/pgbouncer/database.crt", d.server.Authority))
	cmd := exec.CommandContext(d.t.Context(), program, config)
	cmd.Dir = folder
	if os.Getuid() == 0 { // as whom it refuses to run
		var owner syscall.Stat_t
		if err := syscall.Stat(folder, &owner); err != nil {
			d.t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	startBackground(d.t, cmd, address)
	return port
}
