//go:build unix

// Package pgtest starts a PostgreSQL server for tests. It is for tests alone.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// BinariesVariable names the directory of the server's programs, where they are not in the PATH or in a usual place.
const BinariesVariable = "LATCHKEY_TEST_POSTGRES"

// Server is a server that only this machine reaches, through a socket in a directory of its own.
type Server struct {
	// Directory holds the data and the socket.
	Directory string
	// Port is part of the socket's name.
	Port  string
	cmd   *exec.Cmd
	ended chan struct{}
}

// name begins the names of directories with the files of servers.
const name = "latchkey-postgres-"

// namePrefix begins those of this process.
func namePrefix() string { return fmt.Sprintf("%s%d-", name, os.Getpid()) }

// The shared server keeps its files in a directory that is named after the process, since nothing runs at its end that could
// remove them: the next process does.
var shared = sync.OnceValues(func() (*Server, error) {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), name+"*"))
	for _, directory := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(directory), name), "-")
		if number, err := strconv.Atoi(pid); err == nil && errors.Is(syscall.Kill(number, 0), syscall.ESRCH) {
			_ = os.RemoveAll(directory)
		}
	}
	directory, err := os.MkdirTemp("", namePrefix())
	if err != nil {
		return nil, err
	}
	return start(directory, "fsync=off", "full_page_writes=off")
})

// skip skips the test for want of a program or, where REQUIRE_POSTGRES is set, fails it.
func skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("REQUIRE_POSTGRES") != "" {
		t.Fatalf("%s, and REQUIRE_POSTGRES asks for it", reason)
	}
	t.Skip(reason)
}

// New starts a server for a test alone, with settings such as "jit=on", which ends with the test.
func New(t testing.TB, settings ...string) *Server {
	t.Helper()
	if _, err := binaries(); err != nil {
		skip(t, err.Error())
	}
	return startIn(t, newDirectory(t), settings...)
}

// newDirectory makes a directory that is removed at the end of the test.
func newDirectory(t testing.TB) string {
	t.Helper()
	directory, err := os.MkdirTemp("", namePrefix()) //nolint:usetesting // t.TempDir is too long for a socket, and closed to the server
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	return directory
}

// StartIn starts a server in an empty directory that tests share, with settings. Whoever shares it stops it.
func StartIn(directory string, settings ...string) (*Server, error) {
	return start(directory, settings...)
}

// startIn starts a server that ends with the test.
func startIn(t testing.TB, directory string, settings ...string) *Server {
	t.Helper()
	s, err := start(directory, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(syscall.SIGQUIT) })
	return s
}

// Socket is the path of the server's socket.
func (s *Server) Socket() string { return filepath.Join(s.Directory, ".s.PGSQL."+s.Port) }

// PID is the process of the server, which starts one for each connection.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Stop stops the server: at once by SIGINT, by SIGQUIT as in a crash. It does nothing to one that was stopped.
func (s *Server) Stop(how syscall.Signal) {
	if s.cmd.Process != nil && s.cmd.Process.Signal(how) == nil {
		<-s.ended
	}
}

// Start starts the server that was stopped, and waits until it answers.
func (s *Server) Start() error {
	cmd := exec.Command(s.cmd.Path, s.cmd.Args[1:]...)
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = s.cmd.SysProcAttr, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr
	s.cmd = cmd
	return s.run()
}

// Address returns the address of a schema that nobody has used yet, on a server that all tests of a program share. It skips
// the test where the server's programs are not there.
func Address(t testing.TB) string {
	t.Helper()
	if _, err := binaries(); err != nil {
		skip(t, err.Error())
	}
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s.Address("s_" + strings.ToLower(rand.Text()))
}

// Address returns the address of a schema.
func (s *Server) Address(schema string) string {
	return s.address(url.Values{"schema": {schema}})
}

// AdminAddress returns an address that names no schema, for what a test itself asks the server.
func (s *Server) AdminAddress() string { return s.address(url.Values{}) }

func (s *Server) address(query url.Values) string {
	return s.AddressOf("postgres", "postgres", query)
}

// AddressOf returns the address of a database for a role, which needs no password there.
func (s *Server) AddressOf(role, database string, query url.Values) string {
	query.Set("host", s.Directory)
	query.Set("port", s.Port)
	return "postgres://" + role + "@/" + database + "?" + query.Encode()
}

// errNoServer says that the programs are not there.
var errNoServer = errors.New("PostgreSQL's server programs (initdb, postgres) are not installed: install postgresql, or name " +
	"their directory in " + BinariesVariable)

// binaries returns the directory of the server's programs.
func binaries() (string, error) {
	candidates := []string{os.Getenv(BinariesVariable)}
	if found, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, filepath.Dir(found))
	}
	usual, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(usual)
	for _, directory := range append(candidates, usual...) {
		if _, err := os.Stat(filepath.Join(directory, "postgres")); err == nil && directory != "" {
			return directory, nil
		}
	}
	return "", errNoServer
}

// start makes a server in an empty directory, and starts it with settings. It ends with this program.
func start(directory string, settings ...string) (*Server, error) {
	programs, err := binaries()
	if err != nil {
		return nil, err
	}
	as, err := credential()
	if err != nil {
		return nil, err
	}
	if as != nil { // PostgreSQL refuses to run as root
		if err := os.Chown(directory, int(as.Uid), int(as.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(directory, "data")
	initdb := exec.Command(filepath.Join(programs, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--no-locale", "--no-sync")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	initdb.Dir = directory
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	// The socket of a server that listens nowhere else has the usual name, by which poolers and replicas find it.
	s := &Server{Directory: directory, Port: "5432"}
	if slices.ContainsFunc(settings, func(s string) bool { return strings.HasPrefix(s, "listen_addresses=") }) {
		if s.Port, err = FreePort(); err != nil {
			return nil, err
		}
	}
	args := []string{"-D", data, "-k", directory, "-c", "port=" + s.Port, "-c", "listen_addresses=", "-c", "max_connections=200"}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	s.cmd = exec.Command(filepath.Join(programs, "postgres"), args...)
	s.cmd.SysProcAttr = endingWithUs(as)
	s.cmd.Dir = directory
	log, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		return nil, err
	}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	return s, s.run()
}

// run starts the server and waits until it answers.
func (s *Server) run() error {
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func() {
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	for range 600 {
		select {
		case <-s.ended:
			log, _ := os.ReadFile(filepath.Join(s.Directory, "log"))
			return fmt.Errorf("the server ended:\n%s", log)
		case <-time.After(50 * time.Millisecond):
		}
		config, err := pgx.Connect(context.Background(), s.address(url.Values{}))
		if err == nil {
			return config.Close(context.Background())
		}
	}
	return errors.New("the server does not answer")
}

// credential returns the user as whom the server runs; nil for the one who runs this program.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
	}
	return nil, errors.New("there is no user postgres, as whom the server could run")
}
