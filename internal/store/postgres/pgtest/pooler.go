//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
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

// Pooler is a pgbouncer before a server.
type Pooler struct {
	directory string
	cmd       *exec.Cmd
}

// NewPooler starts a pgbouncer in a mode, "session" or "transaction", which ends with the test. It skips the test where there
// is no pgbouncer.
func NewPooler(t testing.TB, s *Server, mode string) *Pooler {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // where Debian keeps it, and no PATH of a user leads
		if _, err = os.Stat(program); err != nil {
			skip(t, "pgbouncer is not installed")
		}
	}
	p, err := startPooler(t, program, s, mode)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func startPooler(t testing.TB, program string, s *Server, mode string) (*Pooler, error) {
	directory, as, err := ownDirectory(t)
	if err != nil {
		return nil, err
	}
	settings := filepath.Join(directory, "pgbouncer.ini")
	p := &Pooler{directory: directory}
	if err := p.Lead(s); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("[databases]\n* = host=%s user=postgres\n[pgbouncer]\npool_mode = %s\nauth_type = any\nlisten_addr =\n"+
		"listen_port = 6432\nunix_socket_dir = %s\nmax_client_conn = 500\ndefault_pool_size = 20\nlog_connections = 0\n"+
		"log_disconnections = 0\nserver_login_retry = 0\n", p.server(), mode, directory)
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, settings)
	p.cmd = cmd
	cmd.SysProcAttr = endingWithUs(as)
	cmd.Dir = directory
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 200 {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		conn, err := pgx.Connect(ctx, p.address(url.Values{}))
		cancel()
		if err == nil {
			return p, conn.Close(context.Background())
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, errors.New("pgbouncer does not answer:\n" + log.String())
}

// Signal sends a signal to the pooler, such as SIGSTOP, after which nobody gets an answer.
func (p *Pooler) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// server is the directory in which the pooler looks for the socket of the server.
func (p *Pooler) server() string { return filepath.Join(p.directory, "server") }

// Lead has the pooler make its connections to a server from now on.
func (p *Pooler) Lead(to *Server) error {
	if err := os.Remove(p.server()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink(to.Directory, p.server())
}

// Address returns the address of a schema through the pooler.
func (p *Pooler) Address(schema string) string { return p.address(url.Values{"schema": {schema}}) }

func (p *Pooler) address(query url.Values) string {
	query.Set("host", p.directory)
	query.Set("port", "6432")
	return "postgres://postgres@/postgres?" + query.Encode()
}

// ownDirectory makes a directory, removed at the end of the test, for programs that run as a user; nil for our own.
func ownDirectory(t testing.TB) (string, *syscall.Credential, error) {
	as, err := credential()
	if err != nil {
		return "", nil, err
	}
	directory := newDirectory(t)
	if as != nil {
		err = os.Chown(directory, int(as.Uid), int(as.Gid))
	}
	return directory, as, err
}
