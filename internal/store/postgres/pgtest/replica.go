//go:build unix

package pgtest

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Replica starts a server that replicates this one, and ends with the test.
func (s *Server) Replica(t testing.TB) *Server {
	t.Helper()
	directory, as, err := ownDirectory(t)
	if err != nil {
		t.Fatal(err)
	}
	program, err := filepath.EvalSymlinks(s.cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	copying := exec.Command(filepath.Join(filepath.Dir(program), "pg_basebackup"), "-h", s.Directory, "-U", "postgres", "-R",
		"-X", "stream", "-c", "fast", "--no-sync", "-D", filepath.Join(directory, "data"))
	copying.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	copying.Dir = directory
	if out, err := copying.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	r := &Server{Directory: directory, Port: s.Port}
	var args []string
	for _, arg := range s.cmd.Args[1:] {
		args = append(args, strings.ReplaceAll(arg, s.Directory, directory))
	}
	r.cmd = exec.Command(s.cmd.Path, args...)
	r.cmd.SysProcAttr = endingWithUs(as)
	r.cmd.Dir = directory
	log, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		t.Fatal(err)
	}
	r.cmd.Stdout, r.cmd.Stderr = log, log
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Stop(syscall.SIGQUIT) })
	return r
}

// Promote makes a replica a primary.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	s.Run(t, `SELECT pg_promote()`)
}

// Disconnect has a replica get nothing more of what it replicates.
func (s *Server) Disconnect(t testing.TB) {
	t.Helper()
	s.Run(t, `ALTER SYSTEM SET primary_conninfo = ''`)
	s.Run(t, `SELECT pg_reload_conf()`)
	s.Eventually(t, `SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)`)
}

// Run runs a statement on the server.
func (s *Server) Run(t testing.TB, text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.address(url.Values{}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

// Eventually waits until a query yields true. It may fail before, as on a replica that has not come so far.
func (s *Server) Eventually(t testing.TB, query string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.address(url.Values{}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var holds bool
		err := conn.QueryRow(t.Context(), query).Scan(&holds)
		if holds {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not so: %s; %v", query, err)
		}
	}
}

// AddressOfAny returns the address of a schema on whichever of some servers takes changes.
func AddressOfAny(schema string, servers ...*Server) string {
	var hosts []string
	for _, s := range servers {
		hosts = append(hosts, s.Directory)
	}
	return "postgres://postgres@/postgres?" + url.Values{
		"host": {strings.Join(hosts, ",")}, "schema": {schema}, "target_session_attrs": {"read-write"},
	}.Encode()
}
