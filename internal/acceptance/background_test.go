package acceptance

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// background is a process that listens at an address while a test runs.
type background struct {
	t       testing.TB
	cmd     *exec.Cmd
	address string
	// output is the path of the file to which the process writes.
	output string
	// ended is closed when the process has ended.
	ended chan struct{}
}

// startBackground starts a process that is to listen at an address, and waits until it does. At its end, the test asks
// the process to end, too.
func startBackground(t testing.TB, cmd *exec.Cmd, address string) *background {
	t.Helper()
	b := &background{t, cmd, address, filepath.Join(t.TempDir(), "output"), make(chan struct{})}
	output, err := os.Create(b.output)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Start()
	output.Close() // the process has a handle of its own
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(b.ended)
		_ = cmd.Wait() // stop looks at how it ended
	}()
	t.Cleanup(func() { <-b.ended }) // the context of the test, and with it the process, has ended by then
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if connection, err := net.Dial("tcp", address); err == nil {
			connection.Close()
			return b
		}
		select {
		case <-b.ended:
			t.Fatalf("%s ended:\n%s", filepath.Base(cmd.Path), b.log())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen at %s:\n%s", filepath.Base(cmd.Path), address, b.log())
		}
	}
}

// stop asks the process to end, as a service manager does, waits for that, and fails the test unless all was well.
func (b *background) stop() {
	b.t.Helper()
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.t.Fatal(err)
	}
	<-b.ended
	if !b.cmd.ProcessState.Success() {
		b.t.Errorf("%s ended with %s:\n%s", filepath.Base(b.cmd.Path), b.cmd.ProcessState, b.log())
	}
}

// log returns what the process has written so far.
func (b *background) log() string {
	b.t.Helper()
	content, err := os.ReadFile(b.output)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(content)
}

// freeAddress returns an address of this machine at which nothing listens.
func freeAddress(t testing.TB) string {
	t.Helper()
	port, err := pgtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// awaits waits until a page of the process has this status.
func (b *background) awaits(url string, status int) {
	b.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		answer, err := http.Get(url)
		if err != nil {
			b.t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode == status {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s stays at %d:\n%s", url, answer.StatusCode, b.log())
		}
	}
}
